"""The local servers of this user: each registers itself, and the command finds them from any directory.

A server has a file in a directory that only its user can read: where it is, never a key. A file whose process has ended
is removed by the next command that finds it; one that another user could have written is ignored.
"""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from operations.deployment import NO_LOCAL_SERVER, DeploymentError

PORT_VARIABLE: Final = "ROLLCALL_LOCAL"
_MOST_BYTES: Final = 10_000
_CONNECT_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that runs: its file, its port, and the directory that it was started in."""

    file: Path
    port: int
    directory: Path


def registry(env: Mapping[str, str] = os.environ) -> Path:
    """The directory of the files: in XDG_RUNTIME_DIR, else in the user's cache."""
    runtime = Path(env.get("XDG_RUNTIME_DIR") or "")
    if runtime.is_absolute() and os.access(runtime, os.W_OK):
        return runtime / "rollcall"
    cache = Path(env.get("XDG_CACHE_HOME") or "")
    return (cache if cache.is_absolute() else Path(env.get("HOME") or Path.home()) / ".cache") / "rollcall" / "servers"


def register(content: Mapping[str, Any], env: Mapping[str, str] = os.environ) -> Path:
    """Write the file of a server of this process and return its path; raises `OSError`."""
    folder = registry(env)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _require_own(folder)
    file = folder / f"{os.getpid()}.json"
    fresh = folder / f".{os.getpid()}.new"
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "w", encoding="utf-8") as written:
        written.write(json.dumps(content, indent=2) + "\n")
    fresh.replace(file)
    return file


def running(env: Mapping[str, str] = os.environ) -> list[LocalServer]:
    """The servers that run, by port. Removes the files of those that ended."""
    folder = registry(env)
    try:
        _require_own(folder)
        files = sorted(folder.glob("*.json"))
    except OSError:
        return []
    return sorted(_servers(files), key=lambda server: server.port)


def chosen(servers: Sequence[LocalServer], directory: Path, port: str | None) -> LocalServer:
    """The server of that port; without one that of the directory or its nearest parent, else the only one.

    Raises `DeploymentError` when there is none, or several that could be meant.
    """
    if port is not None:
        found = [server for server in servers if str(server.port) == port.strip()]
        if found:
            return found[0]
        running_now = f" Running: {_listed(servers)}." if servers else ""
        raise DeploymentError(f"no local server runs on port {port}.{running_now} Start one: PORT={port} make run")
    if not servers:
        raise DeploymentError(NO_LOCAL_SERVER)
    for place in (directory, *directory.parents):
        servers_here = [server for server in servers if server.directory == place]
        if servers_here:
            servers = servers_here
            break
    if len(servers) == 1:
        return servers[0]
    raise DeploymentError(
        f"several local servers are running: {_listed(servers)}. Choose one: --local-port {servers[0].port}, or set "
        f"{PORT_VARIABLE}={servers[0].port}"
    )


def _listed(servers: Sequence[LocalServer]) -> str:
    return ", ".join(f"{server.port} ({server.directory})" for server in servers)


def _require_own(folder: Path) -> None:
    """Raise `OSError` unless only this user can write into the directory."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"only you may have access to the directory {folder}: run chmod 700 on it, or remove it")


def _servers(files: Sequence[Path]) -> Iterator[LocalServer]:
    for file in files:
        with suppress(OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            found = file.lstat()
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid() or found.st_size > _MOST_BYTES:
                continue
            if not _is_alive(int(file.stem)):
                file.unlink()
                continue
            content = json.loads(file.read_text(encoding="utf-8"))
            server = LocalServer(file, urlsplit(content["baseUrl"]).port or 80, Path(content["directory"]))
            if _answers(server.port):
                yield server


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # the number is another user's now
        return False
    return True


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=_CONNECT_SECONDS).close()
    except OSError:
        return False
    return True

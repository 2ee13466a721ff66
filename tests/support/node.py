"""Node: whether it is there, and the packages of a project, installed once for each state of its lock file."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from support.child_processes import run
from support.repository import ROOT

OLDEST: Final = (20, 11)
"""The oldest version of Node that the projects are for (`engines` in their package.json)."""

_CACHE: Final = ROOT / ".node-packages"
"""Removed by `make clean`: one folder for each state of a lock file."""
_OF_A_PROJECT: Final = ("package.json", "package-lock.json", ".npmrc")
_NETWORK: Final = re.compile(r"ECONNREFUSED|ECONNRESET|EAI_AGAIN|ENOTFOUND|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT")


@cache
def missing() -> str | None:
    """What to install so that tests can use Node; None if it is there."""
    wanted = f"install Node {OLDEST[0]}.{OLDEST[1]} or newer, with npm"
    if shutil.which("node") is None or shutil.which("npm") is None:
        return f"there is no Node: {wanted}"
    version = run(["node", "--version"]).stdout.strip()
    if tuple(map(int, version.removeprefix("v").split(".")[:2])) < OLDEST:
        return f"Node {version} is too old: {wanted}"
    return None


def require() -> None:
    """Skip the module that calls this at its top, where there is no Node."""
    if (why_not := missing()) is not None:
        pytest.skip(why_not, allow_module_level=True)


def environment(more: Mapping[str, str] = {}) -> dict[str, str]:
    """What a process of Node gets: nothing of this machine's AWS settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "NODE_"))}
    return {**own, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, **more}


def packages(project: Path) -> Path:
    """Return the folder `node_modules` of a project, installed if it was not; skips the test without network."""
    key = sha256(b"".join((project / name).read_bytes() for name in _OF_A_PROJECT)).hexdigest()[:16]
    folder = _CACHE / key
    _CACHE.mkdir(exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in _OF_A_PROJECT:
                shutil.copy(project / name, folder)
            _install(folder)
            (folder / "complete").touch()
    return folder / "node_modules"


def _install(folder: Path) -> None:
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline", "--fetch-retries=1"]
    done = run(command, cwd=folder, env=environment())
    if done.returncode and (why := _NETWORK.search(done.stderr)):
        pytest.skip(f"npm reaches no registry ({why[0]}): check the network, or npm config set registry")
    assert done.returncode == 0, done.stderr

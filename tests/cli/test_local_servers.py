"""`rollcall --local` finds the server that is meant: from any directory, among several, and never another user's."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from operations import local_servers
from operations.local_servers import register, registry, running
from support.child_processes import PIPE, run, started

Listen = Callable[[], int]
Server = Callable[..., int]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Opens ports that answer."""
    opened = []

    def one() -> int:
        opened.append(socket.create_server(("127.0.0.1", 0)))
        port: int = opened[-1].getsockname()[1]
        return port

    yield one
    for each in opened:
        each.close()


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """The environment of a user without servers."""
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    return {"XDG_RUNTIME_DIR": str(runtime)}


@pytest.fixture
def server(env: dict[str, str], listen: Listen) -> Iterator[Server]:
    """Registers a server in a directory, as of another process of this user, and returns its port."""
    with ExitStack() as processes:

        def one(directory: Path, **content: Any) -> int:
            port = listen()
            process = processes.enter_context(started([sys.executable, "-c", "input()"], stdin=PIPE))
            address = f"http://127.0.0.1:{port}"
            known = {"baseUrl": f"{address}/scim/v2", "awsEndpoint": address, "tableName": "t", "secretPrefix": "p/"}
            file = register(known | {"directory": str(directory)} | content, env)
            file.rename(file.parent / f"{process.pid}.json")
            return port

        yield one


@pytest.fixture
def rollcall(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.delenv("ROLLCALL_LOCAL_STATE", raising=False)
    return lambda *words, **more: CliRunner(env=env | more).invoke(app, ["--local", "account", "list", *words])


def test_a_server_is_found_from_any_directory(server: Server, env: dict[str, str], tmp_path: Path) -> None:
    port = server(tmp_path)

    found = local_servers.chosen(running(env), Path("/"), None)

    assert (found.port, found.directory) == (port, tmp_path)


def test_of_several_servers_that_of_the_directory_is_preferred_and_the_nearest_one(
    server: Server, env: dict[str, str], tmp_path: Path
) -> None:
    above = server(tmp_path)
    here = server(tmp_path / "here")
    servers = running(env)

    assert local_servers.chosen(servers, tmp_path / "here" / "below", None).port == here
    assert local_servers.chosen(servers, tmp_path / "elsewhere", None).port == above
    assert local_servers.chosen(servers, tmp_path / "here", str(above)).port == above


def test_among_several_the_command_asks_to_choose(
    server: Server, rollcall: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    ports = sorted((server(tmp_path / "a"), server(tmp_path / "b")))

    refused = rollcall()
    assert refused.exit_code == 1
    assert all(f"{port} ({tmp_path}" in refused.stderr for port in ports)
    assert f"Choose one: --local-port {ports[0]}, or set ROLLCALL_LOCAL={ports[0]}" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1

    unknown = rollcall("--local-port", "1")
    assert "no local server runs on port 1. Running: " in unknown.stderr
    assert "no local server runs on port 2." in rollcall(ROLLCALL_LOCAL="2").stderr
    another = rollcall("--local-port", "1", ROLLCALL_LOCAL_STATE=str(tmp_path / "another.json"))
    assert "no local server runs on port 1." in another.stderr


def test_files_of_processes_that_ended_are_removed(env: dict[str, str], listen: Listen) -> None:
    file = register({"baseUrl": f"http://127.0.0.1:{listen()}", "directory": "/"}, env)
    ended = run([sys.executable, "-c", "import os; print(os.getpid())"], check=True)
    stale = file.rename(file.parent / f"{int(ended.stdout)}.json")

    assert running(env) == []
    assert not stale.exists()


def test_a_server_that_does_not_answer_is_ignored(env: dict[str, str]) -> None:
    # Port 9 (discard) of the loopback interface, where no server listens.
    register({"baseUrl": "http://127.0.0.1:9/scim/v2", "directory": "/"}, env)

    assert running(env) == []


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"baseUrl": 1}', "x" * 100_000, "[" * 5_000])
def test_a_damaged_file_is_ignored(env: dict[str, str], content: str) -> None:
    register({}, env).write_text(content)

    assert running(env) == []


def test_what_another_user_could_have_written_is_ignored(env: dict[str, str], server: Server, tmp_path: Path) -> None:
    server(tmp_path)
    elsewhere = tmp_path / "planted.json"
    elsewhere.write_text(json.dumps({"baseUrl": "http://127.0.0.1:1", "directory": "/"}))
    folder = registry(env)
    (folder / f"{os.getpid()}.json").symlink_to(elsewhere)
    assert [found.directory for found in running(env)] == [tmp_path]

    folder.chmod(0o777)
    assert running(env) == []
    with pytest.raises(PermissionError, match="only you may have access"):
        register({}, env)


def test_files_of_another_owner_are_ignored(
    env: dict[str, str], server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server(tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: os.stat(tmp_path).st_uid + 1)

    assert running(env) == []


def test_without_a_runtime_directory_the_cache_is_used(tmp_path: Path) -> None:
    assert registry({"HOME": str(tmp_path)}) == tmp_path / ".cache" / "rollcall" / "servers"
    assert registry({"HOME": "/x", "XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "rollcall" / "servers"
    assert registry({"HOME": str(tmp_path), "XDG_RUNTIME_DIR": "relative"}).is_relative_to(tmp_path)

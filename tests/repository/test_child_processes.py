"""No process that a test or a bench starts outlives it, however it ends."""

from __future__ import annotations

import ast
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from support.child_processes import PIPE, Child, run, started
from support.repository import ROOT
from support.sam_api import remove_containers

WITH_TESTS = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}

STUBBORN = """
import os, signal, sys, time
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
os.fork()
os.write(1, b"ready\\n")
while True:
    time.sleep(60)
"""
"""A process that ignores every signal it can, and has a child; both hold the pipe open."""


class Failed(Exception):
    """Stands for a failing test."""


class OutOfTime(BaseException):
    """Stands for the time limit of pytest and for Ctrl-C."""


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe whose reader sees the end of the file when no process holds the writer."""
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)


def wait_until_it_is_started(child: Child[str]) -> None:
    assert [child.stdout.readline(), child.stdout.readline()] == ["ready\n", "ready\n"]  # type: ignore[union-attr]  # the stream is a pipe


@pytest.mark.parametrize("error", [None, Failed, OutOfTime], ids=str)
@pytest.mark.parametrize("stop", [None, signal.SIGTERM], ids=["killed", "asked"])
def test_a_child_and_its_children_are_ended(
    pipe: tuple[int, int], error: type[BaseException] | None, stop: signal.Signals | None
) -> None:
    reader, writer = pipe
    command = [sys.executable, "-c", STUBBORN]
    with (
        suppress(Failed, OutOfTime),
        started(command, stop=stop, patience=0, pass_fds=[writer], stdout=PIPE, text=True) as child,
    ):
        os.close(writer)
        wait_until_it_is_started(child)
        if error is not None:
            raise error

    assert os.read(reader, 1) == b""
    assert child.returncode == -signal.SIGKILL
    assert child.stdout.closed  # type: ignore[union-attr]  # the stream is a pipe


def test_children_end_when_the_process_that_started_them_is_killed(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    program = (
        "from support.child_processes import started\n"
        f"with started([{sys.executable!r}, '-c', {STUBBORN!r}], pass_fds=[{writer}]) as child:\n"
        "    child.wait()\n"
    )
    with started(
        [sys.executable, "-c", program], env=WITH_TESTS, pass_fds=[writer], stdout=PIPE, text=True
    ) as starter:  # fmt: skip
        os.close(writer)
        wait_until_it_is_started(starter)
        starter.kill()

        assert os.read(reader, 1) == b""


def test_a_time_limit_ends_what_a_fixture_started(pipe: tuple[int, int], tmp_path: Path) -> None:
    reader, writer = pipe
    # pytest-timeout gets this signal when the time is up.
    (tmp_path / "test_slow.py").write_text(
        "import pytest, signal, sys\n"
        "from support.child_processes import PIPE, started\n"
        "@pytest.fixture\n"
        "def server():\n"
        f"    with started([sys.executable, '-c', {STUBBORN!r}], stdout=PIPE, pass_fds=[{writer}]) as child:\n"
        "        child.stdout.readline(), child.stdout.readline()\n"
        "        signal.raise_signal(signal.SIGALRM)\n"
        "        child.wait()\n"
        "@pytest.mark.timeout(60, method='signal')\n"
        "def test_it(server):\n"
        "    pass\n"
    )

    inner = run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_slow.py"],
        cwd=tmp_path, env=WITH_TESTS, pass_fds=[writer],
    )  # fmt: skip
    os.close(writer)

    assert "Timeout (>60.0s)" in inner.stdout
    assert os.read(reader, 1) == b""


def test_a_child_does_not_inherit_ignored_signals() -> None:
    ignored = [signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM]
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ignored}
    program = "import signal; print(*(int(signal.getsignal(number) == signal.SIG_IGN) for number in (1, 2, 15)))"
    try:
        ignores = run([sys.executable, "-c", program])
        interrupted = run(["sh", "-c", "kill -s INT $$; echo still here"])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert ignores.stdout == "0 0 0\n"
    assert (interrupted.returncode, interrupted.stdout) == (-signal.SIGINT, "")


def test_a_child_that_is_interrupted_can_finish() -> None:
    program = (
        "import signal, sys, time\n"
        "try:\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
        "except KeyboardInterrupt: sys.exit(7)\n"
    )
    with started([sys.executable, "-c", program], stop=signal.SIGINT, stdout=PIPE, text=True) as child:
        assert child.stdout.readline() == "ready\n"  # type: ignore[union-attr]  # the stream is a pipe

    assert child.returncode == 7


def test_only_containers_left_by_the_sam_cli_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = tmp_path / "docker"
    docker.write_text(
        "#!/bin/sh\n"
        f"echo \"$*\" >> '{tmp_path}/asked'\n"
        "case $1 in\n"
        "ps) echo ours; echo theirs; echo bare;;\n"
        f"inspect) echo 'ours {ROOT}/build/artifact'; echo 'theirs /elsewhere/GetUser'; echo bare; exit 1;;\n"
        "esac\n"
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    remove_containers()

    assert (tmp_path / "asked").read_text().splitlines()[-1] == "rm --force --volumes ours"


def starts_processes(path: Path) -> Iterator[str]:
    """The lines at which a module could start a process."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names) if {name.name for name in names} & {"subprocess", "multiprocessing"}:
                yield f"{path.name}:{node.lineno}"
            case ast.ImportFrom(module="subprocess" | "multiprocessing"):
                yield f"{path.name}:{node.lineno}"
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name.startswith(
                ("exec", "fork", "popen", "posix_spawn", "spawn", "system")
            ):
                yield f"{path.name}:{node.lineno}"
            case ast.Attribute(attr="create_subprocess_exec" | "create_subprocess_shell"):
                yield f"{path.name}:{node.lineno}"


def test_tests_and_benches_start_processes_in_one_place() -> None:
    modules = [path for folder in ("tests", "bench", "verify_aws") for path in (ROOT / folder).rglob("*.py")]
    alone = ROOT / "tests" / "support" / "child_processes.py"

    assert list(starts_processes(alone))
    assert [line for path in modules if path != alone for line in starts_processes(path)] == []

"""Child processes of tests and benches: they end with the block that started them, whatever happens in it.

`started` is for a process that serves while others ask it, `run` for one that is waited for. Each child

- leads a process group of its own, and the whole group is killed at the end of the block: after a failure, a time
  limit of pytest or Ctrl-C, too. A watch does the same when the process that started it is killed;
- starts with the default action for every signal. One that is ignored stays ignored in children, and `nohup` or a
  shell's `&` ignore some: a child that is to end by Ctrl-C would never end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, CompletedProcess
from typing import Any, Final

__all__ = ["DEVNULL", "PIPE", "Child", "CompletedProcess", "TimeExpired", "run", "started"]

Child = subprocess.Popen
TimeExpired = subprocess.TimeoutExpired
Command = Sequence[str | Path]

# A program of its own: code between fork and exec is not safe in a process with threads.
_WITH_DEFAULT_SIGNALS: Final = """
import os, signal, sys
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, [])
os.execvp(sys.argv[1], sys.argv[1:])
"""

# Its input ends when the process that holds the other end does, by whatever signal.
_KILL_A_GROUP_AT_THE_END_OF_INPUT: Final = """
trap '' HUP INT QUIT TERM
read -r group && { read -r _; kill -s KILL -- "-$group"; }
"""


@contextmanager
def started(
    command: Command, *, stop: signal.Signals | None = None, patience: float = 60, **settings: Any
) -> Iterator[Child[Any]]:
    """Start a child; at the end of the block nothing of its group is left, and no pipe to it.

    `stop` is for a child that has something to remove: its group gets that signal first, and `patience` seconds.
    `settings` are those of `subprocess.Popen`.
    """
    launched = [sys.executable, "-I", "-S", "-c", _WITH_DEFAULT_SIGNALS, *map(str, command)]
    with _watch() as watch:
        child = subprocess.Popen(launched, start_new_session=True, **settings)
        child.args = list(map(str, command))  # for errors
        try:
            watch(child)
            yield child
        finally:
            try:
                if stop is not None:
                    _ask_to_stop(child, stop, patience)
            finally:
                _end(child)


def run(command: Command, *, check: bool = False, **settings: Any) -> CompletedProcess[str]:
    """Wait for a child's end: its code and what it wrote, as text unless `settings` say where else it goes."""
    with started(command, **{"stdout": PIPE, "stderr": PIPE, "text": True, **settings}) as child:
        output, errors = child.communicate()
    done = CompletedProcess(child.args, child.returncode, output, errors)
    if check:
        done.check_returncode()
    return done


@contextmanager
def _watch() -> Iterator[Callable[[Child[Any]], None]]:
    """A process that kills the group of the given child, should this process be killed meanwhile."""
    shell = subprocess.Popen(
        ["sh", "-c", _KILL_A_GROUP_AT_THE_END_OF_INPUT],
        stdin=PIPE,
        stdout=DEVNULL,
        stderr=DEVNULL,
        start_new_session=True,
    )

    def watch(child: Child[Any]) -> None:
        assert shell.stdin is not None
        shell.stdin.write(f"{child.pid}\n".encode())
        shell.stdin.flush()

    try:
        yield watch
    finally:
        _end(shell)


def _ask_to_stop(child: Child[Any], stop: signal.Signals, patience: float) -> None:
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(child.pid, stop)
        child.wait(patience)


def _end(child: Child[Any]) -> None:
    # A group without a process is no error; macOS denies signals to one of zombies only.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            with suppress(BrokenPipeError):  # what was not written any more
                pipe.close()

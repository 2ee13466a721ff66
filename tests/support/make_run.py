"""`python -m local.serve`, what `make run` starts, in a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from support.child_processes import PIPE, Child, started
from support.repository import ROOT

SOURCE: Final = str(ROOT / "src")


@contextmanager
def serving(folder: Path, *wrapper: str, **settings: str) -> Iterator[Child[str]]:
    """The process, killed at the end if it still runs; a wrapper is a command that is given this one."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": SOURCE, "PORT": "0", **settings}
    command: list[str | Path] = [*wrapper, sys.executable, "-m", "local.serve"]
    with started(command, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE, text=True) as process:
        yield process


def line(process: Child[str]) -> str:
    """The next line that the server prints."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")

"""The commands that a run starts on this machine."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from support.child_processes import CompletedProcess, run
from support.repository import ROOT

_LINES: int = 8


class StepFailed(Exception):
    """A step did not have the result that it should; `figures` are those that it has all the same."""

    def __init__(self, why: str, figures: Mapping[str, Any] | None = None) -> None:
        super().__init__(why)
        self.figures = dict(figures or {})


class Shell(Protocol):
    """Runs commands in the repository's root folder."""

    def run(self, *command: str) -> CompletedProcess[str]:
        """Wait for the command's end."""


@dataclass(frozen=True)
class LocalShell:
    """Runs them with this environment. A command ends with the step that started it, also on Ctrl-C."""

    environment: Mapping[str, str]

    def run(self, *command: str) -> CompletedProcess[str]:
        """Wait for the command's end."""
        return run(command, cwd=ROOT, env=dict(self.environment))


def succeeded(shell: Shell, *command: str) -> str:
    """Return what the command wrote to standard output; raises `StepFailed` with its last lines."""
    done = shell.run(*command)
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()[-_LINES:]
        raise StepFailed(f"{shlex.join(command)} ended with {done.returncode}: {' / '.join(lines)}")
    return done.stdout

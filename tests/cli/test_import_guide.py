"""docs/import.md: each command of the guide, run in its order on its files, answers what the guide says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from support.repository import ROOT

Rollcall = Callable[..., Result]

GUIDE = ROOT / "docs" / "import.md"

_FILE = re.compile(r"^`([\w.-]+)`:\n\n```csv\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CONSOLE = re.compile(r"^```console\n\$ rollcall (.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def lines(output: str) -> list[str]:
    """The lines without the ids, which are new ones at every import, and without spaces at their ends."""
    return [_ID.sub("ID".ljust(36), line).rstrip() for line in output.splitlines()]


@pytest.mark.usefixtures("acme")
def test_the_guide_shows_the_real_answers_of_the_commands(
    rollcall: Rollcall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    guide = GUIDE.read_text(encoding="utf-8")
    for name, content in _FILE.findall(guide):
        (tmp_path / name).write_text(content, encoding="utf-8")

    commands = _CONSOLE.findall(guide)

    assert len(commands) == 5
    for command, expected in commands:
        assert lines(rollcall(*shlex.split(command)).output) == lines(expected), command

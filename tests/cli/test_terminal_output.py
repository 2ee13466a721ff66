"""Contents of users and logs neither move the cursor nor change the title of the terminal."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.logs.lines import Line
from cli.activity_row import row_of
from cli.wording import harmless_json
from domain.ports import UserStore
from domain.resources.stored_user import StoredUser
from support import child_processes
from support.rollcall_command import Rollcall

pytestmark = pytest.mark.usefixtures("acme")

OBEYED = "\x1b]0;owned\x07\x9b31m\u202egnp.exe\x7f"
"""Sets the title, changes the colour (C1), turns the direction of reading, deletes."""

OnTerminal = Callable[..., list[str]]

_NEXT = "=== next command ==="
_PROGRAM = f"""
import json, sys
from cli.main import app
for arguments in json.loads(sys.argv[1]):
    try:
        app(["--local", *arguments])
    except SystemExit:
        print("{_NEXT}", flush=True)
"""


@pytest.fixture
def on_terminal(rollcall: Rollcall) -> OnTerminal:
    """Run commands of `rollcall --local` in one process, whose output is a terminal: what each of them shows.

    Most of a command's time is the start of Python.
    """

    def run(*commands: tuple[str, ...]) -> list[str]:
        controller, terminal = pty.openpty()
        command = [sys.executable, "-c", _PROGRAM, json.dumps(commands)]
        # What the fixture `rollcall` set is in the environment. Without TERM there are no colours of the command's own.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TERM": "dumb"}
        with child_processes.started(command, env=environment, stdout=terminal, stderr=terminal):
            os.close(terminal)
            shown = b""
            with suppress(OSError):  # how the end looks
                while read := os.read(controller, 65_536):
                    shown += read
        os.close(controller)
        *each, rest = shown.decode().split(_NEXT)
        assert (len(each), rest.strip()) == (len(commands), ""), rest
        return each

    return run


@pytest.fixture
def somebody(store: UserStore) -> StoredUser:
    """A user whose texts a terminal would obey."""
    attributes = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "somebody@corp.example",
        "emails": [{"value": "somebody@corp.example"}],
        "displayName": OBEYED,
        "externalId": OBEYED,
        "name": {"givenName": OBEYED, "familyName": "=1+1"},
        "active": True,
    }
    user = StoredUser.new("2819c223-7f76-453a-919d-413861904646", attributes, "2026-01-02T03:04:05.000Z")
    store.create(user)
    return user


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "roster.csv"
    path.write_text(f'email,displayName\nother@corp.example,x\n"{OBEYED}",x\n', encoding="utf-8")
    return path


@pytest.mark.usefixtures("somebody")
def test_a_terminal_gets_no_control_characters_of_users(on_terminal: OnTerminal, file: Path) -> None:
    commands = [
        ("users", "export", "--format", "csv"),
        ("users", "export", "--format", "jsonl"),
        ("users", "export", "--json"),
        ("users", "list"),
        ("users", "list", "--json"),
        ("users", "show", "--email", "somebody@corp.example"),
        ("users", "show", "--email", "somebody@corp.example", "--json"),
        ("users", "show", "--email", OBEYED),
        ("users", "reconcile", str(file)),
        ("users", "reconcile", str(file), "--csv"),
        ("users", "reconcile", str(file), "--json"),
        ("users", "import", str(file), "--dry-run"),
        ("users", "import", str(file), "--dry-run", "--json"),
    ]

    shown = on_terminal(*((*command, "--account", "acme") for command in commands))

    unprintable = {character for character in OBEYED if not character.isprintable()}
    assert [
        command for command, text in zip(commands, shown, strict=True) if not re.search("somebody@|owned", text)
    ] == []
    assert [command for command, text in zip(commands, shown, strict=True) if unprintable & set(text)] == []


@pytest.mark.usefixtures("somebody")
def test_json_lines_on_a_terminal_are_the_same_json(on_terminal: OnTerminal) -> None:
    [shown] = on_terminal(("users", "export", "--account", "acme"))

    lines = [line for line in shown.splitlines() if line.startswith("{")]
    assert [json.loads(line)["displayName"] for line in lines] == [OBEYED]


@pytest.mark.usefixtures("somebody")
def test_a_pipe_gets_the_texts_as_they_are(rollcall: Rollcall) -> None:
    table = rollcall("users", "export", "--account", "acme", "--format", "csv")
    lines = rollcall("users", "export", "--account", "acme")

    [row] = list(csv.DictReader(table.stdout_bytes.decode().split("\r\n")))
    assert (row["displayName"], row["familyName"]) == (OBEYED, "'=1+1")
    assert "\u202egnp.exe\x7f" in lines.stdout_bytes.decode()


def test_a_log_line_is_equal_for_terminals_and_programs() -> None:
    line: Line = {"message": "request", "timestamp": "2026-01-02T03:04:05.000Z", "reason": OBEYED}

    assert json.loads(harmless_json(json.dumps(line, ensure_ascii=False))) == line
    assert row_of(line)

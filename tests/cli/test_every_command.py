"""Rules for every command, including new ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from moto import mock_aws
from typer.testing import CliRunner, Result

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from cli.main import app
from domain.accounts.deprovisioning import Limit
from domain.ports import UserStore
from domain.resources.group_schema import CORE_URN as GROUP_URN
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN

Rollcall = Callable[..., Result]


def commands(group: Any = None, *path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command by what is typed for it."""
    group = typer.main.get_command(app) if group is None else group
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *path, name)
        else:
            yield " ".join((*path, name)), command


ARGUMENTS: dict[str, list[str]] = {
    "account enable": ["new"],
    "account disable": ["acme", "--yes"],
    "account show": ["acme"],
    "account list": [],
    "account rotate-key": ["acme", "--yes"],
    "account revoke-previous": ["acme", "--yes"],
    "account resume": ["acme", "--yes"],
    "account let-through": ["acme", "--user-name", "ann"],
    "account invite": ["acme"],
    "account invites": ["acme"],
    "account uninvite": ["acme", "--all"],
    "account set": ["acme", "mode", "strict"],
    "account delete": ["acme", "--yes", "--confirm-name", "acme"],
    "users list": ["--account", "acme"],
    "users show": ["--account", "acme", "--user-name", "ann"],
    "users export": ["--account", "acme"],
    "users import": ["{file}", "--account", "acme"],
    "users reconcile": ["{file}", "--account", "acme"],
    "users deactivate": ["--account", "acme", "--user-name", "ann", "--yes"],
    "users activate": ["--account", "acme", "--user-name", "ann"],
    "users delete": ["--account", "acme", "--user-name", "ann", "--yes"],
    "users rename": ["ann.lee", "--account", "acme", "--user-name", "ann"],
    "users set": ["active", "false", "--account", "acme", "--user-name", "ann", "--yes"],
    "groups list": ["--account", "acme"],
    "groups show": ["--account", "acme", "--name", "Sales"],
    "groups members": ["--account", "acme", "--name", "Sales"],
    "groups export": ["--account", "acme"],
    "groups import": ["{file}", "--account", "acme", "--group", "Sales"],
    "groups delete": ["--account", "acme", "--name", "Sales", "--yes"],
    "groups rename": ["Selling", "--account", "acme", "--name", "Sales"],
    "table check": ["--account", "acme"],
    "events replay": ["--account", "acme", "--all", "--dry-run"],
    "doctor": ["acme"],
}
"""Arguments with which each command has something to do, where the stand-in for AWS has what it needs."""
DEPLOYING = {"deploy check", "deploy prepare", "deploy verify", "deploy adopt"}
"""Commands about a stack in AWS, which the local server is not."""
ELSEWHERE = {"events redrive", "activity", "simulate"} | DEPLOYING
"""Commands that need more; their own tests ask them for JSON."""


ANN = StoredUser.new(
    "00000001-0000-4000-8000-000000000000", {"schemas": [CORE_URN], "userName": "ann"}, "2030-01-31T12:00:00.000Z"
)
SALES = StoredGroup.new(
    "00000002-0000-4000-8000-000000000000",
    {"schemas": [GROUP_URN], "displayName": "Sales"},
    "2030-01-31T12:00:00.000Z",
)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "users.csv"
    path.write_text("email\nbob@corp.example\n")
    return str(path)


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("command", ARGUMENTS)
def test_every_command_answers_in_json_and_nothing_else(
    rollcall: Rollcall, table: Table, store: UserStore, file: str, command: str
) -> None:
    store.create(ANN)
    table.account("acme", MonotonicDeadline.after(9)).groups.create(SALES, [ANN.id])
    if command == "groups import":
        Path(file).write_text("userName\nann\n")

    result = rollcall(*command.split(), *(word.replace("{file}", file) for word in ARGUMENTS[command]), "--json")

    # The doctor finds no service at the address of these tests, and says so in JSON too.
    assert result.exit_code == (1 if command == "doctor" else 0), result.output
    assert json.loads(result.stdout) is not None


ASKED = {
    "account disable": "Switch SCIM off for the account acme?",
    "account set": "Groups and their members are kept, but /Groups returns 404 until groups are on again",
    "account rotate-key": "rotating again refuses it immediately",
    "account revoke-previous": "Refuse the previous key of acme?",
    "account resume": "Let the identity provider continue with 1 more?",
    "account delete": "has 1 user and 1 group. Type its name to delete everything",
    "table check": "Repair the problems in the account acme?",
    "users deactivate": 'Deactivate the user "ann"',
    "users delete": 'Delete the user "ann"',
    "users set": 'Deactivate the user "ann"',
    "groups delete": 'Delete the group "Sales"',
    "users export": "Overwrite",
    "groups export": "Overwrite",
}
"""The question before each destructive command, in the account that `in_use` makes."""


WHOLE = {"users deactivate", "users delete", "users set", "groups delete"}
"""Those that need all of their arguments to ask."""


@pytest.fixture
def in_use(rollcall: Rollcall, table: Table, store: UserStore) -> None:
    """The account `acme` with a user, a previous key, a group, and its limit of deprovisionings used up."""
    store.create(ANN)
    table.account("acme", MonotonicDeadline.after(9)).groups.create(SALES)
    assert rollcall("account", "rotate-key", "acme").exit_code == 0
    assert rollcall("account", "set", "acme", "deprovisioning-limit", "1").exit_code == 0
    assert rollcall("account", "set", "acme", "groups", "on").exit_code == 0
    table.account("acme", MonotonicDeadline.after(9)).guard(Limit(1)).take()


@pytest.mark.usefixtures("acme", "in_use")
@pytest.mark.parametrize("command", ASKED)
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_a_script_without_yes_changes_nothing_and_says_why(
    *, rollcall: Rollcall, aws_calls: list[str], file: str, command: str, as_json: bool
) -> None:
    arguments = [word for word in ARGUMENTS[command] if word not in ("--yes", "--confirm-name")]
    arguments = arguments if command in WHOLE else arguments[:2]
    arguments += {
        "table check": ["--repair"],
        "users export": ["--output", file],
        "groups export": ["--output", file],
    }.get(command, [])
    if command in ("account delete", "account set"):
        arguments = {"account delete": ["acme"], "account set": ["acme", "groups", "off"]}[command]
    before = Path(file).read_text()
    aws_calls.clear()

    result = rollcall(*command.split(), *arguments, *(["--json"] if as_json else []))

    *_, question, outcome = result.stderr.splitlines()
    assert ASKED[command] in question
    assert "othing was changed" in outcome
    assert "--yes" in outcome
    assert result.exit_code in (1, 2)
    assert result.stdout.strip() == ""
    assert not {name for name in aws_calls if not name.startswith(("Get", "Describe", "List", "Query"))}
    assert Path(file).read_text() == before


def test_no_command_is_left_out_here() -> None:
    assert {name for name, _ in commands()} == ARGUMENTS.keys() | ELSEWHERE


def test_destructive_commands_accept_yes() -> None:
    asking = {name for name, command in commands() if any("--yes" in option.opts for option in command.params)}

    assert asking - ELSEWHERE == ASKED.keys()


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_has_a_one_sentence_help(name: str) -> None:
    result = CliRunner().invoke(app, [*name.split(), "--help"])
    command = dict(commands())[name]

    assert result.exit_code == 0
    first = (command.help or "").split("\n\n")[0].strip()
    assert first.endswith("."), first
    assert all(getattr(parameter, "help", None) for parameter in command.params if parameter.name != "help")
    # A switch takes no value, and no paragraph is broken anywhere but at the window's edge.
    assert "<bool>" not in result.stdout
    assert "\n" not in (command.help or "").replace("\n\n", "")


@pytest.mark.parametrize("name", [name for name, _ in commands() if "{file}" not in ARGUMENTS.get(name, ())])
def test_every_command_names_a_stack_that_does_not_exist(name: str) -> None:
    chosen = ["--stack", "elsewhere", "--region", "eu-central-1"]
    credentials = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}

    with mock_aws():
        arguments = ["okta"] if name == "simulate" else ARGUMENTS.get(name, [])
        result = CliRunner().invoke(app, [*name.split(), *arguments, *chosen], env=credentials)

    assert result.exit_code == 1, result.output
    assert "'elsewhere'" in result.stderr
    assert len(result.stderr.splitlines()) == 1

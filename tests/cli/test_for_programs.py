"""What programs and scripts get of `rollcall`: whole lines, errors in JSON, exit codes."""

from __future__ import annotations

import json
import os
import signal
import sys
from types import ModuleType

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.start import main
from domain.ports import UserStore
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN
from support.child_processes import PIPE, started
from support.rollcall_command import Rollcall, answer

LONG = "a-name-of-a-user-that-no-terminal-of-eighty-columns-can-show-in-one-line@corporation.example"


def process(*words: str) -> list[str]:
    """The command line of `rollcall --local` as a process of its own; what the fixture set is in the environment."""
    return [sys.executable, "-c", f"from cli.main import app; app({['--local', *words]!r})"]


@pytest.fixture
def users(store: UserStore) -> list[str]:
    """The userNames of three users."""
    names = [f"{number:03}{LONG}" for number in range(3)]
    for number, name in enumerate(names):
        user_id = f"{number:08x}-0000-4000-8000-000000000000"
        attributes = {"schemas": [CORE_URN], "userName": name, "emails": [{"value": name}]}
        store.create(StoredUser.new(user_id, attributes, "2030-01-31T12:00:00.000Z"))
    return names


@pytest.mark.usefixtures("acme")
def test_a_pipe_gets_every_line_whole(rollcall: Rollcall, users: list[str]) -> None:
    lines = rollcall("users", "list", "--account", "acme").stdout.splitlines()

    assert [line.split()[1] for line in lines if LONG in line] == users
    assert [line.split()[-1] for line in lines if LONG in line] == ["2030-01-31T12:00:00.000Z"] * len(users)


@pytest.mark.parametrize("command", ["account list", "users list", "groups list"])
@pytest.mark.usefixtures("acme")
def test_a_long_account_name_is_whole_in_a_pipe(rollcall: Rollcall, command: str) -> None:
    name = "a" * 40
    rollcall("account", "enable", name)

    shown = rollcall(*command.split(), *([] if command == "account list" else ["--account", name]))

    assert name in shown.output


@pytest.mark.parametrize(
    ("words", "error", "code"),
    [
        (["nosuch"], "No such command 'nosuch'.", 2),
        (["--nosuch"], "No such option: --nosuch", 2),
        (["users", "list", "--limit", "many"], "Invalid value for '--limit'", 2),
        (["account", "show", "a*"], "1 to 40 characters", 2),
        (["account", "show", "nosuch"], "nosuch", 1),
        (["account", "disable", "acme"], "Nothing was changed", 1),
        (["users", "show", "--account", "acme", "--email", "nosuch"], 'no user with --email "nosuch"', 1),
        (["users", "delete", "--account", "acme", "--id", "nosuch", "--yes"], 'no user with --id "nosuch"', 1),
        (["activity", "--account", "acme", "--user", "nosuch"], 'no user with --user-name "nosuch"', 1),
        (["groups", "rename", "x", "--account", "acme", "--name", "nosuch"], "rollcall --local groups list", 1),
        (["activity", "--lost-access", "--limit", "5"], "--lost-access can only be combined with", 2),
    ],
)
@pytest.mark.usefixtures("acme")
def test_with_json_an_error_is_an_object_on_standard_error(
    rollcall: Rollcall, words: list[str], error: str, code: int
) -> None:
    result = rollcall(*words, "--json")

    assert result.stdout.strip() == ""
    assert result.exit_code == code
    reported = json.loads(result.stderr.splitlines()[-1])
    assert set(reported) == {"error", "exitCode"}
    assert error in reported["error"]
    assert reported["exitCode"] == code


@pytest.mark.usefixtures("acme")
def test_ctrl_c_at_a_question_changes_nothing(rollcall: Rollcall) -> None:
    with started(process("account", "disable", "acme"), stdin=PIPE, stdout=PIPE, stderr=PIPE) as asking:
        asked = b""
        while b"[y/N]" not in asked:
            asked += asking.stderr.read(1)  # type: ignore[union-attr]  # the stream is a pipe
        asking.send_signal(signal.SIGINT)

        assert asking.wait() == 130
        assert b"Interrupted. Nothing was changed." in asking.stderr.read()  # type: ignore[union-attr]  # the stream is a pipe
    assert answer(rollcall("account", "show", "acme", "--json"))["enabled"] is True


def test_ctrl_c_ends_a_command_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.account.invocation_of", pressed)
    shown, as_json = (CliRunner().invoke(app, ["account", "list", *more]) for more in ([], ["--json"]))

    assert (shown.exit_code, shown.output) == (130, "rollcall: Interrupted.\n")
    assert (as_json.exit_code, json.loads(as_json.output)) == (130, {"error": "Interrupted.", "exitCode": 130})


def test_ctrl_c_while_the_commands_are_loaded_leaves_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Pressed(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "cli.main", Pressed("cli.main"))
    with pytest.raises(SystemExit) as ended:
        main()

    assert (ended.value.code, capsys.readouterr().err) == (130, "rollcall: Interrupted.\n")


@pytest.mark.usefixtures("acme", "users", "rollcall")
@pytest.mark.parametrize("command", ["users list --account acme", "users export --account acme", "account list --json"])
def test_a_reader_that_ends_early_gets_no_error_message(command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    with os.fdopen(writer, "wb") as broken, started(process(*command.split()), stdout=broken, stderr=PIPE) as ended:
        assert ended.wait() == 141
        assert ended.stderr.read() == b""  # type: ignore[union-attr]  # the stream is a pipe


@pytest.mark.parametrize("words", [[], ["account"], ["account", "set"], ["users", "import"], ["doctor"]])
def test_h_is_help(words: list[str]) -> None:
    short, long = (CliRunner().invoke(app, [*words, option]) for option in ("-h", "--help"))

    assert short.exit_code == 0
    assert short.stdout == long.stdout


def test_a_shell_completes_commands() -> None:
    completing = {"_ROLLCALL_COMPLETE": "complete_bash", "COMP_WORDS": "rollcall acc", "COMP_CWORD": "1"}

    result = CliRunner().invoke(app, [], env=completing, prog_name="rollcall")

    assert "account" in result.stdout.split()

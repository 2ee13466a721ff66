"""Commands for one account neither show nor change users of another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from domain.resources.stored_user import StoredUser
from support.invariants import assert_sound
from support.rollcall_command import Rollcall, answer

PEOPLE = "email,username,title,external id\nann@corp.example,ann,CEO,1\nbob@corp.example,bob,CTO,2\n"


def users(table: Table, account: str) -> dict[str, StoredUser]:
    return {user.id: user for user in table.account(account, MonotonicDeadline.after(60)).users.scan()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "users.csv"
    path.write_text(PEOPLE)
    return path


@pytest.fixture
def both(rollcall: Rollcall, acme: None, file: Path) -> None:
    """Two accounts with the same people in them."""
    rollcall("account", "enable", "globex")
    for account in ("acme", "globex"):
        assert answer(rollcall("users", "import", str(file), "--account", account, "--json"))["created"] == 2


@pytest.mark.usefixtures("both")
def test_an_import_of_the_same_people_goes_into_its_own_account(rollcall: Rollcall, table: Table, file: Path) -> None:
    theirs = users(table, "globex")
    assert not theirs.keys() & users(table, "acme").keys()
    file.write_text(PEOPLE.replace("CTO", "COO") + "eve@corp.example,eve,CFO,3\n")

    again = answer(rollcall("users", "import", str(file), "--account", "acme", "--json"), code=1)

    assert (again["created"], again["unchanged"], again["refused"]) == (1, 1, 1)
    assert users(table, "globex") == theirs
    for account in ("acme", "globex"):
        assert_sound(table, account)


@pytest.mark.usefixtures("both")
def test_ids_kept_from_another_account_create_separate_users(rollcall: Rollcall, table: Table, tmp_path: Path) -> None:
    theirs, export = users(table, "globex"), tmp_path / "globex.jsonl"
    assert rollcall("users", "export", "--account", "globex", "--output", str(export)).exit_code == 0
    rollcall("account", "enable", "initech")

    kept = answer(rollcall("users", "import", str(export), "--account", "initech", "--keep-ids", "--json"))

    assert kept["created"] == 2
    assert users(table, "initech").keys() == theirs.keys()
    assert rollcall("account", "delete", "initech", "--yes", "--confirm-name", "initech").exit_code == 0
    assert users(table, "initech") == {}
    assert users(table, "globex") == theirs
    assert_sound(table, "globex")


@pytest.mark.usefixtures("both")
def test_an_export_a_list_and_a_comparison_hold_ones_own_users_only(
    rollcall: Rollcall, table: Table, file: Path
) -> None:
    own, theirs = users(table, "acme"), users(table, "globex")
    for user in theirs.values():
        table.account("globex", MonotonicDeadline.after(60)).users.delete(user)
    file.write_text("email,username\nann@corp.example,ann\n")

    exported = rollcall("users", "export", "--account", "acme").stdout.splitlines()
    listed = answer(rollcall("users", "list", "--account", "acme", "--json"))["users"]
    compared = answer(rollcall("users", "reconcile", str(file), "--account", "globex", "--json"))

    assert [json.loads(line)["id"] for line in exported] == [user["id"] for user in listed] == sorted(own)
    assert [finding["difference"] for finding in compared["differences"]] == ["only there"]
    assert compared["users"] == {"there": 1, "here": 0}


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("value", ["id", "email", "user-name"])
def test_a_user_is_not_found_by_the_names_of_another_account(rollcall: Rollcall, table: Table, value: str) -> None:
    rollcall("account", "enable", "initech")
    (theirs, *_) = users(table, "globex")
    named = {"id": theirs, "email": "ann@corp.example", "user-name": "ann"}[value]

    result = rollcall("users", "show", "--account", "initech", f"--{value}", named)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "The account initech has no user with" in result.stderr

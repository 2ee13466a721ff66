"""`rollcall table check`: what an operator sees of a table that disagrees with itself, and how it is put right."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from adapters.dynamodb import Table, items, keys
from adapters.dynamodb.keys import Collection
from cli.main import app
from local.serve import write_state
from local.service import LocalService
from operations.table_creation import table_definition
from support.people import user
from support.samples import Patience, Users, changed
from support.scim_http import ScimClient

Rollcall = Callable[..., Result]
Aws = Callable[[str], Any]

TABLE = "rollcall-users"
BOB = "bob@corp.example"
LONG = "n" * 950


@pytest.fixture
def table(rollcall: Rollcall, aws: Aws) -> Table:
    """A table with two accounts, of which `acme` has three users and `globex` one."""
    client = aws("dynamodb")
    client.create_table(**table_definition(TABLE))
    table, make = Table(client, TABLE), Users()
    for account, names in {"acme": ["ada", "bob", LONG], "globex": ["bob"]}.items():
        assert rollcall("account", "enable", account).exit_code == 0
        for name in names:
            table.account(account, Patience()).users.create(make(name, f"{name[:9]}@corp.example"))
    return table


def remove(table: Table, collection: Collection, sort_key: str, account: str = "acme") -> None:
    table.client.delete_item(TableName=TABLE, Key=keys.key(account, collection, sort_key))


def miscount(table: Table) -> str:
    """One user too many in a counter of `acme`: the key of its item."""
    ada = table.account("acme", Patience()).users.find_by_user_name("ada")
    assert ada is not None
    rank, counter = keys.rank_of(ada.id)
    table.client.update_item(
        TableName=TABLE,
        Key=keys.key("acme", Collection.RANK, rank),
        UpdateExpression="ADD #counter :one",
        ExpressionAttributeNames={"#counter": counter},
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    return rank


def test_all_accounts_are_checked_when_none_is_named(rollcall: Rollcall, table: Table) -> None:
    shown = rollcall("table", "check")
    answer = json.loads(rollcall("table", "check", "--json").stdout)

    assert (shown.exit_code, shown.stdout, shown.stderr) == (0, "2 accounts, 4 users: everything matches.\n", "")
    assert answer == {
        "result": "sound",
        "accounts": [
            {"account": "acme", "users": 3, "findings": []},
            {"account": "globex", "users": 1, "findings": []},
        ],
    }


def test_problems_are_listed_with_their_repair(rollcall: Rollcall, table: Table) -> None:
    ada = table.account("acme", Patience()).users.find_by_user_name("ada")
    assert ada is not None
    remove(table, Collection.EMAIL, "ada@corp.example")
    rank = miscount(table)

    shown = rollcall("table", "check", "--account", "acme")
    found = json.loads(rollcall("table", "check", "--json").stdout)

    assert shown.exit_code == 1
    assert "the value of a user has no index item" in shown.stdout
    assert "EMAIL ada@corp.example" in shown.stdout
    assert "2 findings, 0 repaired" in shown.stdout
    assert "rollcall --local table check --repair" in shown.stderr
    assert found["result"] == "wrong"
    assert [each["findings"] for each in found["accounts"]] == [
        [
            {
                "problem": "missing",
                "collection": "EMAIL",
                "key": "ada@corp.example",
                "userIds": [ada.id],
                "repaired": False,
            },
            {"problem": "counter", "collection": "RANK", "key": rank, "userIds": [], "repaired": False},
        ],
        [],
    ]


def test_a_repair_asks_once_and_leaves_no_finding(rollcall: Rollcall, table: Table) -> None:
    remove(table, Collection.EMAIL, BOB, "globex")
    miscount(table)

    declined = rollcall("table", "check", "--repair", typed="n\n")
    assert declined.exit_code == 1
    assert "Repair the problems in all 2 accounts?" in declined.stderr
    assert rollcall("table", "check").exit_code == 1

    repaired = rollcall("table", "check", "--repair", typed="y\n")
    assert repaired.exit_code == 0
    assert "2 findings, 2 repaired" in repaired.stdout
    assert rollcall("table", "check").exit_code == 0
    assert table.account("acme", Patience()).users.total() == 3
    assert table.account("globex", Patience()).users.find_by_email(BOB) is not None


def test_a_repair_touches_no_account_but_the_one_named(rollcall: Rollcall, table: Table) -> None:
    for account in ("acme", "globex"):
        remove(table, Collection.EMAIL, BOB, account)

    repaired = rollcall("table", "check", "--account", "acme", "--repair", "--yes", "--json")

    assert (repaired.exit_code, json.loads(repaired.stdout)["result"]) == (0, "repaired")
    assert rollcall("table", "check", "--account", "globex").exit_code == 1


def test_a_value_of_two_users_is_left_to_the_operator(rollcall: Rollcall, table: Table) -> None:
    store = table.account("acme", Patience()).users
    twin = Users()("other")
    twin = changed(twin, userName="bob")
    table.client.put_item(TableName=TABLE, Item=items.user_item("acme", twin, "by hand"))

    left = rollcall("table", "check", "--account", "acme", "--repair", "--yes")

    assert left.exit_code == 1
    assert "two users have a value that must be unique" in left.stdout
    assert twin.id in left.stdout
    assert "users show --account NAME --id ID" in left.stderr
    assert store.find_by_user_name("bob") != twin


def test_a_user_who_cannot_be_read_is_left_to_the_operator_with_the_way_back(rollcall: Rollcall, table: Table) -> None:
    bob = table.account("globex", Patience()).users.find_by_user_name("bob")
    assert bob is not None
    key = keys.key("globex", Collection.USER, bob.id)
    table.client.update_item(TableName=TABLE, Key=key, UpdateExpression="REMOVE document")

    left = rollcall("table", "check", "--account", "globex")

    assert left.exit_code == 1
    assert bob.id in left.stdout
    assert "Restore from" in left.stderr
    assert "--repair" not in left.stderr


def test_a_long_value_is_shown_without_its_hash(rollcall: Rollcall, table: Table) -> None:
    remove(table, Collection.USER_NAME, keys.sort_key(LONG))

    shown = rollcall("table", "check").stdout

    assert "\0" not in shown
    assert "nnn..." in shown


def test_progress_is_shown_on_a_terminal_only(
    rollcall: Rollcall, on_terminal: Callable[..., tuple[str, str]], table: Table
) -> None:
    answer, shown = on_terminal("table", "check", "--account", "acme")

    assert answer == "1 account, 3 users: everything matches.\n"
    assert "acme" in shown
    assert "━" in shown
    assert on_terminal("--json", "table", "check")[1] == ""
    assert "━" not in rollcall("table", "check").output


def test_an_account_that_does_not_exist_is_an_error(rollcall: Rollcall, table: Table) -> None:
    result = rollcall("table", "check", "--account", "nobody")

    assert result.exit_code == 1
    assert "The account 'nobody' does not exist" in result.stderr


def test_users_left_over_without_an_account_can_be_checked(rollcall: Rollcall, table: Table) -> None:
    table.account("left", Patience()).users.create(Users()("ada"))

    assert "1 user: everything matches" in rollcall("table", "check", "--account", "left").stdout


def test_the_local_server_can_be_checked_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with LocalService() as service:
        write_state(service)
        for number in range(3):
            ScimClient(service.base_url, service.key.text).create(user(f"user{number}"))

        result = CliRunner().invoke(app, ["--local", "table", "check"])

    assert (result.exit_code, result.stdout) == (0, "1 account, 3 users: everything matches.\n")

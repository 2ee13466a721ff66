"""`rollcall users export` and `rollcall users import`: what goes out comes in again, to the last attribute."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from cli.user_view import as_row
from domain.ports import UserStore
from domain.resources.stored_user import StoredUser
from operations.deployment import Deployment
from support import engines
from support.examples import examples
from support.generated_users import attribute_names, generated_users, kept_names
from support.in_process import TwinTable
from support.invariants import assert_sound
from support.loading import load

Rollcall = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("acme")

USERS = examples(1_000, thorough=10_000)


def said(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def export(rollcall: Rollcall, account: str, file: Path, *options: str) -> dict[str, Any]:
    """The users of an export by their ids, without what is the service's own."""
    said(rollcall("users", "export", "--account", account, "--output", str(file), "--json", *options))
    # Not splitlines: it takes more for the end of a line than JSON lines do.
    users = [json.loads(line) for line in file.read_text(encoding="utf-8").strip("\n").split("\n")]
    return {user.pop("id"): {name: value for name, value in user.items() if name != "meta"} for user in users}


@pytest.fixture(scope="module")
def people() -> list[StoredUser]:
    """The users of an application, with every attribute that there is."""
    users = list(generated_users(USERS))
    assert {name for user in users for name in attribute_names(user.attributes)} == set(kept_names())
    return users


def test_users_with_every_attribute_come_back_as_they_were(
    rollcall: Rollcall, twin: TwinTable, people: list[StoredUser], tmp_path: Path
) -> None:
    store = twin.account("acme", MonotonicDeadline.after(60)).users
    for user in people:
        store.create(user)
    rollcall("account", "enable", "globex")
    file = tmp_path / "acme.jsonl"

    exported = export(rollcall, "acme", file)
    imported = said(rollcall("users", "import", str(file), "--account", "globex", "--keep-ids", "--json"))

    assert (imported["created"], imported["refused"]) == (USERS, 0)
    assert exported == {user.id: user.attributes for user in people}
    assert export(rollcall, "globex", tmp_path / "globex.jsonl") == exported
    again = said(rollcall("users", "import", str(file), "--account", "acme", "--json"))
    assert (again["created"], again["unchanged"]) == (0, USERS)


@pytest.fixture
def local_table(monkeypatch: pytest.MonkeyPatch, dynamodb_local: str) -> Table:
    """The table of all commands on DynamoDB Local."""
    table = engines.make_table(engines.new_client(dynamodb_local))
    monkeypatch.setattr(Deployment, "_table", table)
    return table


@pytest.mark.dynamodb_local
@pytest.mark.timeout(600)
def test_the_same_on_the_real_engine_with_new_ids(
    rollcall: Rollcall, local_table: Table, people: list[StoredUser], tmp_path: Path
) -> None:
    load(local_table, "acme", people)
    rollcall("account", "enable", "globex")
    file = tmp_path / "acme.jsonl"

    exported = export(rollcall, "acme", file)
    imported = said(rollcall("users", "import", str(file), "--account", "globex", "--json"))

    assert (imported["created"], imported["refused"]) == (USERS, 0)
    copied = export(rollcall, "globex", tmp_path / "globex.jsonl")
    assert not exported.keys() & copied.keys()
    assert by_name(copied) == by_name(exported)
    assert_sound(local_table, "globex")


def by_name(users: dict[str, Any]) -> dict[str, Any]:
    return {user["userName"]: user for user in users.values()}


def test_a_table_is_read_back_with_all_its_columns(
    rollcall: Rollcall, twin: TwinTable, people: list[StoredUser], tmp_path: Path
) -> None:
    store: UserStore = twin.account("acme", MonotonicDeadline.after(60)).users
    for user in people[:500]:
        store.create(user)
    rollcall("account", "enable", "globex")
    file = tmp_path / "acme.csv"

    rollcall("users", "export", "--account", "acme", "--format", "csv", "--output", str(file))
    imported = said(rollcall("users", "import", str(file), "--account", "globex", "--json"))

    with file.open(newline="", encoding="utf-8") as rows:
        columns = next(csv.reader(rows))
    assert imported["created"] == 500
    assert imported["ignoredColumns"] == ["id", "created", "lastModified"]
    kept = [at for at, column in enumerate(columns) if column not in imported["ignoredColumns"]]

    def shown(of: UserStore) -> list[list[str]]:
        # White space around a cell is not kept, by this command nor by those who edit tables.
        return sorted([as_row(user)[at].strip() for at in kept] for user in of.scan())

    assert shown(twin.account("globex", MonotonicDeadline.after(60)).users) == shown(store)

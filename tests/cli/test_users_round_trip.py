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
from domain.ports import UserStore
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN
from operations.deployment import Deployment
from operations.roster import Columns
from operations.roster.exported import COLUMNS, as_row
from operations.roster.names import SYNONYMS
from support import engines
from support.examples import examples
from support.generated_users import NOW, attribute_names, generated_users, kept_names
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
    again = said(rollcall("users", "import", str(file), "--account", "acme", "--json"))
    assert (again["created"], again["unchanged"], again["refused"]) == (0, 500, 0)
    compared = said(rollcall("users", "reconcile", str(file), "--account", "acme", "--json"))
    assert compared["differences"] == []


@pytest.mark.parametrize("name", ["users.csv", "users.jsonl", "users.txt"])
@pytest.mark.parametrize("form", ["csv", "jsonl", None])
def test_the_name_of_the_file_chooses_the_format_unless_an_option_does(
    *, rollcall: Rollcall, twin: TwinTable, people: list[StoredUser], tmp_path: Path, name: str, form: str | None
) -> None:
    twin.account("acme", MonotonicDeadline.after(60)).users.create(people[0])
    file = tmp_path / name

    for what in ("users", "groups"):
        written = rollcall(
            what, "export", "--account", "acme", "--yes", "--output", str(file), *(["--format", form] if form else [])
        )

        assert written.exit_code == 0, written.output
        suffix = file.suffix.removeprefix(".")
        wanted = form or ("csv" if suffix == "csv" else "jsonl")
        assert file.read_text().startswith({"users": "id,", "groups": "groupId,"}[what]) is (wanted == "csv")
        assert ("because of --format" in written.stderr) is (form is not None and suffix != "txt" and suffix != form)


def test_a_table_says_what_it_leaves_out(rollcall: Rollcall, twin: TwinTable) -> None:
    store = twin.account("acme", MonotonicDeadline.after(60)).users
    plain = {"schemas": [CORE_URN], "userName": "ann", "emails": [{"value": "ann@corp.example", "type": "work"}]}
    store.create(StoredUser.new("00000001-0000-4000-8000-000000000000", plain, NOW))

    assert rollcall("users", "export", "--account", "acme", "--format", "csv").stderr == ""

    more = {"schemas": [CORE_URN], "userName": "bob", "roles": [{"value": "admin"}], "ims": [{"value": "x"}]}
    store.create(StoredUser.new("00000002-0000-4000-8000-000000000000", more, NOW))
    said_then = rollcall("users", "export", "--account", "acme", "--format", "csv").stderr
    assert "ims (1 user), roles (1 user). --format jsonl writes all values." in said_then


def test_an_import_knows_every_column_of_an_export() -> None:
    columns = Columns.of(COLUMNS)

    assert set(columns.meanings.values()) == {*SYNONYMS, "active"}
    assert columns.ignored == ["id", "created", "lastModified"]

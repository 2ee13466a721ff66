"""`rollcall groups import`: memberships from an export, or from a list of members."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from adapters.clock import MonotonicDeadline
from domain.errors import TooManyRequests
from domain.ports import VersionMismatch
from domain.resources.group_schema import DISPLAY_NAME
from support.in_process import TwinAccount, TwinTable
from support.memory_groups import InMemoryGroups
from support.people import stored, stored_group
from support.rollcall_command import Rollcall, answer

pytestmark = pytest.mark.usefixtures("acme")


@pytest.fixture
def directory(twin: TwinTable) -> TwinAccount:
    """Six users of acme and no group."""
    account = twin.account("acme", MonotonicDeadline.after(60))
    for number in range(6):
        account.users.create(stored(number))
    return account


def members(directory: TwinAccount, name: str) -> list[str]:
    (group,) = directory.groups.find(DISPLAY_NAME, name)
    return [related.id for related in directory.members.of(group.id)]


def ids(*numbers: int) -> list[str]:
    return [stored(number).id for number in numbers]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    target = tmp_path / "memberships.csv"
    target.write_text(
        "Group,E-mail\nSales,user0@corp.example\nsales,USER1@corp.example\nSales,user0@corp.example\nBoard,user1@corp.example\n"
    )
    return target


def test_users_are_added_to_groups_that_are_created_when_missing(
    rollcall: Rollcall, directory: TwinAccount, file: Path
) -> None:
    directory.groups.create(stored_group(1, "SALES", externalId="kept"), ids(5))

    imported = answer(rollcall("groups", "import", str(file), "--account", "acme", "--json"))

    assert members(directory, "sales") == ids(0, 1, 5)
    assert members(directory, "board") == ids(1)
    assert (imported["groupsCreated"], imported["added"], imported["unchanged"]) == (1, 3, 1)
    assert directory.groups.find(DISPLAY_NAME, "sales")[0].attributes["displayName"] == "SALES"
    assert imported["columns"] == {"Group": "group", "E-mail": "email"}


def test_a_dry_run_shows_the_differences_and_writes_nothing(
    rollcall: Rollcall, directory: TwinAccount, file: Path
) -> None:
    directory.groups.create(stored_group(1, "Sales"), ids(0))

    checked = rollcall("groups", "import", str(file), "--account", "acme", "--dry-run")
    as_json = answer(rollcall("groups", "import", str(file), "--account", "acme", "--dry-run", "--json"))

    assert "Would be added to acme: 1 group, 2 memberships. Already there: 2." in checked.stdout
    assert as_json["groups"] == [
        {"group": "Board", "created": True, "added": 1, "unchanged": 0},
        {"group": "Sales", "created": False, "added": 1, "unchanged": 2},
    ]
    assert directory.groups.total() == 1
    assert directory.groups.get(stored_group(1, "").id) == stored_group(1, "Sales")


def test_a_second_run_changes_nothing(rollcall: Rollcall, directory: TwinAccount, file: Path) -> None:
    rollcall("groups", "import", str(file), "--account", "acme")
    before = list(directory.groups.scan())

    again = answer(rollcall("groups", "import", str(file), "--account", "acme", "--json"))

    assert list(directory.groups.scan()) == before
    assert (again["groupsCreated"], again["added"], again["unchanged"]) == (0, 0, 4)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_comes_in_again_into_an_account_whose_ids_are_others(
    *, rollcall: Rollcall, directory: TwinAccount, twin: TwinTable, tmp_path: Path, form: str
) -> None:
    directory.groups.create(stored_group(1, "=Sales", externalId="ext-1"), ids(0, 1, 2))
    directory.groups.create(stored_group(2, "Empty"))
    target = tmp_path / f"groups.{form}"
    rollcall("groups", "export", "--account", "acme", "--format", form, "--output", str(target))
    rollcall("account", "enable", "globex")
    other = twin.account("globex", MonotonicDeadline.after(60))
    for number in range(3):
        other.users.create(stored(number + 100, f"user{number}"))

    imported = answer(rollcall("groups", "import", str(target), "--account", "globex", "--json"))

    assert (imported["groupsCreated"], imported["added"], imported["refused"]) == (2, 3, 0)
    assert members(other, "=Sales") == ids(100, 101, 102)
    assert other.groups.find(DISPLAY_NAME, "=sales")[0].keys.external_id == "ext-1"
    assert members(other, "Empty") == []


def test_a_list_of_members_goes_into_one_group(rollcall: Rollcall, directory: TwinAccount, tmp_path: Path) -> None:
    target = tmp_path / "members.csv"
    target.write_text("id,userPrincipalName,displayName\nx,user2@corp.example,Zoe\nx,user3@corp.example,Max\n")

    result = rollcall("groups", "import", str(target), "--account", "acme", "--group", "Sales")

    assert result.exit_code == 0, result.output
    assert members(directory, "Sales") == ids(2, 3)


def test_rows_that_cannot_be_imported_are_reported_with_line_and_remedy(
    rollcall: Rollcall, directory: TwinAccount, tmp_path: Path
) -> None:
    target, report = tmp_path / "rows.csv", tmp_path / "refused.csv"
    target.write_text(
        "group,user\nSales,user0@corp.example\nSales,=nobody\n,user1@corp.example\nSales\n\u200b,user1@corp.example\n"
    )

    result = rollcall("groups", "import", str(target), "--account", "acme", "--report", str(report), "--json")

    found = answer(result, 1)
    assert {each["line"]: each["reason"] for each in found["refusals"]} == {
        3: "unknown-user",
        4: "missing-group",
        5: "wrong-number-of-cells",
        6: found["refusals"][-1]["reason"],
    }
    assert "rollcall users import" in found["refusals"][0]["detail"]
    assert members(directory, "Sales") == ids(0)
    with report.open(newline="") as written:
        assert next(row["user"] for row in csv.DictReader(written)) == "'=nobody"


def test_json_lines_that_are_no_groups_are_refused(rollcall: Rollcall, directory: TwinAccount, tmp_path: Path) -> None:
    target = tmp_path / "groups.jsonl"
    lines = [
        {"displayName": "Sales", "members": [{"value": stored(0).id}, "x", {"value": "unknown"}]},
        {"members": []},
        {"displayName": "Odd", "members": {}},
    ]
    target.write_text("\n".join([*map(json.dumps, lines), "{", "[]"]))

    found = answer(rollcall("groups", "import", str(target), "--account", "acme", "--json"), 1)

    assert [(each["line"], each["reason"]) for each in found["refusals"]] == [
        (1, "invalid-value"),
        (1, "unknown-user"),
        (2, "missing-group"),
        (3, "invalid-value"),
        (4, "invalid-json"),
        (5, "invalid-json"),
    ]
    assert members(directory, "Sales") == ids(0)


@pytest.mark.parametrize(
    ("header", "options", "says"),
    [
        ("team,email", (), "--group NAME"),
        ("group,colour", (), "COLUMN=userName"),
        ("group,email", ("--map", "team=group"), 'the column "team"'),
        ("group,email", ("--map", "group=colour"), "groupExternalId"),
    ],
)
def test_a_header_without_group_or_user_says_what_to_add(
    *, rollcall: Rollcall, directory: TwinAccount, tmp_path: Path, header: str, options: tuple[str, ...], says: str
) -> None:
    target = tmp_path / "rows.csv"
    target.write_text(f"{header}\na,b\n")

    result = rollcall("groups", "import", str(target), "--account", "acme", *options)

    assert result.exit_code == 2
    assert says in result.stderr


def test_a_column_of_any_name_can_be_mapped(rollcall: Rollcall, directory: TwinAccount, tmp_path: Path) -> None:
    target = tmp_path / "rows.csv"
    target.write_text("Team,group,Who\nSales,ignored,user4@corp.example\n")

    rollcall("groups", "import", str(target), "--account", "acme", "--map", "Team=group", "--map", "Who=userName")

    assert members(directory, "Sales") == ids(4)


def test_more_members_than_one_write_adds_arrive(
    rollcall: Rollcall, directory: TwinAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.membership_import._TOGETHER", 2)
    monkeypatch.setattr("operations.membership_import._WAITING", 3)
    target = tmp_path / "rows.csv"
    rows = [f"{group},user{number}@corp.example" for number in range(6) for group in ("A", "B", "C")]
    target.write_text("\n".join(["group,email", *rows]))

    imported = answer(rollcall("groups", "import", str(target), "--account", "acme", "--json"))

    assert imported["added"] == 18
    assert all(members(directory, name) == ids(*range(6)) for name in "ABC")


def test_another_request_in_between_is_no_failure(
    rollcall: Rollcall, directory: TwinAccount, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.groups.create(stored_group(1, "Sales"))
    change, failures = InMemoryGroups.change, [VersionMismatch, VersionMismatch]

    def contended(self: InMemoryGroups, *arguments: object, **options: object) -> None:
        if failures:
            raise failures.pop()
        change(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(InMemoryGroups, "change", contended)

    assert rollcall("groups", "import", str(file), "--account", "acme").exit_code == 0
    assert members(directory, "Sales") == ids(0, 1)


def test_a_throttled_import_stops_and_says_how_to_continue(
    rollcall: Rollcall, directory: TwinAccount, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def throttled(*_: object) -> None:
        raise TooManyRequests("The table is busy.")

    with monkeypatch.context() as patch:
        patch.setattr(InMemoryGroups, "create", throttled)
        stopped = rollcall("groups", "import", str(file), "--account", "acme")
    assert stopped.exit_code == 1
    assert "run it again" in stopped.stderr

    assert rollcall("groups", "import", str(file), "--account", "acme").exit_code == 0
    assert members(directory, "Sales") == ids(0, 1)


def test_an_import_while_groups_are_off_says_how_to_switch_them_on(
    rollcall: Rollcall, directory: TwinAccount, file: Path
) -> None:
    off = rollcall("groups", "import", str(file), "--account", "acme")
    rollcall("account", "set", "acme", "groups", "on")
    on = rollcall("groups", "import", str(file), "--account", "acme")

    assert "rollcall --local account set acme groups on" in off.stderr
    assert "groups on" not in on.stderr


def test_an_unknown_account_is_an_error(rollcall: Rollcall, directory: TwinAccount, file: Path) -> None:
    result = rollcall("groups", "import", str(file), "--account", "acne")

    assert result.exit_code == 1
    assert "The account 'acne' does not exist" in result.stderr

"""`rollcall groups`: what an operator sees of groups and their members."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import pytest

from adapters.clock import MonotonicDeadline
from support.in_process import TwinAccount, TwinTable
from support.people import stored
from support.people import stored_group as group
from support.rollcall_command import Rollcall, answer

pytestmark = pytest.mark.usefixtures("acme")


@pytest.fixture
def directory(twin: TwinTable) -> TwinAccount:
    """Four users of acme; `Sales` has the first three, `Empty` none."""
    account = twin.account("acme", MonotonicDeadline.after(60))
    users = [stored(number, active=number != 2) for number in range(4)]
    for each in users:
        account.users.create(each)
    account.groups.create(group(1, "Sales", externalId="ext-1"), [each.id for each in users[:3]])
    account.groups.create(group(2, "Empty"))
    return account


@pytest.mark.usefixtures("directory")
def test_groups_are_listed_with_the_total(rollcall: Rollcall) -> None:
    listed = answer(rollcall("groups", "list", "--account", "acme", "--json"))
    cut = rollcall("groups", "list", "--account", "acme", "--limit", "1")

    assert listed["total"] == 2
    assert [each["displayName"] for each in listed["groups"]] == ["Sales", "Empty"]
    assert listed["groups"][0]["meta"]["resourceType"] == "Group"
    assert "Sales" in cut.stdout
    assert "Empty" not in cut.stdout
    assert "1 of 2 groups" in cut.stderr


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize("which", [("--name", "sALES"), ("--id", group(1, "Sales").id)])
def test_a_group_is_shown_with_the_number_of_its_members(rollcall: Rollcall, which: tuple[str, str]) -> None:
    shown = answer(rollcall("groups", "show", "--account", "acme", *which, "--json"))
    text = rollcall("groups", "show", "--account", "acme", *which).stdout

    assert (shown["account"], shown["members"]) == ("acme", 3)
    assert shown["group"]["externalId"] == "ext-1"
    assert "members" not in shown["group"]
    assert "groups members --account acme --name=Sales" in text


@pytest.mark.usefixtures("directory")
def test_members_are_listed_with_names_up_to_the_limit(rollcall: Rollcall) -> None:
    found = answer(rollcall("groups", "members", "--account", "acme", "--name", "Sales", "--json"))
    cut = rollcall("groups", "members", "--account", "acme", "--name", "Sales", "--limit", "2")

    assert found["total"] == 3
    assert [(each["userName"], each["active"]) for each in found["members"]] == [
        ("user0@corp.example", True),
        ("user1@corp.example", True),
        ("user2@corp.example", False),
    ]
    assert "user2@" not in cut.stdout
    assert "2 of 3 members" in cut.stderr


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize("which", [("--name", "Sale"), ("--id", "nonsense"), ("--name", "")])
@pytest.mark.parametrize("command", ["show", "members", "export"])
def test_a_group_that_is_not_there_is_one_line_and_exit_code_1(
    rollcall: Rollcall, command: str, which: tuple[str, str]
) -> None:
    result = rollcall("groups", command, "--account", "acme", *which)

    assert (result.exit_code, result.stdout) == (1, "")
    assert f"has no group with {which[0]}" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("which", [(), ("--name", "a", "--id", "b")])
def test_one_group_is_selected_in_exactly_one_way(rollcall: Rollcall, which: tuple[str, ...]) -> None:
    result = rollcall("groups", "show", *which)

    assert result.exit_code == 2
    assert "either --name or --id" in result.stderr


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize("command", [("list",), ("export",), ("show", "--name", "Sales")])
def test_a_mistyped_account_is_an_error_not_an_empty_list(rollcall: Rollcall, command: tuple[str, ...]) -> None:
    result = rollcall("groups", *command, "--account", "acne")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "The account 'acne' does not exist" in result.stderr


@pytest.mark.usefixtures("directory")
def test_an_export_has_a_group_on_each_line_and_only_its_owner_can_read_it(rollcall: Rollcall, tmp_path: Path) -> None:
    target = tmp_path / "groups.jsonl"

    exported = answer(rollcall("groups", "export", "--account", "acme", "--output", str(target), "--json"))

    assert {name: exported[name] for name in ("groups", "memberships")} == {"groups": 2, "memberships": 3}
    sales, empty = (json.loads(line) for line in target.read_text().splitlines())
    assert (sales["displayName"], sales["externalId"], empty["displayName"]) == ("Sales", "ext-1", "Empty")
    assert [member["display"] for member in sales["members"]] == [f"user{number}@corp.example" for number in range(3)]
    assert "members" not in empty
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.usefixtures("directory")
def test_an_export_as_csv_has_a_membership_on_each_line(rollcall: Rollcall) -> None:
    rows = list(
        csv.DictReader(rollcall("groups", "export", "--account", "acme", "--format", "csv").stdout.splitlines())
    )

    assert [(row["group"], row["groupExternalId"], row["userName"], row["email"]) for row in rows] == [
        *(("Sales", "ext-1", f"user{number}@corp.example", f"user{number}@corp.example") for number in range(3)),
        ("Empty", "", "", ""),
    ]
    assert rows[0]["userId"] == stored(0).id


def test_one_group_is_exported_alone(rollcall: Rollcall, directory: TwinAccount) -> None:
    (line,) = rollcall("groups", "export", "--account", "acme", "--name", "Empty").stdout.splitlines()

    assert json.loads(line)["displayName"] == "Empty"


def test_names_are_no_formulas_no_markup_and_no_control_characters(rollcall: Rollcall, directory: TwinAccount) -> None:
    directory.groups.create(group(3, "=1+1[bold]\x1b[2J"))

    exported = rollcall("groups", "export", "--account", "acme", "--format", "csv").stdout
    listed = rollcall("groups", "list", "--account", "acme").stdout
    shown = rollcall("groups", "show", "--account", "acme", "--id", group(3, "").id).stdout

    assert "'=1+1" in exported
    for text in (listed, shown):
        assert "=1+1[bold]\ufffd[2J" in text
        assert "\x1b" not in text


def test_a_large_group_is_read_in_batches(rollcall: Rollcall, directory: TwinAccount, tmp_path: Path) -> None:
    users = [stored(number) for number in range(100, 350)]
    for each in users:
        directory.users.create(each)
    directory.groups.create(group(3, "Everybody"), [each.id for each in users])
    target = tmp_path / "groups.csv"

    rollcall("groups", "export", "--account", "acme", "--format", "csv", "--output", str(target))

    with target.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["group"] == "Everybody"]
    assert [row["userId"] for row in rows] == [each.id for each in users]


def test_a_member_who_was_deleted_a_moment_ago_is_left_out(rollcall: Rollcall, directory: TwinAccount) -> None:
    directory.users.delete(stored(0))

    found = answer(rollcall("groups", "members", "--account", "acme", "--name", "Sales", "--json"))

    assert [each["userName"] for each in found["members"]] == ["user1@corp.example", "user2@corp.example"]


def test_a_file_is_overwritten_only_after_a_question(
    rollcall: Rollcall, directory: TwinAccount, tmp_path: Path
) -> None:
    target = tmp_path / "groups.jsonl"
    target.write_text("kept")

    refused = rollcall("groups", "export", "--account", "acme", "--output", str(target), typed="n\n")

    assert refused.exit_code == 1
    assert target.read_text() == "kept"
    assert rollcall("groups", "export", "--account", "acme", "--output", str(target), "--yes").exit_code == 0
    assert len(target.read_text().splitlines()) == 2

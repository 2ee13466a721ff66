"""`rollcall groups delete` and `rename`: one group, by an operator's hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import DynamoDBAccount, Table
from domain.ports import UserStore
from support.invariants import assert_sound
from support.people import UNKNOWN_ID, stored, stored_group
from support.rollcall_command import Rollcall, answer

pytestmark = pytest.mark.usefixtures("acme")

SALES = stored_group(1, "Sales")
BY_NAME = ("--account", "acme", "--name", "sales")


@pytest.fixture
def account(table: Table, store: UserStore) -> DynamoDBAccount:
    """Two users who are members of `Sales`, and the group `Empty`."""
    users = [stored(number) for number in range(2)]
    for each in users:
        store.create(each)
    made = table.account("acme", MonotonicDeadline.after(60))
    made.groups.create(SALES, [each.id for each in users])
    made.groups.create(stored_group(2, "Empty"))
    return made


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    """The record of the local server, as `rollcall` finds it."""
    return tmp_path / "activity.jsonl"


def what(audit: Path) -> list[str]:
    return [json.loads(line)["what"] for line in audit.read_text().splitlines()] if audit.exists() else []


def test_a_removed_group_ends_its_memberships_and_its_users_stay(
    rollcall: Rollcall, table: Table, account: DynamoDBAccount, audit: Path
) -> None:
    result = rollcall("groups", "delete", *BY_NAME, typed="y\n")

    assert result.exit_code == 0, result.output
    assert f'Delete the group "Sales" ({SALES.id}) of acme permanently? It has 2 members.' in result.stderr
    assert result.stdout.splitlines()[-1] == f"The group {SALES.id} of acme is deleted, and 2 memberships ended."
    assert account.groups.get(SALES.id) is None
    assert account.users.total() == 2
    assert account.groups_of_users.of(stored(0).id) == []
    assert_sound(table, "acme")
    assert what(audit) == ["change-begun", "group-deleted"]
    assert json.loads(audit.read_text().splitlines()[-1])["group_id"] == SALES.id
    assert "Sales" not in audit.read_text()


@pytest.mark.usefixtures("account")
def test_groups_that_are_off_for_the_identity_provider_can_be_removed(rollcall: Rollcall) -> None:
    assert answer(rollcall("groups", "delete", *BY_NAME, "--yes", "--json")) == {
        "result": "deleted", "account": "acme", "groupId": SALES.id, "dryRun": False, "audited": True, "changes": [],
        "membershipsEnded": 2,
    }  # fmt: skip


def test_a_group_is_renamed_and_keeps_its_members(
    rollcall: Rollcall, table: Table, account: DynamoDBAccount, audit: Path
) -> None:
    done = answer(rollcall("groups", "rename", "Selling", *BY_NAME, "--json"))

    group = account.groups.get(SALES.id)
    assert group is not None
    assert (done["result"], group.display_name, group.version) == ("renamed", "Selling", 2)
    assert done["changes"] == [{"attribute": "displayName", "before": "Sales", "after": "Selling"}]
    assert len(account.members.of(SALES.id)) == 2
    assert_sound(table, "acme")
    assert what(audit) == ["change-begun", "group-renamed"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [("empty", "already belongs to another group"), (" ", "must not be empty"), ("n" * 1025, "more than 1024")],
)
def test_a_name_that_no_request_may_give_is_refused(
    rollcall: Rollcall, account: DynamoDBAccount, audit: Path, name: str, problem: str
) -> None:
    result = rollcall("groups", "rename", name, *BY_NAME)

    assert (result.exit_code, result.stdout) == (1, "")
    assert problem in result.stderr
    assert result.stderr.endswith("Nothing was changed.\n")
    assert account.groups.get(SALES.id) == SALES
    assert what(audit) == []


@pytest.mark.parametrize("change", [("delete",), ("rename", "Selling"), ("rename", "Sales")])
def test_a_dry_run_changes_and_records_nothing(
    rollcall: Rollcall, account: DynamoDBAccount, audit: Path, change: tuple[str, ...]
) -> None:
    result = answer(rollcall("groups", *change, *BY_NAME, "--dry-run", "--json"))

    assert result["result"] == ("unchanged" if change[-1] == "Sales" else "checked")
    assert result["membershipsEnded"] == 0
    assert account.groups.get(SALES.id) == SALES
    assert what(audit) == []


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("delete", "--name", "Sales", "--yes"), 2),
        (("delete", "--account", "acme", "--yes"), 2),
        (("delete", "--account", "acme", "--id", UNKNOWN_ID, "--yes"), 1),
        (("rename", "--account", "acme", "--name", "Sales"), 2),
    ],
)
def test_a_command_that_selects_no_group_changes_nothing(
    rollcall: Rollcall, account: DynamoDBAccount, arguments: tuple[str, ...], code: int
) -> None:
    assert rollcall("groups", *arguments).exit_code == code
    assert account.groups.total() == 2

"""`rollcall users` and `rollcall account delete`: what an operator sees of users, and how they go."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import pytest

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from domain.ports import UserStore
from domain.resources.stored_user import StoredUser
from support.people import stored, stored_group
from support.rollcall_command import Aws, Rollcall, answer

NOW = "2030-01-31T12:00:00.000Z"


def fill(store: UserStore, count: int) -> list[StoredUser]:
    users = [stored(number) for number in range(count)]
    for each in users:
        store.create(each)
    return users


def test_users_are_listed_with_the_total(rollcall: Rollcall, store: UserStore) -> None:
    fill(store, 3)
    store.create(stored(3, active=False, userName="[bold]Zoë"))

    listed = answer(rollcall("users", "list", "--account", "acme", "--json"))
    shown = rollcall("users", "list", "--account", "acme").stdout

    assert listed["total"] == 4
    assert [each["userName"] for each in listed["users"]][:3] == [f"user{number}@corp.example" for number in range(3)]
    assert "[bold]Zoë" in shown
    assert "user2@corp.example" in shown


def test_control_characters_in_names_do_not_reach_the_terminal(
    rollcall: Rollcall, store: UserStore, tmp_path: Path
) -> None:
    hostile = "zo\x1b[2J\x9b2J\x07"
    store.create(stored(1, userName=hostile, title="CEO"))
    file = tmp_path / "users.csv"
    file.write_text(f'username,title\n{hostile}-there,CTO\n{hostile},CTO\n"ann\x1b[2J",CEO,odd\n', encoding="utf-8")
    rollcall("account", "enable", "acme")

    results = [
        rollcall("users", "list", "--account", "acme"),
        rollcall("users", "show", "--account", "acme", "--user-name", hostile),
        rollcall("users", "show", "--account", "acme", "--user-name", hostile + "not there"),
        rollcall("users", "reconcile", str(file), "--account", "acme"),
        rollcall("users", "import", str(file), "--account", "acme"),
    ]

    for result in results:
        assert not {"\x1b", "\x9b", "\x07"} & set(result.output), result.output
    assert "zo\ufffd[2J\ufffd2J\ufffd" in results[0].stdout


def test_a_long_list_is_cut_with_a_note(rollcall: Rollcall, store: UserStore) -> None:
    fill(store, 5)

    result = rollcall("users", "list", "--account", "acme", "--limit", "2", "--json")

    assert len(answer(result)["users"]) == 2
    assert "2 of 5 users" in result.stderr


def test_another_accounts_users_are_not_listed(rollcall: Rollcall, store: UserStore) -> None:
    fill(store, 2)
    rollcall("account", "enable", "globex")

    assert "The account globex has no users." in rollcall("users", "list", "--account", "globex").stdout
    assert answer(rollcall("users", "list", "--account", "globex", "--json")) == {"total": 0, "users": []}


@pytest.mark.parametrize(
    "which",
    [
        ("--email", "USER1@Corp.example"),
        ("--email", "\uff35ser1@corp\u3002example."),
        ("--user-name", "User1@corp.EXAMPLE"),
        ("--id", "00000001-0000-4000-8000-000000000000"),
    ],
)
def test_show_finds_a_user_by_address_name_or_id(rollcall: Rollcall, store: UserStore, which: tuple[str, str]) -> None:
    fill(store, 2)

    shown = answer(rollcall("users", "show", "--account", "acme", *which, "--json"))

    assert shown["userName"] == "user1@corp.example"
    assert shown["meta"] == {"resourceType": "User", "created": NOW, "lastModified": NOW, "version": 'W/"1"'}
    assert json.loads(rollcall("users", "show", "--account", "acme", *which).stdout) == shown


def test_no_user_found_is_one_line_and_exit_code_1(rollcall: Rollcall, store: UserStore) -> None:
    result = rollcall("users", "show", "--account", "acme", "--email", "nobody@corp.example")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [("list",), ("export",), ("show", "--email", "user0@corp.example")])
def test_a_mistyped_account_is_an_error_not_an_empty_list(
    rollcall: Rollcall, store: UserStore, command: tuple[str, ...]
) -> None:
    fill(store, 1)

    result = rollcall("users", *command, "--account", "acne")

    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        result.stderr
        == "rollcall: The account 'acne' does not exist. To create it: rollcall --local account enable acne\n"
    )


def test_a_dash_is_standard_output(
    rollcall: Rollcall, store: UserStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 1)
    monkeypatch.chdir(tmp_path)

    result = rollcall("users", "export", "--account", "acme", "--output", "-")

    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 1)
    assert not (tmp_path / "-").exists()


def test_an_export_to_a_missing_directory_is_reported_in_one_line(rollcall: Rollcall, store: UserStore) -> None:
    fill(store, 1)

    result = rollcall("users", "export", "--account", "acme", "--output", "/nowhere/users.jsonl")

    assert result.exit_code == 2
    assert result.stderr == "rollcall: The directory /nowhere does not exist, so users.jsonl cannot be written.\n"


@pytest.mark.parametrize("which", [(), ("--email", "a", "--id", "b")])
def test_show_wants_exactly_one_way_to_find_the_user(rollcall: Rollcall, which: tuple[str, ...]) -> None:
    result = rollcall("users", "show", *which)

    assert result.exit_code == 2
    assert "exactly one of --email, --user-name and --id" in result.stderr


def test_an_export_contains_every_user_and_only_its_owner_can_read_it(
    rollcall: Rollcall, store: UserStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.progress._PAGE", 3)
    users = fill(store, 7)
    target = tmp_path / "users.jsonl"

    exported = answer(rollcall("users", "export", "--account", "acme", "--output", str(target), "--json"))

    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [line["id"] for line in lines] == [each.id for each in users]
    assert exported["users"] == 7
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if "users" in path.name] == ["users.jsonl"]


def test_an_export_to_standard_output_is_nothing_but_users(rollcall: Rollcall, store: UserStore) -> None:
    users = fill(store, 3)

    result = rollcall("users", "export", "--account", "acme")

    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [each.id for each in users]


def test_a_table_export_runs_no_formula(rollcall: Rollcall, store: UserStore, tmp_path: Path) -> None:
    store.create(stored(1, displayName='=HYPERLINK("http://evil.example")', name={"givenName": "Zoë, the 2nd"}))
    target = tmp_path / "users.csv"

    rollcall("users", "export", "--account", "acme", "--format", "csv", "-o", str(target))

    with target.open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["displayName"] == '\'=HYPERLINK("http://evil.example")'
    assert row["givenName"] == "Zoë, the 2nd"
    assert row["email"] == "user1@corp.example"


def test_an_export_overwrites_a_file_only_after_confirmation(
    rollcall: Rollcall, store: UserStore, tmp_path: Path
) -> None:
    fill(store, 1)
    target = tmp_path / "users.jsonl"
    target.write_text("precious")
    command = ("users", "export", "--account", "acme", "--output", str(target))

    assert rollcall(*command, typed="n\n").exit_code == 1
    assert target.read_text() == "precious"
    assert rollcall(*command, "--yes").exit_code == 0
    assert target.read_text() != "precious"


def test_an_account_without_users_is_deleted_when_agreed(rollcall: Rollcall, store: UserStore) -> None:
    rollcall("account", "enable", "acme")

    assert rollcall("account", "delete", "acme", typed="n\n").exit_code == 1
    assert rollcall("account", "show", "acme").exit_code == 0
    assert answer(rollcall("account", "delete", "acme", "--yes", "--json"))["usersDeleted"] == 0
    assert rollcall("account", "show", "acme").exit_code == 1


def test_an_account_with_users_is_deleted_only_when_its_name_is_typed(rollcall: Rollcall, store: UserStore) -> None:
    rollcall("account", "enable", "acme")
    fill(store, 3)

    refused = [
        rollcall("account", "delete", "acme", typed="y\n"),
        rollcall("account", "delete", "acme", typed="acm\n"),
        rollcall("account", "delete", "acme", "--yes"),
        rollcall("account", "delete", "acme", "--yes", "--confirm-name", "other"),
        rollcall("account", "delete", "acme", "--confirm-name", "acme"),
    ]
    assert all(result.exit_code != 0 for result in refused)
    assert all("Traceback" not in result.output for result in refused)
    assert store.total() == 3
    assert answer(rollcall("account", "show", "acme", "--json"))["enabled"] is True

    deleted = rollcall("account", "delete", "acme", typed="acme\n")
    assert deleted.exit_code == 0
    assert "3 users" in deleted.stdout
    assert "users list --account acme" in deleted.stderr
    assert store.total() == 0
    assert store.find_by_email("user1@corp.example") is None
    assert rollcall("account", "show", "acme").exit_code == 1


def test_a_deletion_answers_programs_in_json(
    rollcall: Rollcall, store: UserStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.account_users._DELETED_TOGETHER", 3)
    rollcall("account", "enable", "acme")
    fill(store, 7)

    result = rollcall("account", "delete", "acme", "--yes", "--confirm-name", "acme", "--json")

    assert answer(result) == {
        "result": "deleted",
        "account": "acme",
        "usersDeleted": 7,
        "groupsDeleted": 0,
        "membershipsEnded": 0,
    }
    assert store.total() == 0


def test_an_account_is_deleted_with_its_groups_and_their_members(rollcall: Rollcall, table: Table) -> None:
    rollcall("account", "enable", "acme")
    account = table.account("acme", MonotonicDeadline.after(60))
    users = fill(account.users, 40)
    account.groups.create(stored_group(1, "Sales"), [each.id for each in users])
    account.groups.create(stored_group(2, "Empty"))

    refused = rollcall("account", "delete", "acme", "--yes")
    assert "has 40 users and 2 groups: add --confirm-name acme" in refused.stderr
    assert account.groups.total() == 2
    deleted = rollcall("account", "delete", "acme", "--yes", "--confirm-name", "acme")

    assert "and its 40 users and 2 groups are deleted, and 40 memberships ended." in deleted.stdout
    left = table.client.scan(TableName=table.table_name)["Items"]
    assert {item["pk"]["S"] for item in left if "GROUP" in item["pk"]["S"] or "MEMBER" in item["pk"]["S"]} <= {
        "acme#GROUPRANK"
    }
    assert sum(item["pk"]["S"] == "acme#GONE" for item in left) == 42  # for events that are lost
    assert (account.users.total(), account.groups.total()) == (0, 0)


def test_groups_alone_are_not_deleted_without_the_accounts_name(rollcall: Rollcall, table: Table) -> None:
    rollcall("account", "enable", "acme")
    table.account("acme", MonotonicDeadline.after(60)).groups.create(stored_group(1, "Sales"))

    assert rollcall("account", "delete", "acme", "--yes").exit_code == 2
    assert rollcall("account", "show", "acme").exit_code == 0


def test_a_user_is_shown_with_the_groups(rollcall: Rollcall, table: Table) -> None:
    account = table.account("acme", MonotonicDeadline.after(60))
    (user,) = fill(account.users, 1)
    account.groups.create(stored_group(1, "Sales"), [user.id])

    shown = answer(rollcall("users", "show", "--account", "acme", "--id", user.id, "--json"))

    assert shown["groups"] == [{"value": stored_group(1, "").id, "display": "Sales", "type": "direct"}]


def test_users_left_over_after_their_account_was_deleted_can_be_deleted_too(
    rollcall: Rollcall, store: UserStore
) -> None:
    fill(store, 2)

    deleted = rollcall("account", "delete", "acme", "--yes", "--confirm-name", "acme", "--json")

    assert answer(deleted)["usersDeleted"] == 2
    assert store.total() == 0


def test_an_unusable_secret_can_be_deleted(rollcall: Rollcall, store: UserStore, aws: Aws) -> None:
    aws("secretsmanager").create_secret(Name="rollcall/connectors/acme", SecretString="nonsense")

    assert rollcall("account", "delete", "acme", "--yes").exit_code == 0
    assert answer(rollcall("account", "list", "--json")) == []


def test_deleting_an_unknown_account_is_an_error(rollcall: Rollcall, store: UserStore) -> None:
    result = rollcall("account", "delete", "nobody", "--yes")

    assert result.exit_code == 1
    assert "The account 'nobody' does not exist" in result.stderr

"""`rollcall users deactivate`, `activate`, `delete`, `rename` and `set`: one user, by an operator's hand."""

from __future__ import annotations

import getpass
import json
import time
from pathlib import Path
from typing import Any

import pytest

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from adapters.dynamodb.users import DynamoDBUsers
from domain.accounts.deprovisioning import DeprovisioningPaused, Limit
from domain.errors import ServiceUnavailable
from domain.ports import UserStore
from domain.resources.stored_user import StoredUser
from support.invariants import assert_sound
from support.people import UNKNOWN_ID, stored, stored_group
from support.rollcall_command import Rollcall, answer
from support.samples import changed

pytestmark = pytest.mark.usefixtures("acme")

ADDRESS = "user1@corp.example"
BY_ADDRESS = ("--account", "acme", "--email", ADDRESS)


@pytest.fixture
def ann(store: UserStore) -> StoredUser:
    """The first of two users of acme, whose address is `ADDRESS`."""
    users = [stored(1, name={"familyName": "Lee"}, title="Analyst"), stored(2)]
    for each in users:
        store.create(each)
    return users[0]


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    """The record of the local server, as `rollcall` finds it."""
    return tmp_path / "activity.jsonl"


def lines(audit: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in audit.read_text().splitlines()] if audit.exists() else []


def account(table: Table) -> Any:
    return table.account("acme", MonotonicDeadline.after(60))


def now(store: UserStore, user: StoredUser) -> StoredUser:
    found = store.get(user.id)
    assert found is not None
    return found


def test_a_user_is_deactivated_and_activated_again(
    rollcall: Rollcall, store: UserStore, ann: StoredUser, audit: Path
) -> None:
    off = answer(rollcall("users", "deactivate", *BY_ADDRESS, "--yes", "--json"))
    was_active = now(store, ann).active
    on = answer(rollcall("users", "activate", *BY_ADDRESS, "--json"))

    assert off == {
        "result": "deactivated", "account": "acme", "userId": ann.id, "dryRun": False, "audited": True, "version": 2,
        "changes": [{"attribute": "active", "before": True, "after": False}], "membershipsEnded": 0,
    }  # fmt: skip
    assert (was_active, now(store, ann).active, on["result"], on["version"]) == (False, True, "activated", 3)
    assert [line["what"] for line in lines(audit)] == [
        "change-begun", "user-deactivated", "change-begun", "user-activated",
    ]  # fmt: skip


def test_a_removed_user_leaves_its_groups_and_its_name_is_free(
    rollcall: Rollcall, table: Table, store: UserStore, ann: StoredUser
) -> None:
    account(table).groups.create(stored_group(1, "Sales"), [ann.id, stored(2).id])

    result = rollcall("users", "delete", "--account", "acme", "--user-name", ADDRESS, typed="y\n")

    assert result.exit_code == 0, result.output
    assert f'Delete the user "{ADDRESS}" ({ann.id}) of acme permanently? 1 membership will end.' in result.stderr
    assert result.stdout.splitlines()[-1] == f"The user {ann.id} of acme is deleted, and 1 membership ended."
    assert store.get(ann.id) is None
    assert store.find_by_email(ADDRESS) is None
    assert [each.id for each in account(table).members.of(stored_group(1, "Sales").id)] == [stored(2).id]
    assert_sound(table, "acme")


def test_memberships_that_cannot_be_ended_are_said_to_be_left(
    rollcall: Rollcall, table: Table, store: UserStore, ann: StoredUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    account(table).groups.create(stored_group(1, "Sales"), [ann.id])

    def unreachable(*_: object) -> int:
        raise ServiceUnavailable("The table does not answer.")

    monkeypatch.setattr("adapters.dynamodb.groups.DynamoDBGroups.leave_all", unreachable)
    result = rollcall("users", "delete", *BY_ADDRESS, "--yes", "--json")

    assert answer(result)["membershipsEnded"] == 0
    assert "rollcall --local table check --account acme --repair" in result.stderr
    assert store.get(ann.id) is None


def test_a_user_is_renamed_and_found_by_the_new_name_alone(
    rollcall: Rollcall, table: Table, store: UserStore, ann: StoredUser
) -> None:
    result = rollcall("users", "rename", "ann.lee", *BY_ADDRESS)

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == f"The user {ann.id} of acme is renamed."
    assert "may change it back" in result.stderr
    assert store.find_by_user_name(ADDRESS) is None
    assert store.find_by_user_name("ANN.LEE") == now(store, ann)
    assert_sound(table, "acme")


def test_attributes_are_set_and_removed_together(rollcall: Rollcall, store: UserStore, ann: StoredUser) -> None:
    department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
    pairs = ("name.familyName", "Li", 'emails[type eq "work"].value', "ann@corp.example", department, "R&D")

    done = answer(rollcall("users", "set", *pairs, "--remove", "title", *BY_ADDRESS, "--json"))

    attributes = now(store, ann).attributes
    assert done["result"] == "set"
    assert {each["attribute"] for each in done["changes"]} >= {"name.familyName", "emails", department, "title"}
    assert attributes["name"] == {"familyName": "Li"}
    assert [each["value"] for each in attributes["emails"]] == ["ann@corp.example"]
    assert "title" not in attributes
    assert store.find_by_email(ADDRESS) is None


def test_values_are_read_as_json_where_that_is_asked_for(rollcall: Rollcall, store: UserStore, ann: StoredUser) -> None:
    roles = '[{"value": "admin", "primary": true}, {"value": "reader"}]'

    answer(rollcall("users", "set", "roles", roles, "title", "null", "--json-value", *BY_ADDRESS, "--json"))

    assert [each["value"] for each in now(store, ann).attributes["roles"]] == ["admin", "reader"]
    assert "title" not in now(store, ann).attributes


@pytest.mark.parametrize("text", ["false", "FALSE"])
def test_a_boolean_is_read_as_one_and_what_deactivates_asks_first(
    rollcall: Rollcall, store: UserStore, ann: StoredUser, audit: Path, text: str
) -> None:
    refused = rollcall("users", "set", "active", text, *BY_ADDRESS)
    assert (refused.exit_code, now(store, ann).active, lines(audit)) == (1, True, [])

    answer(rollcall("users", "set", "active", text, *BY_ADDRESS, "--yes", "--json"))

    assert not now(store, ann).active
    assert lines(audit)[-1]["what"] == "user-deactivated"


@pytest.mark.parametrize(
    "change",
    [
        ("deactivate",),
        ("delete",),
        ("rename", "ann.lee"),
        ("set", "title", "Head", "--remove", "name"),
        ("set", "active", "false"),
    ],
)
def test_a_dry_run_shows_the_difference_and_changes_and_records_nothing(
    *, rollcall: Rollcall, store: UserStore, ann: StoredUser, audit: Path, aws_calls: list[str], change: tuple[str, ...]
) -> None:
    shown = rollcall("users", *change, *BY_ADDRESS, "--dry-run")
    result = answer(rollcall("users", *change, *BY_ADDRESS, "--dry-run", "--json"))

    assert shown.exit_code == 0
    assert "Nothing was changed." in shown.stdout
    assert (result["result"], result["dryRun"], result["audited"]) == ("checked", True, False)
    assert bool(result["changes"]) is (change != ("delete",))
    assert now(store, ann) == ann
    assert lines(audit) == []
    assert not {name for name in aws_calls if not name.startswith(("Get", "BatchGet", "Query"))}


def test_nothing_is_asked_written_or_recorded_where_nothing_changes(
    rollcall: Rollcall, store: UserStore, ann: StoredUser, audit: Path
) -> None:
    results = [
        answer(rollcall("users", *change, *BY_ADDRESS, "--json"))
        for change in (("activate",), ("rename", ADDRESS), ("set", "title", "Analyst", "--remove", "nickName"))
    ]

    assert {result["result"] for result in results} == {"unchanged"}
    assert now(store, ann) == ann
    assert lines(audit) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("rename", "USER2@corp.example"), 'userName "USER2@corp.example" already belongs to another user'),
        (("rename", ""), "userName must not be empty"),
        (("rename", "n" * 1025), "userName has more than 1024 characters"),
        (("rename", "ann\u200blee"), "userName has"),
        (
            ("set", 'emails[type eq "work"].value', "user2@corp.example"),
            'emails.value "user2@corp.example" already belongs to another user',
        ),
        (("set", 'emails[type eq "home"].value', "a@b.example"), "matches no value in emails"),
        (("set", "nosuch", "x"), '"nosuch" is not an attribute of a User'),
        (("set", "nosuch[type eq", "x"), "The path is invalid"),
        (("set", "title", "t" * 4097), "title has more than 4096 characters"),
        (("set", "active", "ja", "--yes"), "active"),
        (("set", "id", UNKNOWN_ID), "id is read-only"),
        (("set", "groups", "[]", "--json-value"), "groups is read-only"),
        (("set", "password", "secret"), "password is not stored"),
        (("set", "password", '"secret"', "--json-value"), "password is not stored"),
        (("set", "roles", "admin"), "--json-value"),
        (("set", "title", "Head", "--json-value"), "is not JSON"),
        (("set", "title", "[" * 40 + "]" * 40, "--json-value"), "nested deeper"),
        (("set", "--remove", "userName"), "userName is required"),
    ],
)
def test_what_a_scim_request_may_not_do_an_operator_may_not_either(
    *, rollcall: Rollcall, store: UserStore, ann: StoredUser, audit: Path, change: tuple[str, ...], problem: str
) -> None:
    result = rollcall("users", *change, *BY_ADDRESS)

    assert (result.exit_code, result.stdout) == (1, "")
    assert problem in result.stderr
    assert result.stderr.endswith("Nothing was changed.\n")
    assert len(result.stderr.splitlines()) == 1
    assert now(store, ann) == ann
    assert lines(audit) == []


def test_no_mode_of_the_account_makes_a_wrong_attribute_a_success(
    rollcall: Rollcall, store: UserStore, ann: StoredUser
) -> None:
    assert rollcall("account", "set", "acme", "mode", "tolerant").exit_code == 0

    assert rollcall("users", "set", "nosuch", "x", *BY_ADDRESS).exit_code == 1
    assert now(store, ann) == ann


@pytest.mark.parametrize(
    "arguments",
    [
        ("deactivate", "--email", ADDRESS),
        ("delete", "--account", "acme"),
        ("delete", "--account", "acme", "--email", ADDRESS, "--id", UNKNOWN_ID),
        ("rename", "--account", "acme", "--email", ADDRESS),
        ("set", "title", *BY_ADDRESS),
        ("set", *BY_ADDRESS),
        ("delete", "--account", "ACME!", "--email", ADDRESS),
    ],
)
def test_an_incomplete_command_changes_nothing(
    rollcall: Rollcall, store: UserStore, ann: StoredUser, arguments: tuple[str, ...]
) -> None:
    result = rollcall("users", *arguments)

    assert result.exit_code == 2, result.output
    assert now(store, ann) == ann


def test_a_user_of_another_account_is_out_of_reach(rollcall: Rollcall, store: UserStore, ann: StoredUser) -> None:
    rollcall("account", "enable", "globex")

    result = rollcall("users", "delete", "--account", "globex", "--id", ann.id, "--yes")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "The account globex has no user" in result.stderr
    assert now(store, ann) == ann


@pytest.mark.parametrize("name", ["--yes", "-h", "--json", "--account=globex", "$(id)", "'; drop"])
def test_a_name_that_looks_like_an_option_is_a_name(
    rollcall: Rollcall, store: UserStore, ann: StoredUser, name: str
) -> None:
    assert rollcall("users", "rename", *BY_ADDRESS, "--", name).exit_code == 0
    assert rollcall("users", "set", "--account", "acme", f"--user-name={name}", "title", "--", name).exit_code == 0

    assert (now(store, ann).attributes["userName"], now(store, ann).attributes["title"]) == (name, name)


def test_an_operator_changes_a_user_of_a_paused_account_and_uses_none_of_its_limit(
    rollcall: Rollcall, table: Table, store: UserStore, ann: StoredUser
) -> None:
    guard = account(table).guard(Limit(1))
    guard.take(stored(2).id)
    with pytest.raises(DeprovisioningPaused):
        guard.take(ann.id)

    assert rollcall("users", "deactivate", *BY_ADDRESS, "--yes").exit_code == 0
    assert rollcall("users", "delete", *BY_ADDRESS, "--yes").exit_code == 0

    assert store.get(ann.id) is None
    assert (guard.state().used, guard.state().is_paused) == (1, True)


def test_a_user_whom_an_operator_changes_is_not_taken_over_by_an_identity_provider(
    rollcall: Rollcall, store: UserStore, ann: StoredUser
) -> None:
    rollcall("account", "set", "acme", "match-existing-by-email", "on")
    answer(rollcall("users", "set", "roles", '[{"value": "admin"}]', "--json-value", *BY_ADDRESS, "--json"))

    answer(rollcall("users", "rename", "ann.lee", *BY_ADDRESS, "--json"))

    assert now(store, ann).adoption is None
    assert now(store, ann).attributes["roles"] == [{"value": "admin"}]


def test_the_record_says_who_did_what_to_whom_and_no_personal_data(
    rollcall: Rollcall, ann: StoredUser, audit: Path
) -> None:
    answer(rollcall("users", "set", "title", "Head", "name.familyName", "Li", *BY_ADDRESS, "--json"))
    answer(rollcall("users", "deactivate", *BY_ADDRESS, "--yes", "--json"))
    answer(rollcall("users", "delete", *BY_ADDRESS, "--yes", "--json"))

    begun, done, *others = lines(audit)
    who = {"account": "acme", "actor": getpass.getuser(), "user_id": ann.id, "request_id": begun["request_id"]}
    of_each = {"level": "INFO", "message": "audit", "operation": "users set"} | who
    del begun["timestamp"], done["timestamp"]
    assert begun == of_each | {"what": "change-begun"}
    assert done == of_each | {"what": "user-changed", "attribute": "name.familyName, title"}
    assert [(line["what"], line.get("users_deactivated"), line.get("users_removed")) for line in others] == [
        ("change-begun", None, None), ("user-deactivated", 1, None),
        ("change-begun", None, None), ("user-deleted", None, 1),
    ]  # fmt: skip
    text = audit.read_text()
    assert not [word for word in (ADDRESS, "user1", "Head", 'Li"', "Lee", "Analyst") if word in text]


def test_a_change_that_fails_half_way_is_recorded_as_failed(
    rollcall: Rollcall, ann: StoredUser, audit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> None:
        raise ServiceUnavailable("The table does not answer.")

    monkeypatch.setattr(DynamoDBUsers, "replace", unreachable)
    result = rollcall("users", "deactivate", *BY_ADDRESS, "--yes", "--json")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "It is unknown whether the change was made" in result.stderr
    assert [(line["what"], line.get("reason")) for line in lines(audit)] == [
        ("change-begun", None), ("change-failed", "unavailable"),
    ]  # fmt: skip


def test_a_defect_leaves_neither_a_value_nor_a_traceback(
    rollcall: Rollcall, ann: StoredUser, audit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object, user: StoredUser, *__: object) -> None:
        raise RuntimeError(user.document)

    monkeypatch.setattr(DynamoDBUsers, "replace", broken)
    result = rollcall("users", "deactivate", *BY_ADDRESS, "--yes", "--json")

    assert result.exit_code == 1
    assert ADDRESS not in result.stderr.partition("?")[2] + audit.read_text()
    assert lines(audit)[-1]["reason"] == "RuntimeError"


def test_a_change_of_an_identity_provider_in_between_is_kept(
    rollcall: Rollcall, store: UserStore, ann: StoredUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = DynamoDBUsers.replace
    others = [changed(ann, title="Head")]

    def overtaken(users: DynamoDBUsers, current: StoredUser, replacement: StoredUser) -> None:
        if others:
            write(users, ann, others.pop())
        write(users, current, replacement)

    monkeypatch.setattr(DynamoDBUsers, "replace", overtaken)
    done = answer(rollcall("users", "deactivate", *BY_ADDRESS, "--yes", "--json"))

    after = now(store, ann)
    assert (after.active, after.attributes["title"], after.version, done["version"]) == (False, "Head", 3, 3)
    assert [each["attribute"] for each in done["changes"]] == ["active"]


def test_a_user_who_is_removed_in_between_is_reported_as_gone(
    rollcall: Rollcall, store: UserStore, ann: StoredUser, audit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = DynamoDBUsers.delete

    def overtaken(users: DynamoDBUsers, current: StoredUser) -> None:
        if store.get(ann.id) is not None:
            remove(users, ann)
        remove(users, current)

    monkeypatch.setattr(DynamoDBUsers, "delete", overtaken)
    result = rollcall("users", "delete", *BY_ADDRESS, "--yes")

    assert (result.exit_code, result.stdout) == (1, "")
    assert f'There is no user with id "{ann.id}"' in result.stderr
    assert lines(audit)[-1]["reason"] == "no-such-user"


def test_a_change_that_cannot_be_recorded_is_not_made_unless_that_is_asked_for(
    rollcall: Rollcall, store: UserStore, ann: StoredUser, audit: Path
) -> None:
    audit.mkdir()

    refused = rollcall("users", "deactivate", *BY_ADDRESS, "--yes")
    kept = now(store, ann)
    done = rollcall("users", "deactivate", *BY_ADDRESS, "--yes", "--unaudited", "--json")

    assert (refused.exit_code, refused.stdout, kept) == (1, "", ann)
    assert "Nothing was changed, because the audit line cannot be written" in refused.stderr
    assert "--unaudited" in refused.stderr
    assert answer(done)["audited"] is False
    assert "without a record of who made it" in done.stderr
    assert not now(store, ann).active


def test_a_record_that_ends_after_the_change_denies_nothing(
    rollcall: Rollcall, store: UserStore, ann: StoredUser, audit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = DynamoDBUsers.replace

    def replace_and_lose(users: DynamoDBUsers, current: StoredUser, replacement: StoredUser) -> None:
        write(users, current, replacement)
        audit.rename(audit.with_suffix(".kept"))
        audit.mkdir()

    monkeypatch.setattr(DynamoDBUsers, "replace", replace_and_lose)
    result = rollcall("users", "deactivate", *BY_ADDRESS, "--yes", "--json")

    (begun,) = lines(audit.with_suffix(".kept"))
    assert answer(result)["audited"] is False
    assert begun["request_id"] in result.stderr.replace("\n", "")
    assert not now(store, ann).active


class _Clock:
    """The clock of deadlines, which a test sets forward."""

    ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def time(self) -> float:
        return time.time()


@pytest.fixture
def hesitant(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator who answers a question after ten minutes."""
    clock = _Clock()
    monkeypatch.setattr("adapters.clock.time", clock)

    def after_ten_minutes(*_: object, **__: object) -> bool:
        clock.ahead += 600
        return True

    monkeypatch.setattr("typer.confirm", after_ten_minutes)


@pytest.mark.usefixtures("hesitant")
@pytest.mark.parametrize("change", ["deactivate", "delete"])
def test_a_question_may_be_answered_after_any_time(
    rollcall: Rollcall, table: Table, ann: StoredUser, change: str
) -> None:
    result = rollcall("users", change, *BY_ADDRESS)

    assert result.exit_code == 0, result.output
    after = account(table).users.get(ann.id)
    assert after is None or not after.active


@pytest.mark.usefixtures("hesitant")
def test_a_pause_may_be_ended_after_any_time(rollcall: Rollcall, table: Table) -> None:
    limit = Limit(1)
    answer(rollcall("account", "set", "acme", "deprovisioning-limit", "1", "--json"))
    account(table).guard(limit).take()

    result = rollcall("account", "resume", "acme")

    assert result.exit_code == 0, result.output
    assert not account(table).guard(limit).state().is_paused


def test_ctrl_c_during_a_change_says_that_it_may_be_made(
    rollcall: Rollcall, ann: StoredUser, audit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(DynamoDBUsers, "replace", pressed)
    result = rollcall("users", "deactivate", *BY_ADDRESS, "--yes", "--json")

    assert (result.exit_code, result.stdout) == (130, "")
    assert json.loads(result.stderr)["error"].startswith("Interrupted. It is unknown whether the change was made")
    assert lines(audit)[-1]["what"] == "change-failed"


def test_a_change_that_another_request_made_first_is_recorded_as_none(
    rollcall: Rollcall, store: UserStore, ann: StoredUser, audit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(*_: object, **__: object) -> bool:
        store.replace(ann, changed(ann, active=False))
        return True

    monkeypatch.setattr("typer.confirm", meanwhile)
    done = answer(rollcall("users", "deactivate", *BY_ADDRESS, "--json"))

    assert done["result"] == "unchanged"
    assert [line["what"] for line in lines(audit)] == ["change-begun", "unchanged"]

"""The lights of a set-up, the failures that its page shows, and what each means."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from domain.accounts.explanations import OPERATIONS, REASONS, explained, operation_in_words
from domain.accounts.setup_progress import MAX_FAILURES, LightName, Requests, UserChange, failures, lights
from support.recorded_secrets_manager import START
from support.repository import ROOT

NOW = START + timedelta(hours=1)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def requests(operation: str, status: int, minutes: float, reason: str | None = None, *, key: bool = True) -> Requests:
    return Requests(operation, status, reason, key, at(minutes), at(minutes))


def shown(
    found: list[Requests], changes: list[UserChange] | None = None, now: datetime = NOW, *, groups: bool = True
) -> dict[LightName, datetime | None]:
    return {light.name: light.since for light in lights(found, changes or [], now, groups=groups)}


def test_nothing_is_lit_before_the_first_request_and_by_a_wrong_key() -> None:
    assert set(shown([]).values()) == {None}
    assert set(shown([requests("ListUsers", 401, 1, "wrong-key", key=False)]).values()) == {None}


def test_a_refused_request_with_the_key_is_reached_and_not_tested() -> None:
    found = shown([requests("ListUsers", 400, 1, "invalid-filter")])

    assert (found["reached"], found["tested"]) == (at(1), None)


def test_a_successful_read_is_a_tested_connection() -> None:
    found = shown([requests("ListUsers", 200, 2), requests("Discovery", 200, 1)])

    assert (found["reached"], found["tested"], found["activated"]) == (at(1), at(1), None)


def test_a_test_user_who_is_deleted_again_is_an_activation_and_no_first_user() -> None:
    changes = [UserChange(at(3), True, "a"), UserChange(at(4), False, "a")]
    seen = [requests("CreateUser", 201, 3), requests("ReplaceUser", 200, 3.5), requests("DeleteUser", 204, 4)]

    found = shown(seen, changes)

    assert (found["activated"], found["first-user"]) == (at(4), None)


def test_a_user_who_was_just_created_may_still_be_the_test_user() -> None:
    changes = [UserChange(at(3), True, "a")]
    seen = [requests("CreateUser", 201, 3), requests("ReplaceUser", 200, 3.1)]

    assert shown(seen, changes, at(3.5))["first-user"] is None
    assert shown(seen, changes, at(3.5))["activated"] is None
    assert shown(seen, changes, at(4))["first-user"] == at(3)


def test_of_several_users_one_is_the_first_user_at_once() -> None:
    changes = [UserChange(at(3), True, "a"), UserChange(at(3.1), True, "b")]

    found = shown([requests("CreateUser", 201, 3)], changes, at(3.2))

    assert (found["activated"], found["first-user"]) == (at(3), at(3))


def test_after_the_test_user_the_next_one_is_the_first_user_at_once() -> None:
    changes = [UserChange(at(3), True, "a"), UserChange(at(4), False, "a"), UserChange(at(5), True, "b")]

    found = shown([requests("CreateUser", 201, 3)], changes, at(5))

    assert (found["activated"], found["first-user"]) == (at(4), at(5))


def test_a_provider_without_test_user_is_activated_by_its_first_change() -> None:
    assert shown([requests("PatchUser", 200, 7)])["activated"] == at(7)
    assert shown([requests("CreateUser", 201, 7)], [UserChange(at(7), True, "a")])["activated"] == at(7)
    assert shown([requests("PatchUser", 404, 7, "no-such-user")])["activated"] is None


def test_a_user_deleted_long_after_is_no_test_user() -> None:
    changes = [UserChange(at(3), True, "a"), UserChange(at(30), False, "a")]

    assert shown([requests("CreateUser", 201, 3)], changes)["activated"] is None


def test_the_light_of_groups_is_there_for_accounts_with_groups() -> None:
    seen = [requests("CreateGroup", 409, 1, "group-name-exists"), requests("CreateGroup", 201, 8)]

    assert shown(seen)["first-group"] == at(8)
    assert "first-group" not in shown(seen, groups=False)


def test_failures_are_the_latest_first_and_not_more_than_ten() -> None:
    seen = [requests("ListUsers", 200, 60), *(requests("CreateUser", 409, n, f"reason-{n}") for n in range(20))]

    found = failures(seen)

    assert [each.reason for each in found] == [f"reason-{n}" for n in range(19, 19 - MAX_FAILURES, -1)]


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_an_explanation_is_for_people_without_access_to_the_service(reason: str) -> None:
    meaning, remedy = explained(reason)

    assert "rollcall" not in meaning + remedy
    assert "DynamoDB" not in meaning + remedy
    assert meaning.endswith(".")
    assert remedy.rstrip("\u201d").endswith((".", "?"))


def test_a_reason_of_another_release_is_explained_in_general() -> None:
    assert explained("of-tomorrow").meaning == "The request was refused."


def test_every_operation_of_the_log_has_words() -> None:
    handlers = (ROOT / "src" / "handlers").glob("*.py")
    named = {name for path in handlers for name in re.findall(r'endpoint\("(\w+)"', path.read_text(encoding="utf-8"))}

    assert named - OPERATIONS == {"Unrouted"}
    assert operation_in_words("Unrouted") == "Another request"

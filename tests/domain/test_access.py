"""Changes that take a user's access away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts.access import is_deactivated, is_fresh, loses_identity, traced
from domain.resources.stored_user import MADE_BY_CLIENT, StoredUser

MADE = "2030-01-01T12:00:00.000Z"


def user(name: str, *addresses: str, **more: object) -> StoredUser:
    emails = [{"value": address} for address in addresses]
    return StoredUser.new("1", {"userName": name, **({"emails": emails} if emails else {}), **more}, MADE)


def day(number: int) -> str:
    return f"2030-02-{number:02}T12:00:00.000Z"


@pytest.mark.parametrize(
    ("before", "after", "loses"),
    [
        (user("ada", "ada@x.example"), user("eve", "eve@x.example"), True),
        (user("ada", "ada@x.example"), user("eve"), True),
        (user("ada"), user("eve", "ada@x.example"), True),
        (user("ada", "ada@x.example"), user("ada@x.example", "ada"), True),
        (user("ada", "ada@x.example"), user("ada", "eve@x.example"), False),
        (user("ada", "ada@x.example"), user("eve", "ADA@x.example"), False),
        (user("ada", "a@x.example", "b@x.example"), user("eve", "b@x.example"), False),
        (user("ada"), user("ADA"), False),
    ],
)
def test_an_identity_is_lost_when_neither_name_nor_address_remains(
    before: StoredUser, after: StoredUser, loses: bool
) -> None:
    assert loses_identity(before, after, day(1)) is loses


def test_a_removed_part_of_an_identity_is_remembered_for_a_week() -> None:
    first = user("ada", "ada@x.example")
    second = traced(first, user("ada", "eve@x.example"), day(1))

    assert loses_identity(second, user("eve", "eve@x.example"), day(7))
    assert not loses_identity(second, user("eve", "eve@x.example"), day(9))


def test_other_changes_in_between_keep_the_removed_parts() -> None:
    changing = traced(user("ada", "ada@x.example"), user("ada", "ada@x.example", "eve@x.example"), day(1))
    changing = traced(changing, replace(changing, version=2), day(2))
    changing = traced(changing, replace(user("eve", "ada@x.example", "eve@x.example"), trace=changing.trace), day(3))

    assert loses_identity(changing, user("eve", "eve@x.example"), day(4))


def test_a_trace_contains_no_name_and_is_dropped_when_the_identity_is_restored() -> None:
    whole = user("ada", "ada@x.example")
    part = traced(whole, user("ada"), day(1))
    other = traced(part, replace(user("ada", "eve@x.example"), trace=part.trace), day(1))

    assert other.trace is not None
    assert "ada" not in other.trace
    assert traced(other, replace(user("ada"), trace=other.trace), day(2)).trace is None


_NAMES = st.sampled_from(["a", "b", "c"])
_USERS = st.builds(lambda name, addresses: user(name, *addresses), _NAMES, st.sets(_NAMES, max_size=3))


@given(st.lists(_USERS, min_size=2, max_size=6))
def test_on_any_path_to_another_identity_one_step_loses_it(steps: list[StoredUser]) -> None:
    current, lost = steps[0], False
    for step in steps[1:]:
        lost = lost or loses_identity(current, step, day(1))
        current = traced(current, step, day(1))

    if loses_identity(steps[0], steps[-1], day(1)):
        assert lost


def test_an_inactive_user_is_not_deactivated_again() -> None:
    assert is_deactivated(user("ada"), user("ada", active=False))
    assert not is_deactivated(user("ada", active=False), user("ada", active=False))


@pytest.mark.parametrize(
    ("adoption", "now", "fresh"),
    [
        (MADE_BY_CLIENT, "2030-01-01T12:59:59.999Z", True),
        (MADE_BY_CLIENT, "2030-01-01T13:00:00.000Z", False),
        (None, "2030-01-01T12:00:01.000Z", False),
        ("an adoption", "2030-01-01T12:00:01.000Z", False),
    ],
)
def test_only_users_whom_a_client_made_within_the_hour_are_fresh(adoption: str | None, now: str, fresh: bool) -> None:
    assert is_fresh(replace(user("ada"), adoption=adoption), now) is fresh

"""Cursors of RFC 9865: sealed, expiring, bound to account and query."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ExpiredCursor, InvalidCursor
from domain.limits import CURSOR_LIFETIME, MAX_SORT_CHARACTERS
from domain.queries.cursor import CursorSeal, Position

KEY = b"k" * 32


def seal(account: str = "acme", now: float = 1000.0, key: bytes = KEY) -> CursorSeal:
    return CursorSeal(key, account, lambda: now)


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
POSITIONS = st.one_of(st.text(max_size=60), st.tuples(SCALARS, st.text(max_size=60)).map(list))


@given(POSITIONS, st.text(max_size=40))
def test_a_sealed_cursor_opens_to_its_position(position: Position, query: str) -> None:
    assert seal().open(seal().seal(position, query), query) == position


@pytest.mark.parametrize("worst", ["\x01", "\U0010ffff", '"', "\ud800"])
def test_a_cursor_of_any_position_leaves_room_in_an_address(worst: str) -> None:
    cursor = seal().seal([worst * MAX_SORT_CHARACTERS, str(UUID(int=0))], "q")

    assert len(cursor) < 2_300


def test_a_count_of_users_passed_as_an_earlier_release_sealed_it_is_refused() -> None:
    with pytest.raises(InvalidCursor, match="Start again with an empty cursor"):
        seal().open(seal().seal(7, "q"), "q")  # type: ignore[arg-type]  # an earlier release sealed a number


@given(st.text(max_size=60))
def test_a_cursor_has_unreserved_url_characters_only(position: str) -> None:
    cursor = seal().seal(position, "")

    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert cursor.isascii()


@pytest.mark.parametrize("other", [seal(account="other"), seal(key=b"x" * 32)])
def test_a_cursor_is_refused_for_another_account(other: CursorSeal) -> None:
    with pytest.raises(InvalidCursor):
        other.open(seal().seal("id", "q"), "q")


def test_a_cursor_is_refused_for_another_query() -> None:
    with pytest.raises(InvalidCursor):
        seal().open(seal().seal("id", "a"), "b")


def test_an_old_cursor_has_expired() -> None:
    cursor = seal().seal("id", "q")

    assert seal(now=1000.0 + CURSOR_LIFETIME).open(cursor, "q") == "id"
    with pytest.raises(ExpiredCursor):
        seal(now=1001.0 + CURSOR_LIFETIME).open(cursor, "q")


@given(st.text(max_size=80))
def test_any_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(InvalidCursor):
        seal().open(text, "q")


@given(st.data())
def test_a_changed_cursor_is_refused(data: st.DataObject) -> None:
    cursor = seal().seal("0f", "q")
    position = data.draw(st.integers(0, len(cursor) - 2))
    letter = data.draw(st.sampled_from("ABCDEFGHabcdefgh01234567-_").filter(lambda drawn: drawn != cursor[position]))

    with pytest.raises(InvalidCursor):
        seal().open(cursor[:position] + letter + cursor[position + 1 :], "q")

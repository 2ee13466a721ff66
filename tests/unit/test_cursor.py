"""Cursors of RFC 9865: sealed, expiring, bound to account and query."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cursor import LIFETIME_SECONDS, CursorSeal
from domain.errors import ExpiredCursor, InvalidCursor

KEY = b"k" * 32


def seal(account: str = "acme", now: float = 1000.0, key: bytes = KEY) -> CursorSeal:
    return CursorSeal(key, account, lambda: now)


@given(st.one_of(st.text(max_size=60), st.integers(min_value=0)), st.text(max_size=40))
def test_what_was_sealed_is_opened(position: str | int, query: str) -> None:
    assert seal().open(seal().seal(position, query), query) == position


@given(st.text(max_size=60))
def test_a_cursor_has_unreserved_url_characters_only(position: str) -> None:
    cursor = seal().seal(position, "")

    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert cursor.isascii()


@pytest.mark.parametrize("other", [seal(account="other"), seal(key=b"x" * 32)])
def test_a_cursor_means_nothing_to_another_account(other: CursorSeal) -> None:
    with pytest.raises(InvalidCursor):
        other.open(seal().seal("id", "q"), "q")


def test_a_cursor_means_nothing_to_another_query() -> None:
    with pytest.raises(InvalidCursor):
        seal().open(seal().seal("id", "a"), "b")


def test_an_old_cursor_has_expired() -> None:
    cursor = seal().seal("id", "q")

    assert seal(now=1000.0 + LIFETIME_SECONDS).open(cursor, "q") == "id"
    with pytest.raises(ExpiredCursor):
        seal(now=1001.0 + LIFETIME_SECONDS).open(cursor, "q")


@given(st.text(max_size=80))
def test_nothing_else_opens(text: str) -> None:
    with pytest.raises(InvalidCursor):
        seal().open(text, "q")


@given(st.data())
def test_a_changed_cursor_does_not_open(data: st.DataObject) -> None:
    cursor = seal().seal("0f", "q")
    position = data.draw(st.integers(0, len(cursor) - 2))
    letter = data.draw(st.sampled_from("ABCDEFGHabcdefgh01234567-_").filter(lambda drawn: drawn != cursor[position]))

    with pytest.raises(InvalidCursor):
        seal().open(cursor[:position] + letter + cursor[position + 1 :], "q")

"""Listing, filtering, sorting and paging over the in-memory twin of the table (RFC 7644 section 3.4.2, RFC 9865)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidCount, InvalidCursor, InvalidFilter, InvalidValue, TooMany
from domain.limits import MAX_PAGE_CHARACTERS, MAX_PAGE_SIZE
from domain.queries.cursor import CursorSeal
from domain.queries.listing import Directory, Query, Result
from domain.queries.projection import Projection
from domain.queries.rendering import Renderer
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN, USER
from domain.tolerances import Strict
from support.memory import InMemoryUsers

NOW = "2026-01-01T00:00:00.000Z"
TITLES = (None, "analyst", "Boss", "chief")


def stored(number: int, **attributes: Any) -> StoredUser:
    user_id = f"{number * 37 % 4096:03x}{number:05x}-0000-4000-8000-000000000000"
    base = {
        "schemas": [CORE_URN],
        "userName": f"User{number % 50:02}-{number}",
        "emails": [{"value": f"u{number}@Example.com", "type": "work", "primary": True}],
        "externalId": f"e{number % 10}",
        "active": number % 2 == 0,
    }
    title = TITLES[number % 4]
    return StoredUser.new(user_id, base | ({"title": title} if title else {}) | attributes, NOW)


def directory(users: list[StoredUser]) -> Directory:
    store = InMemoryUsers()
    for user in users:
        store.create(user)
    return Directory(
        store,
        Renderer("https://x.example/scim/v2", Projection.of(USER), USER),
        CursorSeal(b"k" * 32, "a", lambda: 0.0),
        Strict(USER),
    )


@pytest.fixture(scope="module")
def hundred() -> Directory:
    return directory([stored(number) for number in range(100)])


def search(where: Directory, **parameters: Any) -> Result:
    return where.search(Query.of(parameters))


def ids(result: Result) -> list[str]:
    return [user.id for user in result.resources]


def crawl(where: Directory, **parameters: Any) -> Iterator[str]:
    cursor: str | None = ""
    while cursor is not None:
        result = search(where, cursor=cursor, **parameters)
        yield from ids(result)
        cursor = result.next_cursor


def test_without_parameters_the_first_page_comes_with_the_exact_total() -> None:
    result = search(directory([stored(number) for number in range(130)]))

    assert (len(result.resources), result.total, result.start_index) == (100, 130, 1)


def test_a_page_has_a_thousand_users_at_most() -> None:
    result = search(directory([stored(number) for number in range(1001)]), count="99999")

    assert (len(result.resources), result.total) == (1000, 1001)


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        ("1", "10", slice(0, 10)),
        ("91", "20", slice(90, 100)),
        ("101", "10", slice(0, 0)),
        ("0", "2", slice(0, 2)),
        ("-5", "2", slice(0, 2)),
        ("5", "0", slice(0, 0)),
        ("5", "-1", slice(0, 0)),
        ("1", "99999", slice(0, 100)),
    ],
)
def test_a_page_is_exactly_what_was_asked_for(hundred: Directory, start: str, count: str, expected: slice) -> None:
    everyone = ids(search(hundred, count="100"))

    result = search(hundred, startIndex=start, count=count)

    assert ids(result) == everyone[expected]
    assert result.total == 100


@pytest.mark.parametrize(
    "parameters",
    [
        {"startIndex": "x"},
        {"count": "1.5"},
        {"count": True},
        {"sortOrder": "up"},
        {"filter": 5},
        {"sortBy": "shoeSize"},
        {"count": "9" * 5000},
    ],
)
def test_parameters_that_mean_nothing_are_refused(hundred: Directory, parameters: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        search(hundred, **parameters)


def test_an_invalid_filter_is_refused(hundred: Directory) -> None:
    with pytest.raises(InvalidFilter):
        search(hundred, filter="userName like 5")


@pytest.mark.parametrize(
    ("filter_", "count"),
    [
        ('userName eq "USER07-7"', 1),
        ('emails.value eq "U8@example.COM"', 1),
        ('emails eq "u8@example.com"', 1),
        ('emails[type eq "work"].value eq "u8@example.com"', 1),
        ('emails[type eq "home"].value eq "u8@example.com"', 0),
        ('externalId eq "e3"', 10),
        ('externalId eq "E3"', 0),
        ('externalId eq "e3" and active eq true', 0),
        ('userName eq "nobody"', 0),
        ('userName sw "user0"', 20),
        ('emails.value sw "U1"', 11),
        ('userName sw "user0" and active eq true', 10),
        ("active eq true", 50),
        ("title pr", 75),
        ('title eq "boss" or title eq "CHIEF"', 50),
        ('not (title pr) and userName co "-9"', 2),
    ],
)
def test_a_filter_finds_its_users_and_counts_them(hundred: Directory, filter_: str, count: int) -> None:
    result = search(hundred, filter=filter_, count="5")

    assert result.total == count
    assert len(result.resources) == min(count, 5)


def test_pages_of_a_filter_join_to_the_whole(hundred: Directory) -> None:
    whole = ids(search(hundred, filter="active eq true"))

    pages = [
        ids(search(hundred, filter="active eq true", startIndex=str(start), count="7")) for start in range(1, 60, 7)
    ]

    assert [one for page in pages for one in page] == whole


@pytest.mark.parametrize("filter_", ['userName sw "USER1"', 'emails.value sw "u1"', 'userName sw "user1" and title pr'])
@pytest.mark.parametrize("sort_by", ["userName", "title", "emails.value"])
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_a_prefix_is_sorted_without_reading_all_users(
    hundred: Directory, monkeypatch: pytest.MonkeyPatch, filter_: str, sort_by: str, order: str
) -> None:
    query = {"sortBy": sort_by, "sortOrder": order, "count": "7"}
    everyone = search(hundred, filter=f'({filter_}) or id eq "nobody"', **query)
    monkeypatch.setattr(InMemoryUsers, "scan", None)

    found = search(hundred, filter=filter_, **query)

    assert (ids(found), found.total) == (ids(everyone), everyone.total)
    assert found.total in {11, 15, 20}


@pytest.mark.parametrize(
    "sort_by",
    ["userName", "title", "emails", "meta.created", "active", "urn:ietf:params:scim:schemas:core:2.0:User:title"],
)
@pytest.mark.parametrize("order", ["ascending", "Descending"])
def test_pages_of_a_sorted_list_join_to_the_whole(hundred: Directory, sort_by: str, order: str) -> None:
    whole = ids(search(hundred, sortBy=sort_by, sortOrder=order))

    pages = [
        ids(search(hundred, sortBy=sort_by, sortOrder=order, startIndex=str(n), count="30")) for n in (1, 31, 61, 91)
    ]

    assert [one for page in pages for one in page] == whole
    assert len(set(whole)) == 100


def test_users_without_the_value_come_last_ascending_and_first_descending(hundred: Directory) -> None:
    ascending = [user.attributes.get("title") for user in search(hundred, sortBy="title").resources]
    descending = [
        user.attributes.get("title") for user in search(hundred, sortBy="title", sortOrder="descending").resources
    ]

    assert ascending == ["analyst"] * 25 + ["Boss"] * 25 + ["chief"] * 25 + [None] * 25
    assert descending == [None] * 25 + ["chief"] * 25 + ["Boss"] * 25 + ["analyst"] * 25


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"filter": "active eq true"},
        {"sortBy": "userName"},
        {"sortBy": "title", "sortOrder": "descending"},
        {"filter": 'externalId eq "e3"'},
    ],
)
@pytest.mark.parametrize("count", ["1", "7", "100"])
def test_a_crawl_by_cursor_sees_each_user_once(hundred: Directory, parameters: dict[str, str], count: str) -> None:
    seen = list(crawl(hundred, count=count, **parameters))

    assert seen == ids(search(hundred, count="1000", **parameters))


def test_the_last_page_has_no_next_cursor(hundred: Directory) -> None:
    assert search(hundred, cursor="", count="100").next_cursor is None
    assert search(hundred, cursor="", count="99").next_cursor is not None


def test_more_matches_than_can_be_sorted_are_too_many(hundred: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.queries.windows.MAX_SORTED", 99)

    with pytest.raises(TooMany):
        search(hundred, sortBy="displayName")
    assert search(hundred, sortBy="displayName", filter=f'id ne "{ids(search(hundred))[0]}"').total == 99


def test_a_cursor_belongs_to_its_query(hundred: Directory) -> None:
    cursor = search(hundred, cursor="", count="10").next_cursor

    with pytest.raises(InvalidCursor):
        search(hundred, cursor=cursor, filter="active eq true", count="10")


@pytest.mark.parametrize("count", ["0", "-1", str(MAX_PAGE_SIZE + 1)])
def test_a_count_out_of_bounds_is_refused_with_a_cursor(hundred: Directory, count: str) -> None:
    with pytest.raises(InvalidCount):
        search(hundred, cursor="", count=count)


def test_a_page_ends_before_the_answer_is_too_large_and_the_next_continues() -> None:
    large = directory([stored(number, displayName="x" * (MAX_PAGE_CHARACTERS // 12)) for number in range(30)])

    first = search(large)
    second = search(large, startIndex=str(1 + len(first.resources)))

    assert 1 < len(first.resources) < 30
    assert not set(ids(first)) & set(ids(second))
    assert len(list(crawl(large))) == 30


@given(st.integers(1, 120), st.integers(0, 120))
def test_any_page_is_that_part_of_the_list(hundred: Directory, start: int, count: int) -> None:
    everyone = ids(search(hundred, count="100"))

    assert ids(search(hundred, startIndex=start, count=count)) == everyone[start - 1 : start - 1 + count]

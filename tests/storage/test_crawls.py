"""Crawls by cursor while users come, go and are renamed: who stays is seen once, in every order and on every store."""

from __future__ import annotations

import itertools
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.limits import MAX_PAGE_CHARACTERS, MAX_SORT_CHARACTERS
from domain.ports import IndexEntry, UserStore
from domain.queries.cursor import CursorSeal
from domain.queries.listing import Directory, Query
from domain.queries.projection import Projection
from domain.queries.rendering import Renderer
from domain.resources.attributes import Index
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import USER
from domain.tolerances import Strict
from support.examples import examples
from support.memory import InMemoryUsers
from support.samples import LATER, NOW, Patience, new_id

BY_NAME = {"sortBy": "userName"}
QUERIES: tuple[dict[str, str], ...] = (
    {},
    {"filter": 'userName sw "n"'},
    {"filter": 'userName sw "n" and active eq true'},
    {"filter": 'emails sw "m"'},
    {"filter": 'emails[type eq "work" and value sw "m"]'},
    {"filter": 'externalId eq "e"'},
    {"filter": "title pr"},
    BY_NAME,
    {"sortBy": "userName", "sortOrder": "descending"},
    {"sortBy": "title"},
    {"sortBy": "title", "sortOrder": "descending"},
    {"sortBy": "emails"},
    {"sortBy": "active", "sortOrder": "descending"},
    {"sortBy": "meta.lastModified", "sortOrder": "descending"},
    {"filter": 'externalId eq "e"', "sortBy": "title", "sortOrder": "descending"},
    {"filter": 'userName sw "n"', "sortBy": "userName", "sortOrder": "descending"},
    {"filter": 'userName sw "n" and title pr', "sortBy": "userName"},
    {"filter": 'userName sw "n"', "sortBy": "emails.value"},
    {"filter": "active eq true", "sortBy": "userName", "sortOrder": "descending"},
)
NAMES = st.sampled_from(["n", "na", "nb", "nz", "m", "x"])
MAILS = st.lists(st.sampled_from(["ma", "mb", "mz", "l"]), max_size=3, unique=True)
TITLES = st.sampled_from([None, "a", "B", "b", "z" * (MAX_SORT_CHARACTERS + 1), "z" * (MAX_SORT_CHARACTERS + 2)])
LOOKS: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict, name=NAMES, mails=MAILS, title=TITLES, external=st.booleans(), active=st.booleans()
)
CHANGES = st.lists(
    st.tuples(st.sampled_from(["create", "delete", "change"]), st.integers(0, 50), LOOKS), max_size=5
)  # fmt: skip

_accounts = itertools.count()


def attributes(number: int, look: dict[str, Any]) -> dict[str, Any]:
    """A user of that look, whose userName and addresses no other user has."""
    said: dict[str, Any] = {"userName": f"{look['name']}{number}", "active": look["active"]}
    if look["mails"]:
        said["emails"] = [{"value": f"{mail}{number}@example.com", "type": "work"} for mail in look["mails"]]
    if look["title"] is not None:
        said["title"] = look["title"]
    if look["external"]:
        said["externalId"] = "e"
    return said


@dataclass
class Crowd:
    """Users who stay as they are, and others whom anything happens to."""

    store: UserStore
    stay: list[StoredUser] = field(default_factory=list)
    others: list[StoredUser] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    random: Random = field(default_factory=lambda: Random(11))

    def create(self, look: dict[str, Any]) -> StoredUser:
        user = StoredUser.new(new_id(self.random), attributes(next(self.numbers), look), NOW)
        self.store.create(user)
        return user

    def change(self, what: str, which: int, look: dict[str, Any]) -> None:
        if what == "create" or not self.others:
            self.others.append(self.create(look))
            return
        other = self.others.pop(which % len(self.others))
        if what == "delete":
            self.store.delete(other)
            return
        changed = other.changed_to(attributes(next(self.numbers), look), LATER)
        self.store.replace(other, changed)
        self.others.append(changed)


def directory(store: UserStore) -> Directory:
    renderer = Renderer("https://x.example/scim/v2", Projection.of(USER), USER)
    return Directory(store, renderer, CursorSeal(b"k" * 32, "a", lambda: 0.0), Strict(USER))


def crawl(crowd: Crowd, query: dict[str, str], count: int, changes: list[list[Any]]) -> list[list[str]]:
    """The ids of each page; what is listed for a page happens after it."""
    users = directory(crowd.store)
    pages: list[list[str]] = []
    cursor: str | None = ""
    while cursor is not None:
        total = users.search(Query.of({**query, "count": "0"})).total
        page = users.search(Query.of({**query, "cursor": cursor, "count": str(count)}))
        assert page.total == total
        assert len(page.resources) <= count
        pages.append([user.id for user in page.resources])
        cursor = page.next_cursor
        for change in changes[len(pages) - 1] if len(pages) <= len(changes) else ():
            crowd.change(*change)
    return pages


def hold(new_store: Callable[[], UserStore], count: int) -> None:
    @settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(
        query=st.sampled_from(QUERIES),
        stay=st.lists(LOOKS, max_size=8),
        others=st.lists(LOOKS, max_size=5),
        count=st.integers(1, 4),
        changes=st.lists(CHANGES, max_size=6),
    )
    def property_(query: dict[str, str], stay: list[Any], others: list[Any], count: int, changes: list[Any]) -> None:
        crowd = Crowd(new_store())
        crowd.stay, crowd.others = list(map(crowd.create, stay)), list(map(crowd.create, others))
        everyone = directory(crowd.store).search(Query.of({**query, "count": "1000"})).resources
        staying = {user.id for user in crowd.stay}
        expected = [user.id for user in everyone if user.id in staying]

        seen = [user_id for page in crawl(crowd, query, count, changes) for user_id in page]

        assert [user_id for user_id in seen if user_id in staying] == expected
        if "sortBy" not in query:
            # The order of ids: what is changed keeps its place.
            assert len(seen) == len(set(seen))

    property_()


def test_a_lasting_user_is_seen_once_in_the_in_memory_store() -> None:
    hold(InMemoryUsers, examples(50, thorough=200))


def test_a_lasting_user_is_seen_once_in_the_table(table: Any, request: pytest.FixtureRequest) -> None:
    count = 3 if "moto" in request.node.name else 40
    hold(lambda: table.account(f"account-{next(_accounts)}", Patience()).users, count)


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_deleting_a_user_of_an_earlier_page_skips_no_other_user(query: dict[str, str]) -> None:
    crowd = Crowd(InMemoryUsers())
    look = {"name": "n", "mails": ["ma", "mb"], "title": "a", "external": True, "active": True}
    users = [crowd.create(look) for _ in range(9)]
    where = directory(crowd.store)
    first = where.search(Query.of({**query, "cursor": "", "count": "3"}))

    # The very user whose key the cursor holds is among them.
    for user in first.resources:
        crowd.store.delete(next(each for each in users if each.id == user.id))
    rest = [one for page in _rest(where, query, first.next_cursor) for one in page]

    assert len(first.resources) == 3
    assert {user.id for user in first.resources} | set(rest) == {user.id for user in users}
    assert len(rest) == 6


def _rest(where: Directory, query: dict[str, str], cursor: str | None) -> list[list[str]]:
    pages = []
    while cursor is not None:
        page = where.search(Query.of({**query, "cursor": cursor, "count": "4"}))
        pages.append([user.id for user in page.resources])
        cursor = page.next_cursor
    return pages


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_a_crawl_ends_when_all_remaining_users_are_deleted(query: dict[str, str]) -> None:
    crowd = Crowd(InMemoryUsers())
    look = {"name": "n", "mails": ["ma", "mb"], "title": "a", "external": True, "active": True}
    users = {user.id: user for user in [crowd.create(look) for _ in range(9)]}
    where = directory(crowd.store)
    first = where.search(Query.of({**query, "cursor": "", "count": "3"}))

    for user_id in users.keys() - {user.id for user in first.resources}:
        crowd.store.delete(users[user_id])
    last = where.search(Query.of({**query, "cursor": first.next_cursor, "count": "3"}))

    assert (list(last.resources), last.total, last.next_cursor) == ([], 3, None)


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_a_page_that_ends_early_is_followed_by_the_rest(query: dict[str, str]) -> None:
    crowd = Crowd(InMemoryUsers())
    look = {"name": "n", "mails": ["ma"], "title": "a", "external": True, "active": True}
    users = [
        StoredUser.new(
            new_id(crowd.random), attributes(number, look) | {"note": "x" * (MAX_PAGE_CHARACTERS // 12)}, NOW
        )
        for number in range(30)
    ]
    for user in users:
        crowd.store.create(user)

    pages = _rest(directory(crowd.store), query | {"count": "100"}, "")

    assert len(pages) == 8
    assert sorted(one for page in pages for one in page) == sorted(user.id for user in users)


class Renaming(InMemoryUsers):
    """A store in which a user is renamed, and another goes, while a page is between its index and its users."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], None] = lambda: None

    def get_many(self, user_ids: Any) -> list[StoredUser]:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return super().get_many(user_ids)


@pytest.mark.parametrize("query", [one for one in QUERIES if "userName" in str(one)], ids=str)
def test_changes_between_reading_the_index_and_its_users_move_no_position(query: dict[str, str]) -> None:
    store = Renaming()
    crowd = Crowd(store)
    look = {"name": "nb", "mails": ["ma"], "title": "a", "external": True, "active": True}
    users = [crowd.create(look) for _ in range(6)]
    where = directory(store)
    order = [user.id for user in where.search(Query.of({**query, "count": "9"})).resources]
    by_id = {user.id: user for user in users}
    last, before = by_id[order[1]], by_id[order[0]]

    def meanwhile() -> None:
        store.delete(before)
        store.replace(
            last, last.changed_to(last.attributes | {"userName": "nz" if "desc" not in str(query) else "na"}, LATER)
        )

    store.meanwhile = meanwhile
    first = where.search(Query.of({**query, "cursor": "", "count": "2"}))
    seen = [user.id for user in first.resources]
    seen += [one for page in _rest(where, query, first.next_cursor) for one in page]

    assert [one for one in seen if one not in {last.id, before.id}] == order[2:]


class Twice(InMemoryUsers):
    """A store in which the first user of every index is renamed to its end while it is read."""

    def entries(self, index: Index, **asked: Any) -> Iterator[IndexEntry]:
        at_most = asked.pop("at_most", None)
        return islice(self._with_the_first_again(super().entries(index, **asked)), at_most)

    def entries_starting(self, index: Index, prefix: str) -> Iterator[IndexEntry]:
        return self._with_the_first_again(super().entries_starting(index, prefix))

    @staticmethod
    def _with_the_first_again(entries: Iterator[IndexEntry]) -> Iterator[IndexEntry]:
        for first in islice(entries, 1):
            yield first
            yield from entries
            yield first._replace(value=f"{first.value}~", position=f"{first.position}~")


@pytest.mark.parametrize("query", [one for one in QUERIES if " sw " in str(one) or one == BY_NAME], ids=str)
def test_a_user_renamed_while_the_index_is_read_is_listed_and_counted_once(query: dict[str, str]) -> None:
    crowd = Crowd(Twice())
    look = {"name": "n", "mails": ["m"], "title": "a", "external": True, "active": True}
    users = [crowd.create(look) for _ in range(4)]

    page = directory(crowd.store).search(Query.of({**query, "cursor": "", "count": "9"}))

    assert sorted(user.id for user in page.resources) == sorted(user.id for user in users)
    assert page.total == 4


@pytest.mark.parametrize("query", [one for one in QUERIES if "sortBy" not in one], ids=str)
def test_a_cursor_contains_personal_data_only_in_a_sorted_list(query: dict[str, str]) -> None:
    crowd = Crowd(InMemoryUsers())
    look = {"name": "n", "mails": ["ma"], "title": "a", "external": True, "active": True}
    for _ in range(3):
        crowd.create(look)

    page = directory(crowd.store).search(Query.of({**query, "cursor": "", "count": "2"}))

    assert page.next_cursor is not None
    sealed = urlsafe_b64decode(page.next_cursor + "==")
    assert re.fullmatch(rb'\[3600,"' + page.resources[-1].id.encode() + rb'"\].{16}', sealed, re.DOTALL)

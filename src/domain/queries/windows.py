"""The users that match a query, in order: one page is returned and all are counted, within the time budget.

Queries that an index can answer use it; the others read user by user (`UserStore.scan`). A page begins after a number
of users, or after a position, which is the last key that was returned: users who stay are returned once each while
others come and go (docs/decisions/030).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from domain.documents import Json
from domain.errors import InvalidCursor, OutOfTime, TooMany
from domain.limits import MAX_SORTED
from domain.ports import UserStore
from domain.queries.cursor import Position
from domain.queries.sorting import Ordering, SortKey
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import USER_NAME

_READ_TOGETHER: Final = 100

Matches = Callable[[StoredUser], bool]


def everyone(user: StoredUser) -> bool:
    """Match every user."""
    return True


class Place(NamedTuple):
    """Where a user stands in the order of an index or of ids."""

    position: str
    user_id: str


class Window(NamedTuple):
    """One page of users after a position, the position of each, and how many match in all."""

    users: Sequence[StoredUser]
    positions: Sequence[Position]
    total: int
    next_after: Position | None
    """The position after which the next page begins; None at the end of the list."""


class Found:
    """Matching users in an order."""

    def window(self, skipped: int, count: int) -> tuple[Sequence[StoredUser], int]:
        """Return up to `count` users after the first `skipped`, and how many there are in all."""
        raise AssertionError("abstract")

    def after(self, position: Position | None, count: int) -> Window:
        """Return the first `count` users after a position; raises InvalidCursor for a position in another order."""
        raise AssertionError("abstract")


@dataclass(frozen=True, slots=True)
class Matching(Found):
    """Users as a source yields them, each checked; keeps no more than the page."""

    source: Callable[[], Iterable[tuple[str, StoredUser]]]
    """The users in the order of their positions."""
    matches: Matches
    descending: bool = False

    def window(self, skipped: int, count: int) -> tuple[Sequence[StoredUser], int]:
        page: list[StoredUser] = []
        total = 0
        for _, user in self.source():
            if self.matches(user):
                if skipped <= total < skipped + count:
                    page.append(user)
                total += 1
        return page, total

    def after(self, position: Position | None, count: int) -> Window:
        is_after = _after(position, descending=self.descending)
        page: list[tuple[str, StoredUser]] = []
        total = 0
        more = False
        for place, user in self.source():
            if self.matches(user):
                total += 1
                if is_after(place):
                    if len(page) < count:
                        page.append((place, user))
                    else:
                        more = True
        positions = [place for place, _ in page]
        return Window([user for _, user in page], positions, total, positions[-1] if more else None)


@dataclass(frozen=True, slots=True)
class Indexed(Found):
    """Users that an index lists for a whole filter: the index counts them, and only those of the page are read."""

    store: UserStore
    places: Callable[[], Sequence[Place]]
    """In the order of their positions."""
    matches: Matches
    """Checked again, as a user may have changed since the index was read."""
    descending: bool = False

    def window(self, skipped: int, count: int) -> tuple[Sequence[StoredUser], int]:
        places = self.places()
        page = _page(self.store, places[skipped:], count, len(places), self.matches)
        return page.users, page.total

    def after(self, position: Position | None, count: int) -> Window:
        places = self.places()
        is_after = _after(position, descending=self.descending)
        left = [place for place in places if is_after(place.position)]
        return _page(self.store, left, count, len(places), self.matches)


@dataclass(frozen=True, slots=True)
class InIdOrder(Found):
    """All users by id: the table is in that order, and the counters know where a number of users ends."""

    store: UserStore

    def window(self, skipped: int, count: int) -> tuple[Sequence[StoredUser], int]:
        page = self.store.page(skipped + 1, count)
        return page.resources, page.total

    def after(self, position: Position | None, count: int) -> Window:
        piece = self.store.page_after(_text(position), count)
        return Window(piece.resources, [user.id for user in piece.resources], self.store.total(), piece.next_after)


@dataclass(frozen=True, slots=True)
class InUserNameOrder(Found):
    """All users by userName: the index is in that order already; the counters know how many there are."""

    store: UserStore
    descending: bool

    def window(self, skipped: int, count: int) -> tuple[Sequence[StoredUser], int]:
        entries = self.store.entries(USER_NAME, descending=self.descending, at_most=skipped + count)
        return self.store.get_many([entry.resource_id for entry in entries][skipped:]), self.store.total()

    def after(self, position: Position | None, count: int) -> Window:
        entries = self.store.entries(USER_NAME, descending=self.descending, after=_text(position), at_most=count + 1)
        places = [Place(entry.position, entry.resource_id) for entry in entries]
        return _page(self.store, places, count, self.store.total(), everyone)


@dataclass(frozen=True, slots=True)
class Sorted(Found):
    """Users sorted by any attribute: the key and id of every match are kept, and the page is read again."""

    source: Callable[[], Iterable[StoredUser]]
    matches: Matches
    ordering: Ordering
    resource: Callable[[StoredUser], Json]
    read: Callable[[list[str]], Sequence[StoredUser]]

    def window(self, skipped: int, count: int) -> tuple[Sequence[StoredUser], int]:
        keyed = self._keyed()
        page = heapq.nsmallest(skipped + count, keyed)[skipped:]
        return self.read([user_id for _, user_id in page]), len(keyed)

    def after(self, position: Position | None, count: int) -> Window:
        seen = None if position is None else self._place(position)
        keyed = self._keyed()
        page = heapq.nsmallest(count + 1, keyed if seen is None else (place for place in keyed if place > seen))
        positions: dict[str, Position] = {
            user_id: [self.ordering.position(key), user_id] for key, user_id in page[:count]
        }
        users = self.read(list(positions))
        more = len(page) > count
        return Window(
            users, [positions[user.id] for user in users], len(keyed), positions[page[count - 1][1]] if more else None
        )

    def _keyed(self) -> list[tuple[SortKey, str]]:
        keyed: list[tuple[SortKey, str]] = []
        for user in self.source():
            if self.matches(user):
                if len(keyed) == MAX_SORTED:
                    raise TooMany(f"More than {MAX_SORTED} users would have to be sorted. Narrow the filter.")
                keyed.append((self.ordering.key(self.resource(user)), user.id))
        return keyed

    def _place(self, position: Position) -> tuple[SortKey, str]:
        match position:
            case [form, str(user_id)]:
                return self.ordering.key_at(form), user_id
        raise InvalidCursor.of_another_release()


@contextmanager
def in_time() -> Iterator[None]:
    """Raise TooMany in place of OutOfTime, when the time ends before all users were seen."""
    try:
        yield
    except OutOfTime as error:
        raise TooMany.to_read() from error


def by_id(users: Iterable[StoredUser]) -> Iterator[tuple[str, StoredUser]]:
    """Pair users in order of id with their positions."""
    return ((user.id, user) for user in users)


def read_at(store: UserStore, places: Iterable[Place]) -> Iterator[tuple[str, StoredUser]]:
    """Read the users that still exist, in batches, with their positions."""
    left = iter(places)
    while batch := list(islice(left, _READ_TOGETHER)):
        found = {user.id: user for user in store.get_many([place.user_id for place in batch])}
        yield from ((position, found[user_id]) for position, user_id in batch if user_id in found)


def _page(store: UserStore, places: Sequence[Place], count: int, total: int, matches: Matches) -> Window:
    """Return the users at the first `count` places, without those removed since the places were read."""
    page = places[:count]
    positions: dict[str, Position] = {}
    users: list[StoredUser] = []
    for position, user in read_at(store, page):
        # A user renamed while the index was read may have two places in it.
        if user.id not in positions and matches(user):
            positions[user.id] = position
            users.append(user)
    next_after = page[-1].position if page and len(places) > count else None
    return Window(users, list(positions.values()), total, next_after)


def _after(position: Position | None, *, descending: bool) -> Callable[[str], bool]:
    seen = _text(position)
    if seen is None:
        return lambda place: True
    return seen.__gt__ if descending else seen.__lt__


def _text(position: Position | None) -> str | None:
    if position is None or isinstance(position, str):
        return position
    raise InvalidCursor.of_another_release()

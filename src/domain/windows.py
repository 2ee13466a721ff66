"""Users that match a query, in an order, of which one page is wanted and all must be counted: within the time budget.

What an index answers comes from there; what it cannot is read user by user (`UserStore.scan`).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from domain.errors import OutOfTime, TooMany
from domain.limits import MAX_SORTED
from domain.ports import UserStore
from domain.stored_user import StoredUser

_READ_TOGETHER: Final = 100

Matches = Callable[[StoredUser], bool]
Source = Callable[[], Iterable[StoredUser]]


class Ordered:
    """Matching users in an order."""

    def window(self, skipped: int, count: int) -> tuple[list[StoredUser], int]:
        """The users after the first `skipped`, `count` at most, and how many there are in all."""
        raise AssertionError("abstract")


@dataclass(frozen=True, slots=True)
class Matching(Ordered):
    """Users as a source yields them, each checked; keeps no more than the page."""

    source: Source
    matches: Matches

    def window(self, skipped: int, count: int) -> tuple[list[StoredUser], int]:
        page: list[StoredUser] = []
        total = 0
        for user in self.source():
            if self.matches(user):
                if skipped <= total < skipped + count:
                    page.append(user)
                total += 1
        return page, total


@dataclass(frozen=True, slots=True)
class InUserNameOrder(Ordered):
    """All users by userName: the index is in that order already; the counters know how many there are."""

    store: UserStore
    descending: bool

    def window(self, skipped: int, count: int) -> tuple[list[StoredUser], int]:
        ids = list(self.store.ids_by_user_name(descending=self.descending, at_most=skipped + count))[skipped:]
        return self.store.get_many(ids), self.store.total()


@dataclass(frozen=True, slots=True)
class Sorted(Ordered):
    """Users by any attribute: every match's key is kept beside its id, and the page is read again."""

    store: UserStore
    source: Source
    matches: Matches
    key: Callable[[StoredUser], Any]

    def window(self, skipped: int, count: int) -> tuple[list[StoredUser], int]:
        keyed: list[tuple[Any, str]] = []
        for user in self.source():
            if self.matches(user):
                if len(keyed) == MAX_SORTED:
                    raise TooMany(f"More than {MAX_SORTED} users would have to be sorted. Narrow the filter.")
                keyed.append((self.key(user), user.id))
        page = heapq.nsmallest(skipped + count, keyed)[skipped:]
        return self.store.get_many([user_id for _, user_id in page]), len(keyed)


def window(found: Ordered, skipped: int, count: int) -> tuple[list[StoredUser], int]:
    """The page of what was found; TooMany when the time is over before all of it was seen."""
    try:
        return found.window(skipped, count)
    except OutOfTime as error:
        raise TooMany("There are more users than can be read in the time that one request has.") from error


def together(store: UserStore, ids: Iterator[str]) -> Iterator[StoredUser]:
    """The users of those ids, each once, read in batches."""
    seen: set[str] = set()
    fresh = (user_id for user_id in ids if not (user_id in seen or seen.add(user_id)))  # type: ignore[func-returns-value]
    while batch := list(islice(fresh, _READ_TOGETHER)):
        yield from store.get_many(batch)

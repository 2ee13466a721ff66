"""Reading all users of an account: in parallel key ranges, returned in order of id, in bounded memory and time.

The rank counters determine ranges that take about one call each. At most eight ranges are being read or are waiting for
the consumer, so a slow consumer slows down the reading. Correctness does not depend on the counters: the ranges cover
all keys.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from threading import Event
from typing import Final

from adapters.dynamodb.account_items import AccountItems, Range
from adapters.dynamodb.items import USER_PROJECTION, user_of
from adapters.dynamodb.keys import Collection
from adapters.dynamodb.ranks import read_ranks
from domain.errors import TooMany
from domain.ports import Deadline
from domain.resources.stored_user import StoredUser

_AT_ONCE: Final = 8
_FILL: Final = 0.8
"""The intended share of a call's 1 MB for a range, as users differ in size."""
_SECONDS_TO_ANSWER: Final = 0.25
"""Time left when the reading stops: another call would be too late."""


@dataclass(frozen=True, slots=True)
class _Stoppable:
    """A deadline that has passed as soon as the result is no longer needed."""

    deadline: Deadline
    stopped: Event

    def remaining(self) -> float:
        return 0.0 if self.stopped.is_set() else self.deadline.remaining()


def scan(items: AccountItems, after: str | None) -> Iterator[StoredUser]:
    """Read the users with ids greater than `after`, in order; raises TooMany when the time is over before the end."""
    users, more = _next_page(items, Range(after=after))
    if not more:
        yield from users
        return
    _require_time(items)
    ranks = read_ranks(items)
    ranges = ranks.ranges(users[-1].id if users else after or "", max(1, int(len(users) * _FILL)))
    stopped = Event()
    stoppable = items.until(_Stoppable(items.calls.deadline, stopped))
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        try:
            under_way = deque(threads.submit(_read, stoppable, *bounds) for bounds in islice(ranges, _AT_ONCE))
            yield from users
            while under_way:
                users = under_way.popleft().result()
                _require_time(items)
                under_way.extend(threads.submit(_read, stoppable, *bounds) for bounds in islice(ranges, 1))
                yield from users
        finally:
            stopped.set()


def _read(items: AccountItems, first: str, last: str) -> list[StoredUser]:
    """Read all users of a range."""
    users: list[StoredUser] = []
    more = True
    while more:
        page, more = _next_page(items, Range(first=users[-1].id + "\0" if users else first, last=last))
        users += page
    return users


def _next_page(items: AccountItems, part: Range) -> tuple[list[StoredUser], bool]:
    """Read part of a range with one call, and whether there is more; the part may be empty even then."""
    _require_time(items)
    page = next(items.query(Collection.USER, part, **USER_PROJECTION))
    return [user_of(item) for item in page.items], page.more


def _require_time(items: AccountItems) -> None:
    if items.calls.deadline.remaining() < _SECONDS_TO_ANSWER:
        raise TooMany.to_read()

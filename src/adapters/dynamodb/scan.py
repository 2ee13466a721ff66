"""Reading all users or groups of an account: in parallel key ranges, in order of id, in bounded memory and time.

The rank counters determine ranges that take about one call each. At most eight ranges are being read or are waiting for
the consumer, so a slow consumer slows down the reading. Correctness does not depend on the counters: the ranges cover
all keys.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from threading import Event
from typing import Final

from adapters.dynamodb.account_items import AccountItems, Range
from adapters.dynamodb.items import Kind, Record
from adapters.dynamodb.ranks import read_ranks
from domain.errors import TooMany
from domain.ports import Deadline

_AT_ONCE: Final = 8
_FILL: Final = 0.8
"""The intended share of a call's 1 MB for a range, as resources differ in size."""
_SECONDS_TO_ANSWER: Final = 0.25
"""Time left when the reading stops: another call would be too late."""


@dataclass(frozen=True, slots=True)
class _Stoppable:
    """A deadline that has passed as soon as the result is no longer needed."""

    deadline: Deadline
    stopped: Event

    def remaining(self) -> float:
        return 0.0 if self.stopped.is_set() else self.deadline.remaining()


def scan(items: AccountItems, kind: Kind[Record], after: str | None) -> Iterator[Record]:
    """Read the resources with ids greater than `after`, in order.

    Raises TooMany when the time is over before the end.
    """
    records, more = _next_page(items, kind, Range(after=after))
    if not more:
        yield from records
        return
    _require_time(items)
    ranks = read_ranks(items, kind.ranks)
    ranges = ranks.ranges(records[-1].id if records else after or "", max(1, int(len(records) * _FILL)))
    stopped = Event()
    stoppable = items.until(_Stoppable(items.calls.deadline, stopped))
    read = partial(_read, stoppable, kind)
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        try:
            under_way = deque(threads.submit(read, *bounds) for bounds in islice(ranges, _AT_ONCE))
            yield from records
            while under_way:
                records = under_way.popleft().result()
                _require_time(items)
                under_way.extend(threads.submit(read, *bounds) for bounds in islice(ranges, 1))
                yield from records
        finally:
            stopped.set()


def _read(items: AccountItems, kind: Kind[Record], first: str, last: str) -> list[Record]:
    """Read all resources of a range."""
    records: list[Record] = []
    more = True
    while more:
        page, more = _next_page(items, kind, Range(first=records[-1].id + "\0" if records else first, last=last))
        records += page
    return records


def _next_page(items: AccountItems, kind: Kind[Record], part: Range) -> tuple[list[Record], bool]:
    """Read part of a range with one call, and whether there is more; the part may be empty even then."""
    _require_time(items)
    page = next(items.query(kind.collection, part, **kind.projection))
    return [kind.record_of(item) for item in page.items], page.more


def _require_time(items: AccountItems) -> None:
    if items.calls.deadline.remaining() < _SECONDS_TO_ANSWER:
        raise TooMany.to_read()

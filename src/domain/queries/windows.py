"""The resources that match a query, in order: one page is returned and all are counted, within the time budget.

Queries that an index can answer use it; the others read one by one (`ResourceStore.scan`). A page begins after a
number of resources, or after a position, which is the last key that was returned: those that stay are returned once
each while others come and go (docs/decisions/030).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from domain.errors import InvalidCursor, OutOfTime, TooMany
from domain.limits import MAX_SORTED
from domain.ports import ResourceStore
from domain.queries.cursor import Position
from domain.queries.sorting import Ordering, SortKey
from domain.resources.attributes import Index
from domain.resources.stored_resource import StoredResource

_READ_TOGETHER: Final = 100

Matches = Callable[[StoredResource], bool]
Source = Callable[[], Iterable[tuple[str, StoredResource]]]
"""Reads resources, each with its position, in the order of their positions."""


def everything(stored: StoredResource) -> bool:
    """Match every resource."""
    return True


class Place(NamedTuple):
    """Where a resource stands in the order of an index or of ids."""

    position: str
    resource_id: str


class Window(NamedTuple):
    """One page of resources after a position, the position of each, and how many match in all."""

    resources: Sequence[StoredResource]
    positions: Sequence[Position]
    total: int
    next_after: Position | None
    """The position after which the next page begins; None at the end of the list."""


class Found:
    """Matching resources in an order."""

    def window(self, skipped: int, count: int) -> tuple[Sequence[StoredResource], int]:
        """Return up to `count` resources after the first `skipped`, and how many there are in all."""
        raise AssertionError("abstract")

    def after(self, position: Position | None, count: int) -> Window:
        """Return the first `count` resources after a position; raises InvalidCursor for a position in another order."""
        raise AssertionError("abstract")


@dataclass(frozen=True, slots=True)
class Matching(Found):
    """Resources as a source yields them, each checked; keeps no more than the page."""

    source: Source
    matches: Matches
    descending: bool = False

    def window(self, skipped: int, count: int) -> tuple[Sequence[StoredResource], int]:
        page: list[StoredResource] = []
        total = 0
        for _, stored in self.source():
            if self.matches(stored):
                if skipped <= total < skipped + count:
                    page.append(stored)
                total += 1
        return page, total

    def after(self, position: Position | None, count: int) -> Window:
        is_after = _after(position, descending=self.descending)
        page: list[tuple[str, StoredResource]] = []
        total = 0
        more = False
        for place, stored in self.source():
            if self.matches(stored):
                total += 1
                if is_after(place):
                    if len(page) < count:
                        page.append((place, stored))
                    else:
                        more = True
        positions = [place for place, _ in page]
        return Window([stored for _, stored in page], positions, total, positions[-1] if more else None)


@dataclass(frozen=True, slots=True)
class Indexed(Found):
    """Resources that an index lists for a whole filter: the index counts them, and only those of the page are read."""

    store: ResourceStore[StoredResource]
    places: Callable[[], Sequence[Place]]
    """In the order of their positions."""
    matches: Matches
    """Checked again, as a resource may have changed since the index was read."""
    descending: bool = False

    def window(self, skipped: int, count: int) -> tuple[Sequence[StoredResource], int]:
        places = self.places()
        page = _page(self.store, places[skipped:], count, len(places), self.matches)
        return page.resources, page.total

    def after(self, position: Position | None, count: int) -> Window:
        places = self.places()
        is_after = _after(position, descending=self.descending)
        left = [place for place in places if is_after(place.position)]
        return _page(self.store, left, count, len(places), self.matches)


@dataclass(frozen=True, slots=True)
class InIdOrder(Found):
    """All resources by id: the table is in that order, and the counters know where a number of them ends."""

    store: ResourceStore[StoredResource]

    def window(self, skipped: int, count: int) -> tuple[Sequence[StoredResource], int]:
        page = self.store.page(skipped + 1, count)
        return page.resources, page.total

    def after(self, position: Position | None, count: int) -> Window:
        piece = self.store.page_after(_text(position), count)
        return Window(piece.resources, [each.id for each in piece.resources], self.store.total(), piece.next_after)


@dataclass(frozen=True, slots=True)
class InIndexOrder(Found):
    """All resources in the order of an index that has each of them; the counters know how many there are."""

    store: ResourceStore[StoredResource]
    index: Index
    descending: bool

    def window(self, skipped: int, count: int) -> tuple[Sequence[StoredResource], int]:
        entries = self.store.entries(self.index, descending=self.descending, at_most=skipped + count)
        return self.store.get_many([entry.resource_id for entry in entries][skipped:]), self.store.total()

    def after(self, position: Position | None, count: int) -> Window:
        entries = self.store.entries(self.index, descending=self.descending, after=_text(position), at_most=count + 1)
        places = [Place(entry.position, entry.resource_id) for entry in entries]
        return _page(self.store, places, count, self.store.total(), everything)


@dataclass(frozen=True, slots=True)
class Sorted(Found):
    """Resources sorted by any attribute: the key and id of every match are kept, and the page is read again."""

    keyed: Callable[[], Iterable[tuple[SortKey, str]]]
    """The keys and ids of the matches."""
    ordering: Ordering
    read: Callable[[list[str]], Sequence[StoredResource]]
    """Reads the resources of these ids that still exist, in that order."""

    def window(self, skipped: int, count: int) -> tuple[Sequence[StoredResource], int]:
        keyed = self._bounded()
        page = heapq.nsmallest(skipped + count, keyed)[skipped:]
        return self.read([resource_id for _, resource_id in page]), len(keyed)

    def after(self, position: Position | None, count: int) -> Window:
        seen = None if position is None else self._place(position)
        keyed = self._bounded()
        page = heapq.nsmallest(count + 1, keyed if seen is None else (place for place in keyed if place > seen))
        positions: dict[str, Position] = {
            resource_id: [self.ordering.position(key), resource_id] for key, resource_id in page[:count]
        }
        resources = self.read(list(positions))
        next_after = positions[page[count - 1][1]] if len(page) > count else None
        return Window(resources, [positions[each.id] for each in resources], len(keyed), next_after)

    def _bounded(self) -> list[tuple[SortKey, str]]:
        keyed = list(islice(self.keyed(), MAX_SORTED + 1))
        if len(keyed) > MAX_SORTED:
            raise TooMany(
                f"The query would sort more than {MAX_SORTED} resources. Narrow the filter, or leave sortBy out.",
                attribute="sortBy",
                expected=f"at most {MAX_SORTED} resources to sort",
            )
        return keyed

    def _place(self, position: Position) -> tuple[SortKey, str]:
        match position:
            case [form, str(resource_id)]:
                return self.ordering.key_at(form), resource_id
        raise InvalidCursor.of_another_release()


@contextmanager
def in_time() -> Iterator[None]:
    """Raise TooMany in place of OutOfTime, when the time ends before all resources were seen."""
    try:
        yield
    except OutOfTime as error:
        raise TooMany.to_read() from error


def by_id(resources: Iterable[StoredResource]) -> Iterator[tuple[str, StoredResource]]:
    """Pair resources in order of id with their positions."""
    return ((each.id, each) for each in resources)


def read_at(store: ResourceStore[StoredResource], places: Iterable[Place]) -> Iterator[tuple[str, StoredResource]]:
    """Read the resources that still exist, in batches, with their positions."""
    left = iter(places)
    while batch := list(islice(left, _READ_TOGETHER)):
        found = {each.id: each for each in store.get_many([place.resource_id for place in batch])}
        yield from ((position, found[resource_id]) for position, resource_id in batch if resource_id in found)


def _page(
    store: ResourceStore[StoredResource], places: Sequence[Place], count: int, total: int, matches: Matches
) -> Window:
    """Return the resources at the first `count` places, without those removed since the places were read."""
    page = places[:count]
    positions: dict[str, Position] = {}
    resources: list[StoredResource] = []
    for position, stored in read_at(store, page):
        # A resource renamed while the index was read may have two places in it.
        if stored.id not in positions and matches(stored):
            positions[stored.id] = position
            resources.append(stored)
    next_after = page[-1].position if page and len(places) > count else None
    return Window(resources, list(positions.values()), total, next_after)


def _after(position: Position | None, *, descending: bool) -> Callable[[str], bool]:
    seen = _text(position)
    if seen is None:
        return lambda place: True
    return seen.__gt__ if descending else seen.__lt__


def _text(position: Position | None) -> str | None:
    if position is None or isinstance(position, str):
        return position
    raise InvalidCursor.of_another_release()

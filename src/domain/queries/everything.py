"""Queries over the resources of several types: those at the server root (RFC 7644 sections 3.4.2.1 and 3.4.3).

One list: the resources of the first type in order of id, then those of the next; with `sortBy` one order of all. An
attribute that a type does not have has no value in its resources, so a filter is valid if it is for any of the types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from domain.errors import InvalidCursor
from domain.queries.cursor import Position
from domain.queries.listing import Directory, Query, Result, bounded, paged
from domain.queries.rendering import Renderer, Stored
from domain.queries.sorting import SortKey
from domain.queries.windows import Found, Sorted, Window
from domain.resources.attributes import ResourceType
from domain.resources.stored_resource import StoredResource
from domain.tolerances import Reader

_FINGERPRINT = "everything\n"
"""What makes a cursor of the root invalid at the endpoint of a type, and the other way round."""


@cache
def with_attributes_of(resource_type: ResourceType, *others: ResourceType) -> ResourceType:
    """Return the type with the attributes of others in addition, so that filters may name them."""
    known = resource_type.root.names
    added = {each.name: each for other in others for each in other.schema.attributes if each.name not in known}
    return replace(
        resource_type,
        schema=replace(resource_type.schema, attributes=(*resource_type.schema.attributes, *added.values())),
        extensions=(
            *resource_type.extensions,
            *(schema for other in others for schema in (other.schema, *other.extensions)),
        ),
    )


def as_part(
    directory: Directory, others: Sequence[ResourceType], reader_of: Callable[[ResourceType], Reader]
) -> Directory:
    """Return the directory as it answers queries that name attributes of other types, too."""
    own = directory.resource_type
    wider = with_attributes_of(own, *others)
    return replace(
        directory,
        renderer=replace(directory.renderer, resource_type=wider),
        reader=reader_of(wider),
        absent=wider.root.names - own.root.names,
    )


@dataclass(frozen=True, slots=True)
class Everything:
    """The resources of several types in one account; each of `parts` is from `as_part`, in the order of the list."""

    parts: Sequence[Directory]

    def text(self, query: Query) -> str:
        """Return the ListResponse of a query as JSON text."""
        page = _Page(self.parts)
        return page.searched(query).text(page)


@dataclass(frozen=True, slots=True)
class _Page:
    """One query, and which part each resource was found in."""

    parts: Sequence[Directory]
    part_of: dict[str, int] = field(default_factory=dict)

    def searched(self, query: Query) -> Result:
        seal = self.parts[0].seal
        return paged(query, lambda: self._found(query), self._shown, seal, _FINGERPRINT + query.fingerprint)

    def text(self, stored: Stored, /) -> str:
        return self._renderer(stored).text(stored)

    def _renderer(self, stored: Stored) -> Renderer:
        return self.parts[self.part_of[stored.id]].renderer

    def _shown(self, resources: Sequence[StoredResource]) -> Sequence[StoredResource]:
        if not any(part.renderer.wants(part.relations) for part in self.parts):
            return bounded(resources)
        from domain.queries.related import completed, shown

        def complete(stored: StoredResource) -> StoredResource:
            part = self.parts[self.part_of[stored.id]]
            return completed(stored, part.renderer, part.relations)

        return shown(resources, complete)

    def _found(self, query: Query) -> Found:
        found = [part.found(query, by_keys=True) for part in self.parts]
        if query.sort_by is None:
            return _InTurn(found, self.part_of)
        by_part = {part: each for part, each in enumerate(found) if isinstance(each, Sorted)}
        if not by_part:
            return found[0]
        return Sorted(
            lambda: self._keyed(by_part), next(iter(by_part.values())).ordering, lambda ids: self._read(by_part, ids)
        )

    def _keyed(self, by_part: Mapping[int, Sorted]) -> Iterator[tuple[SortKey, str]]:
        for part, found in by_part.items():
            for key, resource_id in found.keyed():
                self.part_of[resource_id] = part
                yield key, resource_id

    def _read(self, by_part: Mapping[int, Sorted], ids: Sequence[str]) -> list[StoredResource]:
        read = {
            each.id: each
            for part, found in by_part.items()
            if (own := [one for one in ids if self.part_of[one] == part])
            for each in found.read(own)
        }
        return [read[one] for one in ids if one in read]


@dataclass(frozen=True, slots=True)
class _InTurn(Found):
    """The resources of one part after those of the other; a position is the number of the part and one in it."""

    parts: Sequence[Found]
    part_of: dict[str, int]

    def window(self, skipped: int, count: int) -> tuple[Sequence[StoredResource], int]:
        page: list[StoredResource] = []
        total, ended = 0, False
        for part, found in enumerate(self.parts):
            before = max(0, skipped - total)
            wanted = 0 if ended else count - len(page)
            resources, there = found.window(before, wanted)
            page += self._noted(resources, part)
            # A page that a store ended early, as an answer holds no more, is not continued with the next part.
            ended = ended or len(resources) < min(wanted, there - before)
            total += there
        return page, total

    def after(self, position: Position | None, count: int) -> Window:
        first, inner = (0, None) if position is None else self._place(position)
        page: list[StoredResource] = []
        positions: list[Position] = []
        next_after: Position | None = None
        total = 0
        for part, found in enumerate(self.parts):
            wanted = count - len(page)
            if part < first or next_after is not None or not wanted:
                _, there = found.window(0, 0)
                total += there
                if part >= first and next_after is None and there:
                    next_after = [part, None]
                continue
            window = found.after(inner if part == first else None, wanted)
            page += self._noted(window.resources, part)
            positions += [[part, each] for each in window.positions]
            total += window.total
            if window.next_after is not None:
                next_after = [part, window.next_after]
        return Window(page, positions, total, next_after)

    def _place(self, position: Position) -> tuple[int, Position | None]:
        match position:
            case [int(part), (None | str() | list()) as inner] if 0 <= part < len(self.parts):
                return part, inner
        raise InvalidCursor.of_another_release()

    def _noted(self, resources: Sequence[StoredResource], part: int) -> Sequence[StoredResource]:
        self.part_of.update((each.id, part) for each in resources)
        return resources

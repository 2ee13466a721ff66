"""Values that are stored apart from their resources (`Attribute.relation`), such as the members of groups.

They are read when a query needs them: what an answer shows of the resources of its page, and what a filter or an order
needs of every resource. Not imported by queries that need none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final, TypeVar

from domain.documents import Json, encode
from domain.errors import TooMany
from domain.filter import Filter
from domain.filter.apart import Need, divided, needs_of
from domain.limits import MAX_PAGE_CHARACTERS, MAX_RESOURCE_CHARACTERS
from domain.ports import Related, Relations
from domain.queries.cursor import Position
from domain.queries.rendering import Renderer
from domain.queries.windows import Found, Matches, Source, Window
from domain.resources.attributes import Attribute, Returned
from domain.resources.stored_resource import StoredResource

_AT_ONCE: Final = 8
"""Resources whose values are read at the same time."""

_Item = TypeVar("_Item")
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Values:
    """Values of one attribute, as they are shown: references to resources below `base_url`."""

    attribute: Attribute
    base_url: str
    related: Sequence[Related]

    def json(self) -> list[Json]:
        """Return the values in the order of the ids that they refer to."""
        start, type_ = self._start(), self._type()
        shows_display = self._shows_display()
        values: list[Json] = []
        for related_id, display in self.related:
            value: Json = {"value": related_id, "$ref": start + related_id}
            if shows_display and display is not None:
                value["display"] = display
            value["type"] = type_
            values.append(value)
        return values

    def text(self) -> str:
        """Return the same as JSON text; ids need no escaping, as this service makes them."""
        start, type_ = encode(self._start())[1:-1], encode(self._type())
        if not self._shows_display():
            end = f'","type":{type_}}}'
            return "[" + ",".join([f'{{"value":"{each}","$ref":"{start}{each}{end}' for each, _ in self.related]) + "]"
        return encode(self.json())

    def _start(self) -> str:
        relation = self.attribute.relation
        return self.base_url + ("" if relation is None else relation.endpoint) + "/"

    def _type(self) -> str:
        return "" if self.attribute.relation is None else self.attribute.relation.type

    def _shows_display(self) -> bool:
        display = self.attribute.sub_attribute("display")
        return display is not None and display.returned is not Returned.NEVER


@dataclass(frozen=True)
class Completed(StoredResource):
    """A resource as stored, with values that are stored apart."""

    stored: StoredResource
    values: Mapping[str, Values]
    """By the names of their attributes; an attribute without values is left out of the document."""

    @classmethod
    def of(cls, stored: StoredResource, renderer: Renderer, related: Mapping[str, Sequence[Related]]) -> Completed:
        """Return the resource with these values, in the form in which `renderer` shows them."""
        attributes = renderer.resource_type.relations
        values = {name: Values(attributes[name], renderer.base_url, each) for name, each in related.items() if each}
        return cls(stored.id, stored.version, stored.created, stored.last_modified, stored.document, stored, values)

    @cached_property
    def attributes(self) -> Json:
        return {**self.stored.attributes, **{name: each.json() for name, each in self.values.items()}}

    @property
    def text(self) -> str:
        added = "".join(f",{encode(name)}:{each.text()}" for name, each in self.values.items())
        return f"{self.stored.text[:-1]}{added}}}"


def completed(stored: StoredResource, renderer: Renderer, relations: Mapping[str, Relations]) -> StoredResource:
    """Return the resource with those values that the renderer shows.

    A value that was written since the resource was read may be among them; the version is then older, never newer.
    """
    names = renderer.wants(relations)
    return Completed.of(stored, renderer, {name: relations[name].of(stored.id) for name in names}) if names else stored


def shown(
    resources: Sequence[StoredResource], complete: Callable[[StoredResource], StoredResource]
) -> Sequence[StoredResource]:
    """Return as many of the resources as an answer may hold, each with its values; raises TooMany if not even one."""
    page: list[StoredResource] = []
    size = 0
    with closing(in_parallel(resources, complete)) as all_of_them:
        for each in all_of_them:
            size += size_of(each)
            if size > MAX_PAGE_CHARACTERS and page:
                break
            page.append(showable(each))
    return page


def showable(stored: StoredResource) -> StoredResource:
    """Return the resource; raises TooMany when its values are more than an answer may hold."""
    if isinstance(stored, Completed) and size_of(stored) > MAX_RESOURCE_CHARACTERS:
        name, values = max(stored.values.items(), key=lambda each: len(each[1].related))
        default = values.attribute.returned is Returned.DEFAULT
        remedy = f"Send excludedAttributes={name}." if default else f"Leave {name} out of attributes."
        raise TooMany(
            f"{name} of {stored.id} has {len(values.related)} values, too many for one response. {remedy}",
            attribute=name,
            expected="few enough values for one response",
            remedy=remedy,
        )
    return stored


def size_of(stored: StoredResource) -> int:
    """Return about how many characters an answer takes for a resource."""
    size = len(stored.document)
    for values in stored.values.values() if isinstance(stored, Completed) else ():
        # All values have the same length but for the display.
        one = Values(values.attribute, values.base_url, values.related[:1]).text()
        size += len(one) * len(values.related) + sum(len(display or "") for _, display in values.related)
    return size


@dataclass(frozen=True, slots=True)
class Completion:
    """Adds to resources the values that a filter or an order needs."""

    renderer: Renderer
    relations: Mapping[str, Relations]
    needs: Mapping[str, Need]
    early: Filter | None
    """The part of the filter that can be checked before."""
    late: Filter | None
    """The rest of the filter."""

    @classmethod
    def of(
        cls,
        renderer: Renderer,
        relations: Mapping[str, Relations],
        filter_: Filter | None,
        sorted_by: str | None,
    ) -> Completion:
        """Return the completion for a filter, and for the order by an attribute."""
        attributes = renderer.resource_type.relations
        needs = {} if filter_ is None else needs_of(filter_, attributes)
        early, late = (None, None) if filter_ is None else divided(filter_, attributes)
        if sorted_by is not None and sorted_by in attributes:
            needs[sorted_by] = Need()
        return cls(renderer, relations, needs, early, late)

    def source(self, source: Source, early: Matches) -> Source:
        """Return a source of those resources that match early, with the values."""

        def completed() -> Iterator[tuple[str, StoredResource]]:
            candidates = (placed for placed in source() if early(placed[1]))
            few = list(islice(candidates, 2))
            if len(few) < 2:
                return map(self._read, few)
            return self._many(few, candidates)

        return completed

    def plain(self, found: Found) -> Found:
        """Return the same resources without the values that were needed to find them."""
        return _Plain(found)

    def _read(self, placed: tuple[str, StoredResource]) -> tuple[str, StoredResource]:
        place, stored = placed
        return place, Completed.of(stored, self.renderer, self._related(stored, self.needs))

    def _related(self, stored: StoredResource, needs: Mapping[str, Need]) -> dict[str, Sequence[Related]]:
        return {
            name: self.relations[name].of(stored.id)
            if need.ids is None
            else self.relations[name].among(stored.id, sorted(need.ids))
            for name, need in needs.items()
        }

    def _many(
        self, first: Iterable[tuple[str, StoredResource]], others: Iterable[tuple[str, StoredResource]]
    ) -> Iterator[tuple[str, StoredResource]]:
        """Read from the other side what only depends on a few ids: a call for each id, not for each resource."""
        having = {
            name: {each: frozenset(self.relations[name].having(each)) for each in sorted(need.ids)}
            for name, need in self.needs.items()
            if need.ids is not None and not need.more
        }
        left = {name: need for name, need in self.needs.items() if name not in having}

        def complete(placed: tuple[str, StoredResource]) -> tuple[str, StoredResource]:
            place, stored = placed
            related: dict[str, Sequence[Related]] = {
                name: [Related(each) for each, holders in ids.items() if stored.id in holders]
                for name, ids in having.items()
            }
            return place, Completed.of(stored, self.renderer, {**related, **self._related(stored, left)})

        both = (placed for some in (first, others) for placed in some)
        return in_parallel(both, complete) if left else map(complete, both)


@dataclass(frozen=True, slots=True)
class _Plain(Found):
    found: Found

    def window(self, skipped: int, count: int) -> tuple[Sequence[StoredResource], int]:
        resources, total = self.found.window(skipped, count)
        return list(map(_plain, resources)), total

    def after(self, position: Position | None, count: int) -> Window:
        window = self.found.after(position, count)
        return window._replace(resources=list(map(_plain, window.resources)))


def _plain(stored: StoredResource) -> StoredResource:
    return stored.stored if isinstance(stored, Completed) else stored


def in_parallel(items: Iterable[_Item], read: Callable[[_Item], _Read]) -> Generator[_Read]:
    """Yield what `read` returns for each item, in their order; a few are read ahead at the same time."""
    left = iter(items)
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        under_way = deque(threads.submit(read, item) for item in islice(left, _AT_ONCE))
        while under_way:
            done = under_way.popleft().result()
            under_way.extend(threads.submit(read, item) for item in islice(left, 1))
            yield done

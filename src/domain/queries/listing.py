"""Lists and searches (RFC 7644 section 3.4.2, RFC 9865): which resources a query finds, and on which page.

Queries that an index can answer use it; the others match one resource after the other, within the time budget. Values
that are stored apart, such as the members of groups, are read by `domain.queries.related`, which is imported when a
query needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.documents import Json
from domain.effort import Effort
from domain.errors import InvalidCount, InvalidValue
from domain.filter import (
    Filter,
    Lookup,
    PrefixLookup,
    compile_filter,
    cost_of_filter,
    first_names,
    index_lookup,
    prefix_lookup,
    substituted,
)
from domain.limits import DEFAULT_PAGE_SIZE, MAX_PAGE_CHARACTERS, MAX_PAGE_SIZE
from domain.ports import Deadline, Relations, ResourceStore
from domain.queries.cursor import CursorSeal
from domain.queries.rendering import Renderer, Shows, list_text
from domain.queries.sorting import Ordering, SortKey
from domain.queries.windows import (
    Found,
    Indexed,
    InIdOrder,
    InIndexOrder,
    Matches,
    Matching,
    Place,
    Sorted,
    Source,
    by_id,
    everything,
    in_time,
    read_at,
)
from domain.resources.attributes import ResourceType
from domain.resources.comparison import form_of
from domain.resources.stored_resource import StoredResource
from domain.tolerances import Reader


@dataclass(frozen=True, slots=True)
class Query:
    """What a list or search asks for; `cursor` is None for pages by index, "" for the first page by cursor."""

    filter: str | None = None
    sort_by: str | None = None
    descending: bool = False
    start_index: int = 1
    count: int = DEFAULT_PAGE_SIZE
    cursor: str | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Query:
        """Return the query in URL parameters (text) or in the members of a SearchRequest (RFC 7644 section 3.4.3).

        A start before 1 is 1, a negative count is 0, a count above the maximum is the maximum (section 3.4.2.4).
        """
        cursor = _text(parameters, "cursor")
        count = _integer(parameters, "count")
        if cursor is not None and count is not None and not 0 < count <= MAX_PAGE_SIZE:
            raise InvalidCount.must_be(f"between 1 and {MAX_PAGE_SIZE} when a cursor is used", attribute="count")
        start_index = _integer(parameters, "startIndex")
        order = (_text(parameters, "sortOrder") or "ascending").lower()
        if order not in ("ascending", "descending"):
            raise InvalidValue.must_be('"ascending" or "descending"', attribute="sortOrder")
        return cls(
            filter=_text(parameters, "filter"),
            sort_by=_text(parameters, "sortBy") or None,
            descending=order == "descending",
            start_index=max(1, 1 if start_index is None else start_index),
            count=min(MAX_PAGE_SIZE, max(0, DEFAULT_PAGE_SIZE if count is None else count)),
            cursor=cursor,
        )

    @property
    def fingerprint(self) -> str:
        """What a cursor is bound to in addition to the account: the query without its page."""
        return f"{self.filter}\n{self.sort_by}\n{self.descending}"


@dataclass(frozen=True, slots=True)
class Result:
    """One page of an answer; with pages by cursor it has `next_cursor`, with pages by index `start_index`."""

    resources: Sequence[StoredResource]
    total: int
    start_index: int | None
    next_cursor: str | None = None

    def text(self, renderer: Shows) -> str:
        """Return the ListResponse as JSON text."""
        return list_text(
            map(renderer.text, self.resources),
            totalResults=self.total,
            itemsPerPage=len(self.resources),
            startIndex=self.start_index,
            nextCursor=self.next_cursor,
        )


def _ignore(lookup: Lookup) -> None:
    pass


Otherwise = Callable[[Lookup], "tuple[StoredResource, Json] | None"]
"""Returns another resource for a look-up that finds none, and the attributes with which it is matched."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The resources of one type in one account as queries see them."""

    store: ResourceStore[StoredResource]
    renderer: Renderer
    """Shows the resources; its type is that of the store's."""
    seal: CursorSeal
    reader: Reader
    relations: Mapping[str, Relations] = field(default_factory=dict)
    """The values that are stored apart, by the name of their attribute; without it no resource has any."""
    deadline: Deadline | None = None
    """Time until which resources may be matched."""
    on_lookup: Callable[[Lookup], None] = _ignore
    """Called with what a filter looks up by an index, before the index is read."""
    otherwise: Otherwise = _ignore
    """Called with a look-up that finds nothing."""
    absent: frozenset[str] = frozenset()
    """Names that filters may have and that no resource of the type does: attributes of other types."""
    bound_to: str = ""
    """What cursors are bound to in addition to account and query, so that those of other types are refused."""

    def search(self, query: Query) -> Result:
        """Return the page of resources that a query asks for."""
        return paged(query, lambda: self.found(query), self._shown, self.seal, self.bound_to + query.fingerprint)

    def _shown(self, resources: Sequence[StoredResource]) -> Sequence[StoredResource]:
        """Return as many of the resources as an answer may hold, at least one, with all that the answer shows."""
        if not self.renderer.wants(self.relations):
            return bounded(resources)
        from domain.queries.related import completed, shown  # few queries want values that are stored apart

        return shown(resources, lambda stored: completed(stored, self.renderer, self.relations))

    @property
    def resource_type(self) -> ResourceType:
        """The type of the resources."""
        return self.renderer.resource_type

    def found(self, query: Query, *, by_keys: bool = False) -> Found:
        """Return all resources that match, in the order that the query asks for, else by id.

        `by_keys`: an order that the query asks for is one of keys, even where an index is in that order.
        """
        filter_ = None if query.filter is None else self.reader.filter(query.filter)
        lookup = None if filter_ is None else index_lookup(filter_, self.resource_type)
        if lookup is not None:
            self.on_lookup(lookup)  # also for a query whose order is rejected
        ordering = None
        if query.sort_by:
            ordering = Ordering.of(query.sort_by, self.resource_type, descending=query.descending)
        if filter_ is not None and self._may_be_about_nothing(filter_):
            from domain.filter.absent import settled  # few filters are about what no resource has

            known = settled(filter_, self._absent(), self.resource_type)
            if known is False:
                return Matching(tuple, everything)
            filter_ = None if known is True else known
            lookup = None if filter_ is None else index_lookup(filter_, self.resource_type)
        index = None if ordering is None or by_keys else ordering.index(self.resource_type)
        if filter_ is None:
            if ordering is None:
                return InIdOrder(self.store)
            if index is not None:
                return InIndexOrder(self.store, index, ordering.descending)
        elif lookup is not None:
            return self._looked_up(lookup, filter_, ordering)
        elif (prefix := prefix_lookup(filter_, self.resource_type)) is not None:
            in_order = ordering if prefix.index is index else None
            return self._by_prefix(prefix, filter_, ordering, in_order)
        return self._matching(lambda: by_id(self.store.scan()), filter_, ordering)

    def _may_be_about_nothing(self, filter_: Filter) -> bool:
        return bool(self.absent) or not first_names(filter_).isdisjoint(self.resource_type.relations)

    def _absent(self) -> frozenset[str]:
        """Return the names of attributes that no resource has."""
        return self.absent.union(self.resource_type.relations.keys() - self.relations.keys())

    def _matching(
        self, source: Source, filter_: Filter | None, ordering: Ordering | None, *, descending: bool = False
    ) -> Found:
        """Return the matching resources of a source, in the order asked for, else in that of the source."""
        effort = Effort.of_query(self.resource_type, self.deadline)
        matches = everything if filter_ is None else self._matcher(filter_, effort)
        if self.relations:
            names = first_names(filter_) if filter_ is not None else frozenset()
            sorted_by = None if ordering is None else ordering.path.steps[0].name
            if not self.relations.keys().isdisjoint((*names, sorted_by)):
                from domain.queries.related import Completion  # few queries depend on values that are stored apart

                completion = Completion.of(self.renderer, self.relations, filter_, sorted_by)
                early, late = completion.early, completion.late
                matches = everything if late is None else self._matcher(late, effort)
                source = completion.source(source, everything if early is None else self._matcher(early, effort))
                if ordering is None:
                    return completion.plain(Matching(source, matches, descending))
        if ordering is None:
            return Matching(source, matches, descending)
        return Sorted(lambda: self._keyed(source, matches, ordering), ordering, self.store.get_many)

    def _keyed(self, source: Source, matches: Matches, ordering: Ordering) -> Iterator[tuple[SortKey, str]]:
        for _, stored in source():
            if matches(stored):
                yield ordering.key(self.renderer.resource(stored)), stored.id

    def _matcher(self, filter_: Filter, effort: Effort) -> Matches:
        predicate, cost = compile_filter(filter_), cost_of_filter(filter_)

        def matches(stored: StoredResource) -> bool:
            resource = self.renderer.resource(stored)
            effort.spend(cost(resource))
            return predicate(resource)

        return matches

    def _by_prefix(
        self, prefix: PrefixLookup, filter_: Filter, ordering: Ordering | None, in_order: Ordering | None
    ) -> Found:
        """Return the matching resources among those that an index lists for a prefix.

        `in_order` is the ordering if the index is in that order.
        """
        descending = in_order is not None and in_order.descending

        def places() -> list[Place]:
            forms = prefix.forms
            starting = self.store.entries_starting(prefix.index, prefix.value)
            entries = (entry for entry in starting if entry.value.startswith(forms))
            if in_order is not None:
                found: dict[str, Place] = {}
                for entry in entries:  # two of one resource that was renamed while the index was read
                    found.setdefault(entry.resource_id, Place(entry.position, entry.resource_id))
                return list(found.values())[:: -1 if descending else 1]
            return [Place(each, each) for each in sorted({entry.resource_id for entry in entries})]

        if ordering is None or in_order is not None:
            if prefix.is_whole:
                effort = Effort.of_query(self.resource_type, self.deadline)
                return Indexed(self.store, places, self._matcher(filter_, effort), descending)
            ordering = None
        return self._matching(lambda: read_at(self.store, places()), filter_, ordering, descending=descending)

    def _looked_up(self, lookup: Lookup, filter_: Filter, ordering: Ordering | None) -> Found:
        """Return the resources that match a filter, found by the index that its look-up names."""
        relation = self.relations.get(lookup.index.paths[0][0])
        if relation is not None:
            return self._related(relation, lookup, filter_, ordering)
        found = list(self.store.find(lookup.index, lookup.value))
        if not found and (retried := self.reader.retried_lookup(lookup.value)) is not None:
            found = list(self.store.find(lookup.index, retried))
            filter_ = substituted(filter_, lookup.value, retried)
        if not found and (other := self.otherwise(lookup)) is not None:
            stored, attributes = other
            if compile_filter(filter_)(self.renderer.resource(stored) | attributes):
                return self._matching(lambda: by_id([stored]), None, ordering)
        return self._matching(lambda: by_id(found), filter_, ordering)

    def _related(self, relation: Relations, lookup: Lookup, filter_: Filter, ordering: Ordering | None) -> Found:
        """Return the matching resources among those with a value that refers to the id that is looked up."""
        attribute = self.resource_type.relations[lookup.index.paths[0][0]]
        value = attribute.sub_attribute("value") or attribute

        def places() -> list[Place]:
            return [Place(each, each) for each in relation.having(form_of(value)(lookup.value))]

        if lookup.is_whole and ordering is None:
            return Indexed(self.store, places, everything)
        return self._matching(lambda: read_at(self.store, places()), None if lookup.is_whole else filter_, ordering)


def paged(
    query: Query,
    found: Callable[[], Found],
    shown: Callable[[Sequence[StoredResource]], Sequence[StoredResource]],
    seal: CursorSeal,
    fingerprint: str,
) -> Result:
    """Return the page of a query; `shown` may end it early, `fingerprint` is what its cursors are bound to."""
    if query.cursor is None:
        with in_time():
            resources, total = found().window(query.start_index - 1, query.count)
            return Result(shown(resources), total, query.start_index)
    position = seal.open(query.cursor, fingerprint) if query.cursor else None
    with in_time():
        page = found().after(position, query.count)
        resources = shown(page.resources)
    after = page.next_after if len(resources) == len(page.resources) else page.positions[len(resources) - 1]
    return Result(resources, page.total, None, None if after is None else seal.seal(after, fingerprint))


def bounded(resources: Sequence[StoredResource]) -> Sequence[StoredResource]:
    """Return as many of the resources as an answer may hold, at least one."""
    size = 0
    for position, stored in enumerate(resources):
        size += len(stored.document)
        if size > MAX_PAGE_CHARACTERS and position:
            return resources[:position]
    return resources


def _text(parameters: Mapping[str, Any], name: str) -> str | None:
    value = parameters.get(name)
    if value is None or isinstance(value, str):
        return value
    raise InvalidValue.must_be("a string", attribute=name)


def _integer(parameters: Mapping[str, Any], name: str) -> int | None:
    value = parameters.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        digits = value.strip().removeprefix("-").removeprefix("+")
        if digits.isdecimal() and digits.isascii() and len(digits) <= 18:
            return int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        return value
    raise InvalidValue.must_be("an integer", attribute=name)

"""Lists and searches (RFC 7644 section 3.4.2, RFC 9865): which users a query finds, and on which page.

Queries that an index can answer use it; the others match user by user, within the time budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.effort import Effort
from domain.errors import InvalidCount, InvalidValue
from domain.filter import (
    Filter,
    Lookup,
    LookupKind,
    PrefixKind,
    PrefixLookup,
    compile_filter,
    cost_of_filter,
    index_lookup,
    prefix_lookup,
    substituted,
)
from domain.limits import DEFAULT_PAGE_SIZE, MAX_PAGE_CHARACTERS, MAX_PAGE_SIZE
from domain.ports import Deadline, UserStore
from domain.queries.cursor import CursorSeal, Position
from domain.queries.rendering import Renderer
from domain.queries.sorting import Ordering
from domain.queries.windows import (
    Found,
    Indexed,
    InIdOrder,
    InUserNameOrder,
    Matches,
    Matching,
    Place,
    Sorted,
    by_id,
    everyone,
    in_time,
    read_at,
)
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import EMAIL, EXTERNAL_ID, USER, USER_NAME
from domain.tolerances import Reader, Strict


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
            raise InvalidCount(f"count must be between 1 and {MAX_PAGE_SIZE} when a cursor is used.", attribute="count")
        start_index = _integer(parameters, "startIndex")
        order = (_text(parameters, "sortOrder") or "ascending").lower()
        if order not in ("ascending", "descending"):
            raise InvalidValue('sortOrder must be "ascending" or "descending".', attribute="sortOrder")
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

    users: Sequence[StoredUser]
    total: int
    start_index: int | None
    next_cursor: str | None = None

    def text(self, renderer: Renderer) -> str:
        """Return the ListResponse as JSON text."""
        return renderer.list_text(
            self.users,
            totalResults=self.total,
            itemsPerPage=len(self.users),
            startIndex=self.start_index,
            nextCursor=self.next_cursor,
        )


def _ignore(lookup: Lookup) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Directory:
    """The users of one account as queries see them."""

    store: UserStore
    renderer: Renderer
    seal: CursorSeal
    reader: Reader = field(default_factory=lambda: Strict(USER))
    matches_email: bool = False
    """True if a look-up by a userName that no user has also finds, by that text as an address, a user whom no identity
    provider has claimed yet (`domain.accounts.account.Settings.match_existing_by_email`)."""
    deadline: Deadline | None = None
    """Time until which users may be matched."""
    on_lookup: Callable[[Lookup], None] = _ignore
    """Called with what a filter looks up by an index, before the index is read."""

    def search(self, query: Query) -> Result:
        """Return the page of users that a query asks for."""
        if query.cursor is not None:
            return self._by_cursor(query)
        with in_time():
            users, total = self._found(query).window(query.start_index - 1, query.count)
        return Result(_bounded(users), total, query.start_index)

    def _by_cursor(self, query: Query) -> Result:
        """Return the page after the position in a cursor (`domain.queries.windows`)."""
        position = self.seal.open(query.cursor, query.fingerprint) if query.cursor else None
        with in_time():
            page = self._found(query).after(position, query.count)
        users = _bounded(page.users)
        after = page.next_after if len(users) == len(page.users) else page.positions[len(users) - 1]
        return Result(users, page.total, None, self._sealed(after, query))

    def _sealed(self, position: Position | None, query: Query) -> str | None:
        return None if position is None else self.seal.seal(position, query.fingerprint)

    def _found(self, query: Query) -> Found:
        """Return all users that match, in the order that the query asks for, else by id."""
        parsed = None if query.filter is None else self.reader.filter(query.filter)
        lookup = None if parsed is None else index_lookup(parsed)
        if lookup is not None:
            self.on_lookup(lookup)  # also for a query whose order is rejected
        ordering = None
        if query.sort_by:
            ordering = Ordering.of(query.sort_by, self.renderer.resource_type, descending=query.descending)
        if parsed is None:
            if ordering is None:
                return InIdOrder(self.store)
            if ordering.is_by_user_name:
                return InUserNameOrder(self.store, query.descending)
            return self._sorted(ordering, self.store.scan)
        if lookup is not None:
            return self._listed(self._looked_up(lookup, parsed), ordering)
        matches = self._matcher(parsed)
        prefix = prefix_lookup(parsed)
        if prefix is not None:
            return self._by_prefix(prefix, matches, ordering)
        if ordering is not None:
            return self._sorted(ordering, self.store.scan, matches)
        return Matching(lambda: by_id(self.store.scan()), matches)

    def _listed(self, users: list[StoredUser], ordering: Ordering | None) -> Found:
        """Return a few users, all read and matching already, in the order asked for, else by id."""
        if ordering is None:
            return Matching(lambda: by_id(users), everyone)
        by = {user.id: user for user in users}
        return self._sorted(ordering, lambda: users, read=lambda ids: [by[user_id] for user_id in ids])

    def _by_prefix(self, prefix: PrefixLookup, matches: Matches, ordering: Ordering | None) -> Found:
        """Return the matching users among those that an index lists for a prefix."""
        by_name = prefix.kind is PrefixKind.USER_NAME
        in_index_order = by_name and ordering is not None and ordering.is_by_user_name
        descending = in_index_order and ordering is not None and ordering.descending

        def places() -> list[Place]:
            forms = prefix.forms
            starting = self.store.entries_starting(USER_NAME if by_name else EMAIL, prefix.value)
            entries = (entry for entry in starting if entry.value.startswith(forms))
            if in_index_order:
                found: dict[str, Place] = {}
                for entry in entries:  # two of one user who was renamed while the index was read
                    found.setdefault(entry.resource_id, Place(entry.position, entry.resource_id))
                return list(found.values())[:: -1 if descending else 1]
            return [Place(user_id, user_id) for user_id in sorted({entry.resource_id for entry in entries})]

        if ordering is not None and not in_index_order:
            return self._sorted(ordering, lambda: (user for _, user in read_at(self.store, places())), matches)
        if prefix.is_whole:
            return Indexed(self.store, places, matches, descending)
        return Matching(lambda: read_at(self.store, places()), matches, descending)

    def _sorted(
        self,
        ordering: Ordering,
        source: Callable[[], Iterable[StoredUser]],
        matches: Matches = everyone,
        read: Callable[[list[str]], Sequence[StoredUser]] | None = None,
    ) -> Found:
        return Sorted(source, matches, ordering, self.renderer.resource, read or self.store.get_many)

    def _matcher(self, parsed: Filter) -> Matches:
        predicate, cost, effort = compile_filter(parsed), cost_of_filter(parsed), Effort.of_query(self.deadline)

        def matches(user: StoredUser) -> bool:
            resource = self.renderer.resource(user)
            effort.spend(cost(resource))
            return predicate(resource)

        return matches

    def _looked_up(self, lookup: Lookup, parsed: Filter) -> list[StoredUser]:
        """Return the users that match a filter, found by the index that its look-up names."""
        found = self._look_up(lookup.kind, lookup.value)
        if not found and (retried := self.reader.retried_lookup(lookup.value)) is not None:
            found = self._look_up(lookup.kind, retried)
            parsed = substituted(parsed, lookup.value, retried)
        if not found and self.matches_email and lookup.kind is LookupKind.USER_NAME:
            return self._unclaimed(lookup.value, parsed)
        return list(filter(self._matcher(parsed), found))

    def _unclaimed(self, user_name: str, parsed: Filter) -> list[StoredUser]:
        """Return the user that could be adopted by that name and matches the rest of the filter."""
        from domain.resources.adoption import (
            is_adoptable,  # imported here: few accounts need it, and each module adds to a cold start
        )

        user = self.store.find_by_email(user_name)
        if user is None or not is_adoptable(user, user_name):
            return []
        matches = compile_filter(parsed)
        return [user] if matches(self.renderer.resource(user) | {"userName": user_name}) else []

    def _look_up(self, kind: LookupKind, value: str) -> list[StoredUser]:
        if kind is LookupKind.EXTERNAL_ID:
            return list(self.store.find(EXTERNAL_ID, value))
        find = {
            LookupKind.ID: self.store.get,
            LookupKind.USER_NAME: self.store.find_by_user_name,
            LookupKind.EMAIL: self.store.find_by_email,
        }[kind]
        user = find(value)
        return [] if user is None else [user]


def _bounded(users: Sequence[StoredUser]) -> Sequence[StoredUser]:
    """Return as many of the users as an answer may hold, at least one."""
    size = 0
    for position, user in enumerate(users):
        size += len(user.document)
        if size > MAX_PAGE_CHARACTERS and position:
            return users[:position]
    return users


def _text(parameters: Mapping[str, Any], name: str) -> str | None:
    value = parameters.get(name)
    if value is None or isinstance(value, str):
        return value
    raise InvalidValue(f"{name} must be a string.", attribute=name)


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
    raise InvalidValue(f"{name} must be an integer.", attribute=name)

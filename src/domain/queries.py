"""Listing and searching (RFC 7644 section 3.4.2, RFC 9865): which users answer a query, on which page.

What an index answers is read through the index; what it cannot is read user by user, within the time budget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from domain import tolerances
from domain.cursor import CursorSeal
from domain.effort import Effort
from domain.errors import InvalidCount, InvalidCursor, InvalidValue
from domain.filter import (
    Filter,
    LookupKind,
    PrefixKind,
    PrefixLookup,
    compile_filter,
    cost_of_filter,
    index_lookup,
    parse,
    prefix_lookup,
    substituted,
)
from domain.limits import DEFAULT_PAGE_SIZE, MAX_PAGE_CHARACTERS, MAX_PAGE_SIZE
from domain.ports import Deadline, UserStore
from domain.rendering import Renderer
from domain.sorting import Ordering
from domain.stored_user import StoredUser
from domain.tolerances import Applied
from domain.windows import InUserNameOrder, Matches, Matching, Ordered, Sorted, Source, together, window


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
        """The query in URL parameters (text) or in the members of a SearchRequest (RFC 7644 section 3.4.3).

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
        """What a cursor is bound to beside the account: the query but for its page."""
        return f"{self.filter}\n{self.sort_by}\n{self.descending}"


@dataclass(frozen=True, slots=True)
class Result:
    """One page of an answer; `next_cursor` only when paging by cursor, `total` None when it costs another read."""

    users: Sequence[StoredUser]
    total: int | None
    start_index: int | None
    next_cursor: str | None = None

    def text(self, renderer: Renderer) -> str:
        """The ListResponse as JSON text."""
        return renderer.list_text(
            self.users,
            totalResults=self.total,
            itemsPerPage=len(self.users),
            startIndex=self.start_index,
            nextCursor=self.next_cursor,
        )


@dataclass(frozen=True, slots=True)
class Directory:
    """The users of one account as queries see them."""

    store: UserStore
    renderer: Renderer
    seal: CursorSeal
    applied: Applied | None = None
    matches_email: bool = False
    """Whether a look-up by a userName that nobody has also finds, by that as an address, whom no identity provider has
    claimed yet (`domain.account.Settings.match_existing_by_email`)."""
    deadline: Deadline | None = None
    """Until when users may be matched."""

    def search(self, query: Query) -> Result:
        """The page of users that a query asks for."""
        if query.cursor is not None:
            return self._by_cursor(query)
        if query.filter is None and query.sort_by is None:
            page = self.store.page(query.start_index, query.count)
            return Result(_bounded(page.users), page.total, query.start_index)
        found = self._found(query)
        skipped = query.start_index - 1
        if isinstance(found, list):
            return Result(_bounded(found[skipped : skipped + query.count]), len(found), query.start_index)
        users, total = window(found, skipped, query.count)
        return Result(_bounded(users), total, query.start_index)

    def _by_cursor(self, query: Query) -> Result:
        """A page after a cursor; the cursor holds the last id seen, or for an ordered answer the users passed."""
        position = self.seal.open(query.cursor, query.fingerprint) if query.cursor else None
        if query.filter is None and query.sort_by is None:
            if not isinstance(position, str | None):
                raise InvalidCursor("cursor is of another query. Start again with an empty cursor.")
            piece = self.store.page_after(position, query.count)
            users = _bounded(piece.users)
            after = users[-1].id if len(users) < len(piece.users) else piece.next_after
            return Result(users, None, None, self._sealed(after, query))
        skipped = position if isinstance(position, int) else 0
        found = self._found(query)
        if isinstance(found, list):
            users, total = _bounded(found[skipped : skipped + query.count]), len(found)
        else:
            found_users, total = window(found, skipped, query.count)
            users = _bounded(found_users)
        passed = skipped + len(users)
        return Result(users, total, None, self._sealed(passed if passed < total else None, query))

    def _sealed(self, position: str | int | None, query: Query) -> str | None:
        return None if position is None else self.seal.seal(position, query.fingerprint)

    def _found(self, query: Query) -> list[StoredUser] | Ordered:
        """All users that match, in order: few from an index as a list, else in a form that yields one page."""
        parsed = None
        if query.filter is not None:
            parsed = parse(query.filter, tolerances.filter_leniency(self.applied))
        ordering = Ordering.of(query.sort_by, descending=query.descending) if query.sort_by else None
        if parsed is not None and (users := self._looked_up(parsed)) is not None:
            if ordering is not None:
                users.sort(key=lambda user: ordering.key(self.renderer.resource(user)))
            return users
        matches = self._matcher(parsed)
        if ordering is not None and ordering.is_by_user_name and parsed is None:
            return InUserNameOrder(self.store, query.descending)
        prefix = prefix_lookup(parsed) if parsed is not None else None
        source, is_in_order = self._source(prefix, ordering)
        if ordering is None or is_in_order:
            return Matching(source, matches)
        return Sorted(self.store, source, matches, lambda user: ordering.key(self.renderer.resource(user)))

    def _source(self, prefix: PrefixLookup | None, ordering: Ordering | None) -> tuple[Source, bool]:
        """The users among whom all matches are, by an index if one has the prefix, and whether they come in order."""
        if prefix is None:
            return self.store.scan, False
        if prefix.kind is PrefixKind.EMAIL:
            return partial(together, self.store, self.store.ids_by_email(prefix.value)), False
        is_in_order = ordering is not None and ordering.is_by_user_name
        descending = ordering is not None and ordering.descending
        ids = self.store.ids_by_user_name(prefix.value, descending=is_in_order and descending)
        return partial(together, self.store, ids), is_in_order

    def _matcher(self, parsed: Filter | None) -> Matches:
        if parsed is None:
            return lambda user: True
        predicate, cost, effort = compile_filter(parsed), cost_of_filter(parsed), Effort.of_query(self.deadline)

        def matches(user: StoredUser) -> bool:
            resource = self.renderer.resource(user)
            effort.spend(cost(resource))
            return predicate(resource)

        return matches

    def _looked_up(self, parsed: Filter) -> list[StoredUser] | None:
        """The users that match a filter by what an index names for it; None when no index serves."""
        lookup = index_lookup(parsed)
        if lookup is None:
            return None
        found = self._look_up(lookup.kind, lookup.value)
        if not found and self.applied is not None:
            retried = tolerances.tolerate_lookup(lookup.value, self.applied)
            if retried is not None:
                found = self._look_up(lookup.kind, retried)
                parsed = substituted(parsed, lookup.value, retried)
        if not found and self.matches_email and lookup.kind is LookupKind.USER_NAME:
            return self._unclaimed(lookup.value, parsed)
        return list(filter(self._matcher(parsed), found))

    def _unclaimed(self, user_name: str, parsed: Filter) -> list[StoredUser]:
        """Who could be adopted by that name and matches the rest of the filter."""
        from domain.adoption import is_adoptable  # here, as few accounts need it and it takes a while

        user = self.store.find_by_email(user_name)
        if user is None or not is_adoptable(user, user_name):
            return []
        matches = compile_filter(parsed)
        return [user] if matches(self.renderer.resource(user) | {"userName": user_name}) else []

    def _look_up(self, kind: LookupKind, value: str) -> list[StoredUser]:
        if kind is LookupKind.EXTERNAL_ID:
            return self.store.find_by_external_id(value)
        find = {
            LookupKind.ID: self.store.get,
            LookupKind.USER_NAME: self.store.find_by_user_name,
            LookupKind.EMAIL: self.store.find_by_email,
        }[kind]
        user = find(value)
        return [] if user is None else [user]


def _bounded(users: Sequence[StoredUser]) -> Sequence[StoredUser]:
    """As many of the users as an answer may hold, one at least."""
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

"""Which accounts a page of the settings shows, and in what order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from adapters.logs.activity import AccountActivity

PAGE_SIZE: Final = 25
_MAX_SEARCH: Final = 60
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

SORTS: Final = {
    "name": "Name",
    "errors": "Most errors first",
    "recent": "Last success, newest first",
    "quiet": "Last success, oldest first",
}
"""The orders of the accounts, with what the page calls them; the first is the default."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reader asked for: a part of the names, one of `SORTS`, and the page from 1."""

    search: str = ""
    sort: str = "name"
    page: int = 1

    @classmethod
    def of(cls, search: object, sort: object, page: object) -> Choice:
        """Make a choice of whatever a call has for it; anything unknown is the default."""
        text = search.strip()[:_MAX_SEARCH] if isinstance(search, str) else ""
        order = sort if isinstance(sort, str) and sort in SORTS else "name"
        number = page if isinstance(page, int) and 1 <= page <= 10_000 else 1
        return cls(text, order, number)


@dataclass(frozen=True, slots=True)
class Selection:
    """The accounts of one page: `found` of `total` match the search, on so many `pages`."""

    names: tuple[str, ...]
    found: int
    total: int
    page: int
    pages: int


def select(names: Sequence[str], choice: Choice, activity: Mapping[str, AccountActivity] | None) -> Selection:
    """Return the page of accounts that was chosen; a page after the last is the last.

    >>> select(["customer-10", "customer-2", "acme"], Choice("customer"), None).names
    ('customer-2', 'customer-10')
    """
    seen = activity or {}
    found = sorted((name for name in names if choice.search.casefold() in name), key=natural)
    none = AccountActivity()
    if choice.sort == "errors":
        found.sort(key=lambda name: -seen.get(name, none).errors)
    elif choice.sort != "name":
        found.sort(key=lambda name: seen.get(name, none).last_success or _NEVER, reverse=choice.sort == "recent")
    pages = max(1, -(-len(found) // PAGE_SIZE))
    page = min(choice.page, pages)
    return Selection(tuple(found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]), len(found), len(names), page, pages)


def natural(name: str) -> list[tuple[int, int | str]]:
    """Return the key by which people sort names: numbers in them count as numbers.

    >>> sorted(["customer-10", "customer-2", "7", "acme"], key=natural)
    ['7', 'acme', 'customer-2', 'customer-10']
    """
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in re.split(r"(\d+)", name) if part]

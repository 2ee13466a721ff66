"""Tables for a person at a terminal."""

from __future__ import annotations

from typing import Final

from rich.table import Column, Table

_IN_ONE_LINE: Final = frozenset({"Id", "Active", "Line"})


def table_of(*headers: str) -> Table:
    """A table with these columns. A text that is wider than its column continues in the next line; nothing is cut."""
    columns = (
        Column(header, no_wrap=True) if header in _IN_ONE_LINE else Column(header, overflow="fold")
        for header in headers
    )
    return Table(*columns, box=None)

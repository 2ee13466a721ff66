"""What a row has in its file, so that a refused one can be written to a report, corrected there, and imported again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.documents import Json
from operations.roster.formulas import guarded, unguarded

REPORT_COLUMNS: Final = ("line", "row", "reason", "detail")
"""The first columns of a report, before those of the file. An import of the report ignores them."""
REPORT_MEMBER: Final = "refused"
"""The member of a report's JSON lines that an import ignores; it has the same four."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row is, and what it has there.

    `line` is the line on which it begins, `row` its number in a spreadsheet, in which a value may have several lines.
    """

    line: int
    row: int
    cells: tuple[str, ...] = ()
    """Of CSV, as they are in the file."""
    body: Json | None = None
    """Of JSON lines."""
    text: str = ""
    """Of a line that is not a JSON object."""


def is_report(header: Sequence[str]) -> bool:
    """Return True for the header of a report."""
    return tuple(name.strip() for name in header[: len(REPORT_COLUMNS)]) == REPORT_COLUMNS


def report_header(header: Iterable[str]) -> list[str]:
    """Return the header of a report on a file with that header."""
    return [*REPORT_COLUMNS, *map(_kept, header)]


def report_row(origin: Origin, reason: str, detail: str) -> list[str]:
    """Return the row of a report: why it was refused, and its cells with the same meaning as in the file."""
    return [str(origin.line), str(origin.row), reason, guarded(detail), *map(_kept, origin.cells)]


def report_line(origin: Origin, reason: str, detail: str) -> dict[str, Any]:
    """Return the object of a report of JSON lines: that of the file, and why it was refused."""
    why = dict(zip(REPORT_COLUMNS, (origin.line, origin.row, reason, detail), strict=True))
    return {**(origin.body or {}), REPORT_MEMBER: {**why, "text": origin.text} if origin.text else why}


def _kept(cell: str) -> str:
    """Return the cell with the same meaning, guarded against formulas."""
    return guarded(unguarded(cell.lstrip()).rstrip())


class Recorded:
    """Lines of text that remembers those since `forget`, for a row that the CSV reader refuses."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._read: list[str] = []

    def __iter__(self) -> Iterator[str]:
        """Return the lines themselves."""
        return self

    def __next__(self) -> str:
        """Return the next line."""
        line = next(self._lines)
        self._read.append(line)
        return line

    def forget(self) -> None:
        """Begin a row."""
        self._read.clear()

    @property
    def text(self) -> str:
        """The row so far."""
        return "".join(self._read).rstrip("\r\n")

"""Reading a roster from `users.csv`, `users.jsonl` or standard input, which must be UTF-8."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from cli.root import UsageError
from operations.roster import Columns, InvalidHeader, Refusal, RosterRow, csv_rows, json_rows

STANDARD_INPUT: Final = Path("-")
_BOM: Final = b"\xef\xbb\xbf"


class Form(StrEnum):
    """The file formats of a roster."""

    CSV = "csv"
    JSONL = "jsonl"


_FORMS: Final = {".csv": Form.CSV, ".tsv": Form.CSV, ".txt": Form.CSV, ".jsonl": Form.JSONL, ".ndjson": Form.JSONL}

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a header, or JSON lines; - for standard input.")]
FormOption = Annotated[Form | None, typer.Option("--format", help="The file's format; default: by its name.")]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="COLUMN=ATTRIBUTE",
        help="Map a CSV column, as in 'Cost Unit=costCenter'; nothing after = ignores it. Repeatable.",
    ),
]


def check_report(report: Path | None, file: Path, form: Form | None) -> None:
    """Raise `UsageError` for a report whose name does not say its format, or that would overwrite the file."""
    if report is None:
        return
    own = f".{form or _form_of(file)}"
    if report.suffix.lower() not in (own, ".json"):
        raise UsageError(f"{report}: name the report on this file *{own}, which can be imported, or *.json.")
    if report.exists() and file.exists() and report.samefile(file):
        raise UsageError(f"{report}: a report on a file cannot take its place. Name another file.")


@dataclass(frozen=True, slots=True)
class Roster:
    """An open file: the number of lines, the columns (None for JSON lines), and the rows, to be read once."""

    lines: int
    columns: Columns | None
    rows: Iterator[RosterRow | Refusal]


@contextmanager
def opened(file: Path, form: Form | None, mapped: list[str] | None) -> Iterator[Roster]:
    """Open the roster in a file; raises UsageError when it is none."""
    with text_of(file, form, mapped) as source:
        if source.form is Form.JSONL:
            yield Roster(source.lines, None, json_rows(source.text))
        else:
            columns, rows = csv_rows(source.text, source.mapping)
            yield Roster(source.lines, columns, rows)


@dataclass(frozen=True, slots=True)
class Source:
    """An open file of text: the number of lines, its format, its lines, to be read once, and what --map says."""

    lines: int
    form: Form
    text: Iterator[str]
    mapping: Mapping[str, str]


@contextmanager
def text_of(file: Path, form: Form | None, mapped: list[str] | None) -> Iterator[Source]:
    """Open a file of UTF-8 text; raises UsageError when it is none, or when its header is refused meanwhile."""
    if file.is_dir():
        raise UsageError(f"{file} is a directory; name a file.")
    form = form or _form_of(file)
    mapping = _mapping(mapped, form)
    with _bytes_of(file) as content:
        lines = _require_text(content, file)
        content.seek(0)
        try:
            yield Source(lines, form, _text(content), mapping)
        except InvalidHeader as error:
            raise UsageError(f"{_named(file)}: {error}") from error


def _form_of(file: Path) -> Form:
    form = _FORMS.get(file.suffix.lower())
    if form is None:
        raise UsageError(f"{_named(file)}: add its format: --format csv or --format jsonl.")
    return form


def _mapping(mapped: list[str] | None, form: Form) -> Mapping[str, str]:
    if mapped and form is Form.JSONL:
        raise UsageError("--map is for the columns of CSV; JSON lines have the attributes' own names.")
    mapping = {}
    for each in mapped or ():
        # An attribute has no "="; a column's name may have one.
        column, equals, path = each.rpartition("=")
        if not equals or not column.strip():
            raise UsageError(f"--map {each!r} is not COLUMN=ATTRIBUTE, such as --map 'Cost Unit=costCenter'.")
        mapping[column] = path
    return mapping


@contextmanager
def _bytes_of(file: Path) -> Iterator[BinaryIO]:
    if file == STANDARD_INPUT:
        yield BytesIO(sys.stdin.buffer.read())
        return
    try:
        opened_file = file.open("rb")
    except FileNotFoundError:
        raise UsageError(f"There is no file {file}.") from None
    with opened_file:
        yield opened_file


def _require_text(content: BinaryIO, file: Path) -> int:
    """The number of lines; raises UsageError when they are not UTF-8."""
    number = 0
    for number, line in enumerate(content, 1):
        try:
            line.decode()
        except UnicodeDecodeError:
            raise UsageError(
                f"{_named(file)}: line {number} is not UTF-8. Save it as UTF-8; spreadsheets call that "
                "'CSV UTF-8 (comma delimited)'."
            ) from None
    return number


def _text(content: BinaryIO) -> Iterator[str]:
    for number, line in enumerate(content):
        yield (line.removeprefix(_BOM) if number == 0 else line).decode()


def _named(file: Path) -> str:
    return "standard input" if file == STANDARD_INPUT else str(file)

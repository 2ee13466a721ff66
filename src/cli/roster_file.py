"""Reading a roster from `users.csv`, `users.jsonl` or standard input."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from adapters.environment import declared_user_type
from cli.root import UsageError
from operations.roster import Columns, InvalidHeader, Refusal, RosterRow, csv_rows, json_rows

STANDARD_INPUT: Final = Path("-")
_BOM: Final = "\ufeff"


class Form(StrEnum):
    """The file formats of a roster."""

    CSV = "csv"
    JSONL = "jsonl"


_FORMS: Final = {".csv": Form.CSV, ".tsv": Form.CSV, ".txt": Form.CSV, ".jsonl": Form.JSONL, ".ndjson": Form.JSONL}

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a header, or JSON lines; - for standard input.")]
FormOption = Annotated[Form | None, typer.Option("--format", help="The file's format; default: from its name.")]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="The file's encoding, for example windows-1252; default: from its byte order mark, or UTF-8.",
    ),
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="COLUMN=ATTRIBUTE",
        help="Map a CSV column to an attribute: 'Cost Unit=costCenter'. 'Cost Unit=' ignores the column. Repeatable.",
    ),
]


def check_report(report: Path | None, file: Path, form: Form | None) -> None:
    """Raise `UsageError` for a report whose name does not say its format, or that would overwrite the file."""
    if report is None:
        return
    own = f".{form or _form_of(file)}"
    if report.suffix.lower() not in (own, ".json"):
        raise UsageError(f"{report}: the name of the report must end with {own}, which can be imported, or .json.")
    if report.exists() and file.exists() and report.samefile(file):
        raise UsageError(f"{report}: the report cannot overwrite the imported file. Name another file.")


@dataclass(frozen=True, slots=True)
class Roster:
    """An open file: the number of lines, the columns (None for JSON lines), and the rows, to be read once."""

    lines: int
    columns: Columns | None
    rows: Iterator[RosterRow | Refusal]


@contextmanager
def opened(file: Path, form: Form | None, mapped: list[str] | None, encoding: str | None) -> Iterator[Roster]:
    """Open the roster in a file; raises UsageError when it is none."""
    of_users = declared_user_type()
    with text_of(file, form, mapped, encoding) as source:
        if source.form is Form.JSONL:
            yield Roster(source.lines, None, json_rows(source.text, of_users))
        else:
            columns, rows = csv_rows(source.text, source.mapping, of_users)
            yield Roster(source.lines, columns, rows)


@dataclass(frozen=True, slots=True)
class Source:
    """An open file of text: the number of lines, its format, its lines, to be read once, and what --map says."""

    lines: int
    form: Form
    text: Iterator[str]
    mapping: Mapping[str, str]


@contextmanager
def text_of(file: Path, form: Form | None, mapped: list[str] | None, encoding: str | None) -> Iterator[Source]:
    """Open a file of text; raises UsageError when it is none, or when its header is refused meanwhile.

    `encoding` is the name of its encoding; with None it is UTF-8, or UTF-16 with a byte order mark.
    """
    if file.is_dir():
        raise UsageError(f"{file} is a directory; name a file.")
    form = form or _form_of(file)
    mapping = _mapping(mapped, form)
    with _bytes_of(file) as content:
        found = _detected(content, file, encoding)
        lines = _require_text(content, file, found, is_given=encoding is not None)
        try:
            yield Source(lines, form, _lines(content, found), mapping)
        except InvalidHeader as error:
            raise UsageError(f"{_named(file)}: {error}") from error


def _form_of(file: Path) -> Form:
    form = _FORMS.get(file.suffix.lower())
    if form is None:
        raise UsageError(f"{_named(file)}: the format is unknown. Add --format csv or --format jsonl.")
    return form


def _mapping(mapped: list[str] | None, form: Form) -> Mapping[str, str]:
    if mapped and form is Form.JSONL:
        raise UsageError("--map only works with CSV. In JSON lines, use the names of the attributes.")
    mapping = {}
    for each in mapped or ():
        # An attribute has no "="; a column's name may have one.
        column, equals, path = each.rpartition("=")
        if not equals or not column.strip():
            raise UsageError(f"--map {each!r} is not COLUMN=ATTRIBUTE, for example --map 'Cost Unit=costCenter'.")
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
        raise UsageError(f"The file {file} does not exist.") from None
    with opened_file:
        yield opened_file


def _detected(content: BinaryIO, file: Path, encoding: str | None) -> str:
    """The name of the file's encoding: the one given, else by its byte order mark, else UTF-8; raises UsageError."""
    if encoding is not None:
        try:
            "".encode(encoding)
        except (LookupError, UnicodeError):
            raise UsageError(
                f"The encoding {encoding!r} is unknown; write, for example, windows-1252 or utf-16."
            ) from None
        return codecs.lookup(encoding).name
    start = content.read(4)
    content.seek(0)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in start:
        likely = "utf-16-be" if start.startswith(b"\0") else "utf-16-le"
        raise UsageError(f"{_named(file)} is not UTF-8, but looks like UTF-16: add --encoding {likely}.")
    return "utf-8"


def _lines(content: BinaryIO, encoding: str) -> Iterator[str]:
    """The lines of the file, with their ends and without a byte order mark."""
    content.seek(0)
    # Decoded line by line, an error is known with its line; the characters of these encodings are no single bytes.
    wide = encoding.startswith(("utf-16", "utf-32"))
    lines = TextIOWrapper(content, encoding, newline="\n") if wide else (line.decode(encoding) for line in content)
    for number, line in enumerate(lines):
        yield line.removeprefix(_BOM) if number == 0 else line
    if isinstance(lines, TextIOWrapper):
        lines.detach()


def _require_text(content: BinaryIO, file: Path, encoding: str, *, is_given: bool) -> int:
    """The number of lines; raises UsageError when they have another encoding."""
    number = 0
    try:
        for _ in _lines(content, encoding):
            number += 1
    except UnicodeError:
        where = f"{_named(file)}: line {number + 1}"
        if is_given:
            raise UsageError(f"{where} is not valid {encoding}, the encoding given by --encoding.") from None
        if encoding != "utf-8":
            raise UsageError(
                f"{where} is not valid UTF-16, although the byte order mark announces it. Save the file again."
            ) from None
        raise UsageError(
            f"{where} is not UTF-8. Save it as UTF-8, which spreadsheets call 'CSV UTF-8 (comma delimited)'; or, if a "
            "spreadsheet on Windows saved it as 'CSV', add --encoding windows-1252."
        ) from None
    return number


def _named(file: Path) -> str:
    return "standard input" if file == STANDARD_INPUT else str(file)

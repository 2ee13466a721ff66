"""The rows of a roster: each is a user with valid attributes, or is refused with a reason."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, count
from typing import Any, Final

from domain import remedies
from domain.documents import Json
from domain.errors import ScimError
from domain.json_text import NoText, NotJson, RefusedJson, decode
from domain.quoting import quoted
from domain.resources.attributes import ResourceType
from domain.resources.body import attributes_of
from domain.resources.comparison import unique_form
from domain.resources.stored_resource import document_of
from domain.resources.user_schema import CORE_URN, USER
from operations.roster.cells import InvalidCells
from operations.roster.columns import Columns, InvalidHeader
from operations.roster.origins import REPORT_COLUMNS, REPORT_MEMBER, Origin, Recorded, is_report

_SEPARATORS: Final = ",;\t|"
_EXCELS_SEPARATOR: Final = re.compile(r'"?sep=([,;\t|])"?\s*', re.IGNORECASE)
_USER_NAME: Final = "userName"
_LONGEST_FIELD: Final = 2**31 - 1
"""The CSV reader gets no limit of its own: it would cut a row, and read the rest as further rows."""


class RowRefused(Exception):
    """A row is not a valid user. `reason` is a fixed word, the message is for the operator."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RosterRow:
    """A user of the roster: the first line, the valid attributes, and the id in the file."""

    line: int
    attributes: Json
    id: str | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is not a valid user, and the reason; `user_name` is as in the row."""

    line: int
    reason: str
    detail: str
    user_name: str = ""
    origin: Origin | None = field(default=None, compare=False, repr=False)

    @property
    def row(self) -> int:
        """The row in a spreadsheet."""
        return self.line if self.origin is None else self.origin.row


def csv_rows(
    lines: Iterable[str], mapped: Mapping[str, str], resource_type: ResourceType = USER
) -> tuple[Columns, Iterator[RosterRow | Refusal]]:
    """Read a CSV file, given line by line with line ends, of users of that type; raises InvalidHeader."""
    header, rows = csv_cells(lines)
    columns = Columns.of(header, mapped, resource_type)
    return columns, _checked(_csv_users(columns, rows), resource_type)


def csv_cells(lines: Iterable[str]) -> tuple[list[str], Iterator[tuple[Origin, list[str] | RowRefused]]]:
    """Return the header of a CSV file, and the cells of each row that is not empty.

    Those of the report of an earlier import are as in the file that was imported.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    rest = iter(lines)
    first = next(rest, "")
    excels = _EXCELS_SEPARATOR.fullmatch(first)
    skipped = 0
    # Windows PowerShell's Export-Csv writes the type of the objects before the header, others Excel's separator.
    if excels or first.startswith("#TYPE "):
        first, skipped = next(rest, ""), 1
    if not first.strip():
        raise InvalidHeader(
            "The file is empty; its first line must be a header, for example: email,first name,last name"
        )
    if "\r" in first.rstrip("\r\n"):
        raise InvalidHeader("The file has line endings of old Macs. Save it as 'CSV UTF-8 (comma delimited)'.")
    recorded = Recorded(rest)
    reader = csv.reader(chain([first], recorded), delimiter=excels[1] if excels else _separator(first), strict=True)
    try:
        header = next(reader)
    except csv.Error as error:
        raise InvalidHeader(f"The header on the first line is not CSV: {error}.") from error
    # A spreadsheet does not show Excel's separator, but it does the type of the objects.
    rows = _cells(reader, recorded, skipped, 1 if excels else 1 + skipped)
    if not is_report(header):
        return header, rows
    ours = len(REPORT_COLUMNS)
    return header[ours:], (
        (at, cells) if isinstance(cells, RowRefused) else (replace(at, cells=at.cells[ours:]), cells[ours:])
        for at, cells in rows
    )


def json_rows(lines: Iterable[str], resource_type: ResourceType = USER) -> Iterator[RosterRow | Refusal]:
    """Read a file with one SCIM user of that type as JSON on each line."""
    return _checked(_json_users(lines), resource_type)


def json_objects(lines: Iterable[str], noun: str) -> Iterator[tuple[Origin, Json | RowRefused]]:
    """Read a file with one JSON object on each line: what it is in the messages is the `noun`, such as "user"."""
    each_line = f"each line must be one {noun}"
    for line, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            body = decode(text)
        except NotJson:
            yield (
                _unread(line, text),
                RowRefused("invalid-json", f"The line is not JSON; {each_line} as a JSON object."),
            )
            continue
        except RefusedJson as error:
            reason = "invalid-value" if isinstance(error, NoText) else "invalid-json"
            yield _unread(line, text), RowRefused(reason, f"The line {error}.")
            continue
        if isinstance(body, dict):
            body.pop(REPORT_MEMBER, None)
            yield Origin(line, line, body=body), body
        else:
            why = f"The line is JSON, but not an object; {each_line}."
            yield _unread(line, text), RowRefused("invalid-json", why)


def _unread(line: int, text: str) -> Origin:
    """A line that is not an object; an import of the report refuses it again until it is replaced."""
    return Origin(line, line, text=text.strip())


def _separator(header: str) -> str:
    """The most frequent separator in the header outside quotation marks: spreadsheets write that of their region."""
    outside = "".join(header.split('"')[::2])
    return max(_SEPARATORS, key=outside.count)


Candidate = tuple[Origin, Any, str]
"""A row, its User or the reason why it has none, and its userName as far as it is known."""


def _cells(
    reader: Any, recorded: Recorded, skipped: int, above: int
) -> Iterator[tuple[Origin, list[str] | RowRefused]]:
    for row in count(above + 1):
        line = reader.line_num + skipped + 1
        recorded.forget()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = f"The row is not CSV ({error}): is a quotation mark missing, or one in a value not doubled?"
            yield Origin(line, row, (recorded.text,)), RowRefused("invalid-csv", reason)
            continue
        if any(cell.strip() for cell in cells):
            yield Origin(line, row, tuple(cells)), cells


def _csv_users(columns: Columns, rows: Iterable[tuple[Origin, list[str] | RowRefused]]) -> Iterator[Candidate]:
    for origin, cells in rows:
        if isinstance(cells, RowRefused):
            yield origin, cells, ""
            continue
        try:
            body = columns.user(cells)
            yield origin, body, body[_USER_NAME]
        except InvalidCells as error:
            yield origin, RowRefused(error.reason, str(error)), columns.user_name(cells)


def _json_users(lines: Iterable[str]) -> Iterator[Candidate]:
    for origin, body in json_objects(lines, "user"):
        if isinstance(body, RowRefused):
            yield origin, body, ""
            continue
        named = any(name.lower() == "schemas" for name in body)
        user_name = body.get(_USER_NAME)
        yield (
            origin,
            body if named else {"schemas": [CORE_URN], **body},
            user_name if isinstance(user_name, str) else "",
        )


def _checked(candidates: Iterable[Candidate], resource_type: ResourceType) -> Iterator[RosterRow | Refusal]:
    claims: dict[tuple[str, str], int] = {}
    for origin, body, user_name in candidates:
        try:
            if isinstance(body, RowRefused):
                raise body
            _require_extensions(body, resource_type)
            attributes = attributes_of(body, resource_type)
            document_of(attributes)  # refuses what no store accepts
            _claim(attributes, origin.line, claims)
        except ScimError as error:
            yield Refusal(origin.line, error.reason, error.detail, user_name, origin)
        except RowRefused as error:
            yield Refusal(origin.line, error.reason, str(error), user_name, origin)
        else:
            given = body.get("id")
            yield RosterRow(origin.line, attributes, given if isinstance(given, str) else None, origin)


def _require_extensions(body: Json, resource_type: ResourceType) -> None:
    """Raise RowRefused for attributes of an extension that users do not have."""
    unknown = next(
        (name for name in body if name.lower().startswith("urn:") and name.lower() not in resource_type.urns), None
    )
    if unknown is not None:
        raise RowRefused(
            "unknown-extension",
            f"The extension {quoted(unknown)} was not found. {remedies.FIND_EXTENSIONS}",
        )


def _claim(attributes: Json, line: int, claims: dict[tuple[str, str], int]) -> None:
    """Record the row's unique values; raises RowRefused when an earlier row has one of them."""
    wanted = [("userName", attributes["userName"])]
    wanted += [("emails.value", email["value"]) for email in attributes.get("emails", ()) if email.get("value")]
    for attribute, value in wanted:
        other = claims.get((attribute, unique_form(value)))
        if other is not None:
            reason = "duplicate-user-name" if attribute == "userName" else "duplicate-email"
            raise RowRefused(reason, f'{attribute} "{value}" is already on line {other} of the file.')
    claims.update(((attribute, unique_form(value)), line) for attribute, value in wanted)

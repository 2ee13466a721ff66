"""Reading who should be in which group, from CSV with a membership in each row or from JSON lines of SCIM groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from domain.documents import Json
from operations.roster import InvalidHeader, Origin, RowRefused, column_key, csv_cells, json_objects, unguarded
from operations.roster.names import SYNONYMS

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "group": ("group", "groupname", "groupdisplayname", "displayname"),
    "groupExternalId": ("groupexternalid",),
    "userId": ("userid", "memberid"),
    "userName": (*SYNONYMS["userName"], "user", "member"),
    "email": SYNONYMS['emails[type eq "work"].value'],
}
"""What a column may mean, and the names by which it is known; the first that a file has counts."""


@dataclass(frozen=True, slots=True)
class MembershipRow:
    """A user who should be in a group; without id, userName and address it names a group alone."""

    line: int
    group: str
    external_id: str = ""
    user_id: str = ""
    user_name: str = ""
    email: str = ""
    origin: Origin | None = field(default=None, compare=False, repr=False)

    @property
    def user(self) -> str:
        """The user as the row names one."""
        return self.user_name or self.email or self.user_id


@dataclass(frozen=True, slots=True)
class RefusedMembership:
    """A row that cannot be imported, and why; `group` and `user` are as in the row."""

    line: int
    reason: str
    detail: str
    group: str = ""
    user: str = ""
    origin: Origin | None = field(default=None, compare=False, repr=False)

    @property
    def row(self) -> int:
        """The row in a spreadsheet."""
        return self.line if self.origin is None else self.origin.row


Row = MembershipRow | RefusedMembership


def csv_memberships(
    lines: Iterable[str], mapped: Mapping[str, str], group: str | None = None
) -> tuple[dict[str, str], list[str], Iterator[Row]]:
    """Return what the columns of a CSV file were read as, its header, and its rows; raises InvalidHeader.

    With `group` all rows are about that group, and no column names one.
    """
    header, rows = csv_cells(lines)
    names = [unguarded(name.strip()) for name in header]
    positions = _positions(names, mapped, group)
    columns = {names[at]: meaning for meaning, at in positions.items()}
    return columns, header, _csv_rows(rows, len(header), positions, group)


def json_memberships(lines: Iterable[str], group: str | None = None) -> Iterator[Row]:
    """Yield the memberships in a file with one SCIM group on each line; a group without members is its own row."""
    for origin, body in json_objects(lines, "group"):
        if isinstance(body, RowRefused):
            yield RefusedMembership(origin.line, body.reason, str(body), origin=origin)
            continue
        name = group or _text(body, "displayName")
        if not name:
            detail = "The line has no displayName of a group."
            yield RefusedMembership(origin.line, "missing-group", detail, origin=origin)
            continue
        yield from _members(origin, name, body)


def _members(origin: Origin, name: str, body: Json) -> Iterator[Row]:
    line = origin.line
    members = [] if body.get("members") is None else body["members"]
    external_id = _text(body, "externalId")
    if not isinstance(members, list):
        yield RefusedMembership(line, "invalid-value", "members is not a list.", name, origin=origin)
        return
    if not members:
        yield MembershipRow(line, name, external_id, origin=origin)
    for member in members:
        alone = replace(origin, body={**body, "members": [member]})
        user_id, user_name = (
            (_text(member, "value"), _text(member, "display")) if isinstance(member, dict) else ("", "")
        )
        if user_id or user_name:
            yield MembershipRow(line, name, external_id, user_id, user_name, origin=alone)
        else:
            detail = 'A member is not an object with the id of a user as "value", or the userName as "display".'
            yield RefusedMembership(line, "invalid-value", detail, name, origin=alone)


def _csv_rows(
    rows: Iterable[tuple[Origin, list[str] | RowRefused]], width: int, positions: Mapping[str, int], group: str | None
) -> Iterator[Row]:
    for origin, cells in rows:
        line = origin.line
        if isinstance(cells, RowRefused):
            yield RefusedMembership(line, cells.reason, str(cells), origin=origin)
            continue
        if len(cells) != width:
            detail = (
                f"The row has {len(cells)} cells and the header has {width}: a value that contains the separator "
                "needs quotes."
            )
            yield RefusedMembership(line, "wrong-number-of-cells", detail, origin=origin)
            continue
        values = {meaning: unguarded(cells[at].lstrip()).rstrip() for meaning, at in positions.items()}
        name = group or values.get("group", "")
        found = MembershipRow(
            line,
            name,
            values.get("groupExternalId", ""),
            values.get("userId", ""),
            values.get("userName", ""),
            values.get("email", ""),
            origin,
        )
        if not name:
            yield RefusedMembership(line, "missing-group", "The row has no group.", user=found.user, origin=origin)
        else:
            yield found


def _positions(header: list[str], mapped: Mapping[str, str], group: str | None) -> dict[str, int]:
    chosen: dict[str, int] = {}
    for column, meaning in mapped.items():
        if column.strip() not in header:
            raise InvalidHeader(f'--map names the column "{column}", which the file does not have.')
        if meaning and meaning not in _NAMES:
            raise InvalidHeader(f'"{meaning}" is not a meaning that a column can have: {", ".join(_NAMES)}.')
        if meaning:
            chosen[meaning] = header.index(column.strip())
    left_out = {header.index(column.strip()) for column in mapped}
    keys = {column_key(name): at for at, name in reversed(list(enumerate(header))) if at not in left_out}
    for meaning, names in _NAMES.items():
        at = next((keys[name] for name in names if name in keys), None)
        if meaning not in chosen and at is not None:
            chosen[meaning] = at
    if group is not None:
        chosen = {meaning: at for meaning, at in chosen.items() if not meaning.startswith("group")}
    elif "group" not in chosen:
        raise InvalidHeader(
            'No column has the name of the group. Map one with --map "COLUMN=group", or give --group NAME for all rows.'
        )
    if not chosen.keys() & {"userId", "userName", "email"}:
        raise InvalidHeader(
            'No column has the user. Map one with --map "COLUMN=userName", COLUMN=email or COLUMN=userId.'
        )
    return chosen


def _text(body: Any, name: str) -> str:
    value = body.get(name)
    return value.strip() if isinstance(value, str) else ""

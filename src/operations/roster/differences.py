"""The differences between an identity provider's roster and the account's users."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from domain.documents import Json
from domain.resources.comparison import unique_form
from domain.resources.stored_user import StoredUser
from operations.roster.columns import Columns, ColumnTarget
from operations.roster.rows import RosterRow

_ADDRESS: Final = "emails.value"


class DifferenceKind(StrEnum):
    """The kinds of differences; "here" is the account, "there" the roster."""

    ONLY_THERE = "only there"
    ONLY_HERE = "only here"
    INACTIVE_HERE = "inactive here"
    INACTIVE_THERE = "inactive there"
    DIFFERS = "differs"
    UNREADABLE = "unreadable there"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: the user's name, the line of the roster, the id in the account, and the attributes."""

    kind: DifferenceKind
    user_name: str
    line: int | None = None
    id: str | None = None
    attributes: tuple[str, ...] = ()
    detail: str = ""


@dataclass(slots=True)
class Reconciliation:
    """Compares users, one by one, with the rows of a file.

    A row matches the user with the same userName, otherwise the one with the same address. Attributes without a column
    in the file are not compared, nor those in `ignored` (names such as `title` or `name.givenName`).
    """

    rows: Collection[RosterRow]
    columns: Columns | None = None
    ignored: Collection[str] = ()
    _matched: set[int] = field(default_factory=set)
    _by_user_name: dict[str, RosterRow] = field(default_factory=dict)
    _by_email: dict[str, RosterRow] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.rows:
            self._by_user_name[unique_form(row.attributes["userName"])] = row
            self._by_email.update((address, row) for address in _addresses(row.attributes))

    def compare(self, user: StoredUser) -> Iterator[Difference]:
        """Yield the differences between a user and its row."""
        row = self._row_of(user)
        name = user.attributes["userName"]
        if row is None:
            yield Difference(DifferenceKind.ONLY_HERE, name, id=user.id)
            return
        self._matched.add(row.line)
        active_there = row.attributes.get("active")
        if active_there is not None and active_there is not user.active:
            kind = DifferenceKind.INACTIVE_HERE if active_there else DifferenceKind.INACTIVE_THERE
            yield Difference(kind, name, row.line, user.id)
        differing = tuple(sorted(set(self._differing(row, user)) - set(self.ignored)))
        if differing:
            yield Difference(DifferenceKind.DIFFERS, name, row.line, user.id, differing)

    def only_there(self) -> Iterator[Difference]:
        """Yield the rows without a user, after all users have been compared."""
        for row in self.rows:
            if row.line not in self._matched:
                yield Difference(DifferenceKind.ONLY_THERE, row.attributes["userName"], row.line)

    def _row_of(self, user: StoredUser) -> RosterRow | None:
        found = self._by_user_name.get(user.keys.user_name)
        # A userName of one system is often the address of the other.
        found = found or self._by_email.get(user.keys.user_name)
        for address in user.keys.emails:
            found = found or self._by_email.get(address) or self._by_user_name.get(address)
        return found

    def _differing(self, row: RosterRow, user: StoredUser) -> Iterator[str]:
        if self.columns is None:
            names = differing_attributes(row.attributes, user.attributes)
            yield from (name for name in names if name != "active")
            return
        yield from differing_columns(row.attributes, user, self.columns)


def differing_columns(there: Json, user: StoredUser, columns: Columns) -> Iterator[str]:
    """Yield the names of the attributes, but `active`, in which a user differs from a row with those columns.

    White space around a value does not count, since cells are read without it. An address may have another type here.
    """
    for target in columns.targets:
        if target is None or target.name in ("active", _ADDRESS):
            continue
        in_row, in_user = set(_values(there, target)), set(_values(user.attributes, target))
        # A row has room for one value of a type: an empty cell says that the first has none.
        if not in_row <= in_user or (not in_row and any(_values(user.attributes, target, first=True))):
            yield target.name
    if any(target is not None and target.name == _ADDRESS for target in columns.targets):
        addresses = set(_addresses(there))
        if not addresses <= user.keys.emails.keys() or (user.keys.emails and not addresses):
            yield _ADDRESS


def differing_attributes(one: Json, other: Json) -> list[str]:
    """The names of the attributes in which two users differ, including sub-attributes of `name` and of extensions.

    >>> differing_attributes({"title": "Dr", "name": {"givenName": "Ada"}}, {"name": {"givenName": "Eve"}})
    ['name.givenName', 'title']
    """
    names = []
    for name in sorted(one.keys() | other.keys()):
        first, second = one.get(name), other.get(name)
        if name == "schemas" or first == second:
            continue
        if isinstance(first, dict) and isinstance(second, dict):
            separator = ":" if name.startswith("urn:") else "."
            subs = sorted(sub for sub in first.keys() | second.keys() if first.get(sub) != second.get(sub))
            names += [f"{name}{separator}{sub}" for sub in subs]
        else:
            names.append(name)
    return names


def _values(attributes: Json, target: ColumnTarget, *, first: bool = False) -> Iterator[Any]:
    """The values of an attribute in their comparable form; in a multi-valued one those of the target's type.

    With `first` only the first of these.
    """
    found: list[Any] = [attributes]
    for step in target.steps:
        below = [value[step.name] for value in found if step.name in value]
        if step.multi_valued:
            below = [element for elements in below for element in elements if element.get("type") == target.type]
            below = below[:1] if first else below
        found = below
    for value in found:
        text = value.strip() if isinstance(value, str) else value
        if text != "":
            yield unique_form(text) if target.name == "userName" else text


def _addresses(attributes: Json) -> list[str]:
    return [unique_form(email["value"]) for email in attributes.get("emails", ()) if email.get("value")]

"""The columns of a CSV file: the attributes that its header means, and the User in the cells of a row."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from domain.documents import Json
from domain.errors import InvalidPath
from domain.filter import Comparison, Filter, Operator, parse_patch_path
from domain.resources.attributes import Attribute, Mutability, ResourceType, Returned, Type
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER
from operations.roster.cells import InvalidCells, is_one_address, number, shortened, truth
from operations.roster.formulas import unguarded
from operations.roster.names import ACTIVE, INACTIVE, LAST_RESORT, STATE_IS_A_REGION_NEXT_TO, SYNONYMS

_REGION: Final = 'addresses[type eq "work"].region'
_USER_NAME: Final = "userName"
_WORK_BY_DEFAULT: Final = frozenset({"emails", "phoneNumbers", "addresses"})
_BRACKETED: Final = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*")


class InvalidHeader(Exception):
    """The columns are ambiguous, or are not those of users; the message is one line, with what to do."""


@dataclass(frozen=True, slots=True)
class ColumnTarget:
    """The attribute of a column's cells: the path `steps`; in a multi-valued attribute the value of `type`."""

    steps: tuple[Attribute, ...]
    type: str | None = None
    inverted: bool = False

    @classmethod
    def parse(cls, text: str, resource_type: ResourceType = USER) -> ColumnTarget | None:
        """Parse a path such as `phoneNumbers[type eq "mobile"].value`; None for one that a column cannot contain."""
        try:
            path = parse_patch_path(text, resource_type)
        except InvalidPath:
            return None
        steps = path.path.steps + (() if path.sub_attribute is None else (path.sub_attribute,))
        leaf = steps[-1]
        if leaf.is_complex or leaf.multi_valued:
            return None
        if any(step.mutability is Mutability.READ_ONLY or step.returned is Returned.NEVER for step in steps):
            return None
        if path.value_filter is not None:
            type_ = _type_asked_for(path.value_filter)
            return None if type_ is None else cls(steps, type_)
        return cls(steps, "work" if steps[0].name in _WORK_BY_DEFAULT else None)

    @property
    def name(self) -> str:
        """The attribute in the notation of PATCH paths, without the type: `emails.value`."""
        first, *rest = (step.name for step in self.steps)
        return first + (":" if rest and self.steps[0].is_extension else "." if rest else "") + ".".join(rest)

    def __str__(self) -> str:
        if self.type is None:
            return self.name
        return f'{self.steps[0].name}[type eq "{self.type}"].{self.steps[-1].name}'

    def value(self, cell: str) -> Any:
        """The attribute's value in a non-empty cell; raises InvalidCells."""
        if self.steps[-1].type is Type.BOOLEAN:
            return truth(cell, self.name) is not self.inverted
        if self.steps[-1].type in (Type.INTEGER, Type.DECIMAL):
            return number(cell, self.name, whole=self.steps[-1].type is Type.INTEGER)
        if self.name == "emails.value" and not is_one_address(cell):
            raise InvalidCells(
                "invalid-email", f'"{shortened(cell)}" is not an e-mail address, for example name@example.com.'
            )
        return cell

    def put(self, value: Any, body: Json) -> None:
        """Set the attribute in a User."""
        holder = body
        for step in self.steps[:-1]:
            if step.multi_valued:
                elements = holder.setdefault(step.name, [])
                found = next((element for element in elements if element.get("type") == self.type), None)
                if found is None:
                    found = {} if self.type is None else {"type": self.type}
                    elements.append(found)
                holder = found
            else:
                holder = holder.setdefault(step.name, {})
        holder[self.steps[-1].name] = value


def _type_asked_for(value_filter: Filter) -> str | None:
    if isinstance(value_filter, Comparison) and value_filter.operator is Operator.EQ:
        is_type = value_filter.path.attribute.name == "type"
        return value_filter.value if is_type and isinstance(value_filter.value, str) else None
    return None


_TARGETS: Final = {
    name: target
    for path, names in SYNONYMS.items()
    for name in names
    if (target := ColumnTarget.parse(path)) is not None
}
_ACTIVE_TARGET: Final = ColumnTarget.parse("active")
_ACTIVE_ORDER: Final = (*ACTIVE, *INACTIVE, *LAST_RESORT)


def declared_targets(resource_type: ResourceType) -> Iterator[ColumnTarget]:
    """Yield the targets in extensions that a deployment declares, in their order: one for each single value."""
    for schema in resource_type.extensions:
        if not schema.is_declared:
            continue
        for attribute in schema.attributes:
            names = [f"{attribute.name}.{sub.name}" for sub in attribute.sub_attributes] or [attribute.name]
            targets = (ColumnTarget.parse(f"{schema.id}:{name}", resource_type) for name in names)
            yield from (each for each in targets if each is not None and not attribute.multi_valued)


@cache
def _declared(resource_type: ResourceType) -> Mapping[str, ColumnTarget]:
    """The targets in declared extensions by the keys of their names without URN, where one alone has the name."""
    named = [(column_key(str(each).rpartition(":")[2]), each) for each in declared_targets(resource_type)]
    count = Counter(key for key, _ in named)
    return {key: target for key, target in named if count[key] == 1}


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file: their names and targets (None: ignored)."""

    header: tuple[str, ...]
    targets: tuple[ColumnTarget | None, ...]

    @classmethod
    def of(
        cls, header: Sequence[str], mapped: Mapping[str, str] | None = None, resource_type: ResourceType = USER
    ) -> Columns:
        """Read a header; `mapped` contains attributes by column name, or "" to ignore a column.

        `resource_type` is that of users, perhaps with declared extensions. Raises InvalidHeader.

        >>> Columns.of(["E-mail", "First name", "Team"]).meanings
        {'E-mail': 'emails[type eq "work"].value', 'First name': 'name.givenName'}
        """
        names = tuple(unguarded(name.strip()) for name in header)
        if not any(names):
            raise InvalidHeader(
                "The first line has no column names; it must be a header, for example: email,first name"
            )
        chosen = _chosen(names, mapped or {}, resource_type)
        taken = {str(target) for target in chosen.values() if target is not None}
        guessed = _guessed(names, resource_type)
        targets: list[ColumnTarget | None] = []
        for position, guess in enumerate(guessed):
            if position in chosen:
                targets.append(chosen[position])
            else:
                targets.append(None if guess is None or str(guess) in taken else guess)
        columns = cls(names, tuple(targets))
        columns._require_one_each()
        columns._require_users()
        return columns

    @property
    def meanings(self) -> dict[str, str]:
        """The attribute of each column that is not ignored."""
        return {
            name: ("not " if target.inverted else "") + str(target)
            for name, target in zip(self.header, self.targets, strict=True)
            if target is not None
        }

    @property
    def ignored(self) -> list[str]:
        """The names of the columns that are ignored."""
        return [name for name, target in zip(self.header, self.targets, strict=True) if target is None and name]

    def user(self, cells: Sequence[str]) -> Json:
        """The SCIM User of a row, of which only the cells are checked; raises InvalidCells."""
        if len(cells) < len(self.header) or any(cell.strip() for cell in cells[len(self.header) :]):
            raise InvalidCells(
                "wrong-number-of-cells",
                f"The row has {len(cells)} cells and the header has {len(self.header)}: a value that contains the "
                "separator, a quotation mark or a line break must be in quotation marks.",
            )
        body: Json = {"schemas": [CORE_URN]}
        for target, raw in zip(self.targets, cells, strict=False):
            if target is not None and (cell := unguarded(raw.lstrip()).rstrip()):
                target.put(target.value(cell), body)
        emails = body.get("emails", [])
        if emails and not any("primary" in email for email in emails):
            emails[0]["primary"] = True
        if not any(target is not None and target.name == _USER_NAME for target in self.targets) and emails:
            body[_USER_NAME] = emails[0].get("value", "")
        if not body.get(_USER_NAME):
            raise InvalidCells("missing-user-name", "The row has neither a userName nor an e-mail address.")
        return body

    def user_name(self, cells: Sequence[str]) -> str:
        """The userName in the cells of a row that is not a user, else the address, as far as there is one."""
        for wanted in (_USER_NAME, "emails.value"):
            for target, cell in zip(self.targets, cells, strict=False):
                if target is not None and target.name == wanted and cell.strip():
                    return unguarded(cell.lstrip()).rstrip()
        return ""

    def _require_one_each(self) -> None:
        seen: dict[str, str] = {}
        for name, target in zip(self.header, self.targets, strict=True):
            if target is None:
                continue
            other = seen.setdefault(str(target), name)
            if other is not name:
                remedy = "Rename one of them" if other == name else f'Leave one out, for example with --map "{name}="'
                raise InvalidHeader(f'The columns "{other}" and "{name}" both mean {target}. {remedy}.')

    def _require_users(self) -> None:
        if not any(target is not None and target.name in (_USER_NAME, "emails.value") for target in self.targets):
            raise InvalidHeader(
                "No column has the userName or the e-mail address. Check that the first line is the header, or map "
                f'a column: --map "{next(name for name in self.header if name)}=userName"'
            )


def _chosen(
    names: tuple[str, ...], mapped: Mapping[str, str], resource_type: ResourceType
) -> dict[int, ColumnTarget | None]:
    """The targets that the operator chose, by the column's position."""
    chosen: dict[int, ColumnTarget | None] = {}
    for column, path in mapped.items():
        positions = [at for at, name in enumerate(names) if name == column.strip()]
        positions = positions or [
            at for at, name in enumerate(names) if column_key(name) and column_key(name) == column_key(column)
        ]
        if not positions:
            there = ", ".join(f'"{name}"' for name in names if name)
            raise InvalidHeader(f'--map names the column "{column}", which the file does not have. It has: {there}')
        if len(positions) > 1:
            raise InvalidHeader(f'--map names the column "{column}", which the file has twice. Rename one of them.')
        target = _named(path.strip(), resource_type) if path.strip() else None
        if target is None and path.strip():
            raise InvalidHeader(
                f'"{path.strip()}" is not an attribute that a column can contain. Write, for example, userName, '
                'name.givenName, emails.value or phoneNumbers[type eq "mobile"].value'
            )
        chosen[positions[0]] = target
    return chosen


def _named(path: str, resource_type: ResourceType) -> ColumnTarget | None:
    """The target of a path; an attribute of an extension needs no URN where its name is unique."""
    return (
        ColumnTarget.parse(path, resource_type)
        or ColumnTarget.parse(f"{ENTERPRISE_URN}:{path}")
        or _declared(resource_type).get(column_key(path))
    )


def _guessed(names: tuple[str, ...], resource_type: ResourceType) -> list[ColumnTarget | None]:
    """The targets of columns by their names; of several columns for `active` the most reliable one counts."""
    keys = [column_key(name) for name in names]
    state_is_region = bool(STATE_IS_A_REGION_NEXT_TO & set(keys))
    reliable = [key for key in _ACTIVE_ORDER if key in keys and not (key == "state" and state_is_region)]
    guessed: list[ColumnTarget | None] = []
    for name, key in zip(names, keys, strict=True):
        if key == "state" and state_is_region:
            guessed.append(ColumnTarget.parse(_REGION))
        elif key in _ACTIVE_ORDER:
            guessed.append(_activity(key) if key == reliable[0] else None)
        else:
            found = _TARGETS.get(key) or ColumnTarget.parse(name, resource_type)
            guessed.append(found or _declared(resource_type).get(key))
    return guessed


def _activity(key: str) -> ColumnTarget | None:
    if _ACTIVE_TARGET is None:
        return None
    return ColumnTarget(_ACTIVE_TARGET.steps, inverted=key in INACTIVE)


def column_key(name: str) -> str:
    """A column's name without case, white space, punctuation and remarks in brackets (`[Required]`)."""
    plain = unicodedata.normalize("NFKC", _BRACKETED.sub("", name)).casefold()
    return "".join(character for character in plain if character.isalnum())

"""Filters as values (RFC 7644 section 3.4.2.2): what a filter means, independent of how it was written.

`str()` of any of them is the RFC's own notation, and parsing that gives an equal filter.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.resources.attributes import Attribute, Type
from domain.resources.paths import AttributePath

Value = str | bool | int | float | None
"""What an attribute is compared with; None is the literal `null`."""


class Operator(StrEnum):
    """The comparisons of RFC 7644 table 3; `pr` takes no value and is `Present`."""

    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


_EQUALITY: Final = frozenset({Operator.EQ, Operator.NE})
_ORDER: Final = frozenset({Operator.GT, Operator.GE, Operator.LT, Operator.LE})

OPERATORS_OF: Final[dict[Type, frozenset[Operator]]] = {
    Type.STRING: frozenset(Operator),
    Type.REFERENCE: frozenset(Operator),
    Type.BOOLEAN: _EQUALITY,
    Type.BINARY: _EQUALITY,
    Type.DATE_TIME: _EQUALITY | _ORDER,
    Type.INTEGER: _EQUALITY | _ORDER,
    Type.DECIMAL: _EQUALITY | _ORDER,
}
"""The comparisons that a type allows; the RFC itself excludes order for booleans and binaries."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path operator value`; for a complex attribute the comparison is with its `value`."""

    path: AttributePath
    operator: Operator
    value: Value

    def __str__(self) -> str:
        return f"{self.path} {self.operator} {json.dumps(self.value, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class Present:
    """`path pr`: the attribute has a value that is not empty."""

    path: AttributePath

    def __str__(self) -> str:
        return f"{self.path} pr"


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more filters."""

    operands: tuple[Filter, ...]

    def __str__(self) -> str:
        return " and ".join(f"({each})" if isinstance(each, (And, Or)) else str(each) for each in self.operands)


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more filters."""

    operands: tuple[Filter, ...]

    def __str__(self) -> str:
        return " or ".join(f"({each})" if isinstance(each, Or) else str(each) for each in self.operands)


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary of a filter."""

    operand: Filter

    def __str__(self) -> str:
        return f"not ({self.operand})"


@dataclass(frozen=True, slots=True)
class ValuePath:
    """`path[filter]`: one and the same value of a multi-valued attribute matches all of `filter`.

    The paths in `filter` start at the value: `emails[type eq "work"]` holds the path `type`.
    """

    path: AttributePath
    filter: Filter

    def __str__(self) -> str:
        return f"{self.path}[{self.filter}]"


Filter = Comparison | Present | And | Or | Not | ValuePath


def compared(attribute: Attribute) -> Attribute | None:
    """Return what a comparison with an attribute looks at: itself, or the `value` of a complex one, if any."""
    return attribute.sub_attribute("value") if attribute.is_complex else attribute

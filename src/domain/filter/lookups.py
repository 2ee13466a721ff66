"""The part of a filter that an index can answer: an equality or a prefix that every match must have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.filter.syntax import And, Comparison, Filter, Operator, ValuePath
from domain.resources.comparison import part_forms, prefix_form

_Names = tuple[str, ...]


class LookupKind(StrEnum):
    """Where an equality is looked up, the most selective first."""

    ID = "id"
    USER_NAME = "userName"
    EMAIL = "email"
    EXTERNAL_ID = "externalId"


class PrefixKind(StrEnum):
    """Which sorted index has the prefix."""

    USER_NAME = "userName"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Lookup:
    """A value, as it was sent, to look up in an index."""

    kind: LookupKind
    value: str


@dataclass(frozen=True, slots=True)
class PrefixLookup:
    """The prefix, as it was sent, with which an index's entries start."""

    kind: PrefixKind
    value: str
    is_whole: bool
    """True if it is the whole filter, so that every user with the prefix matches."""

    @property
    def forms(self) -> tuple[str, ...]:
        """Forms, as in the index, with one of which every value that has the prefix starts."""
        return part_forms(self.value, from_start=True)


_EQUALITIES: Final[dict[_Names, LookupKind]] = {
    ("id",): LookupKind.ID,
    ("userName",): LookupKind.USER_NAME,
    ("emails",): LookupKind.EMAIL,
    ("emails", "value"): LookupKind.EMAIL,
    ("externalId",): LookupKind.EXTERNAL_ID,
}
_PREFIXES: Final[dict[_Names, PrefixKind]] = {
    ("userName",): PrefixKind.USER_NAME,
    ("emails",): PrefixKind.EMAIL,
    ("emails", "value"): PrefixKind.EMAIL,
}
_SELECTIVITY: Final = tuple(LookupKind)


def index_lookup(filter_: Filter) -> Lookup | None:
    """Return the most selective equality that all matches share and an index answers; None without one.

    The whole filter must still be checked.
    """
    found = [
        Lookup(kind, value)
        for names, value in _shared(filter_, (), Operator.EQ)
        if (kind := _EQUALITIES.get(names)) is not None
    ]
    return min(found, key=lambda lookup: _SELECTIVITY.index(lookup.kind), default=None)


def prefix_lookup(filter_: Filter) -> PrefixLookup | None:
    """Return the longest prefix that all matches share and an index is sorted by; None without one.

    The whole filter must still be checked.
    """
    is_whole = isinstance(filter_, Comparison) or (
        isinstance(filter_, ValuePath) and isinstance(filter_.filter, Comparison)
    )
    found = [
        PrefixLookup(kind, value, is_whole)
        for names, value in _shared(filter_, (), Operator.SW)
        if prefix_form(value) and (kind := _PREFIXES.get(names)) is not None
    ]
    return max(found, key=lambda lookup: len(lookup.value), default=None)


def substituted(filter_: Filter, value: str, other: str) -> Filter:
    """Return the filter with every comparison to `value` replaced by one to `other`."""
    match filter_:
        case Comparison(path, operator, found) if found == value:
            return Comparison(path, operator, other)
        case And(operands):
            return And(tuple(substituted(operand, value, other) for operand in operands))
        case ValuePath(path, inner):
            return ValuePath(path, substituted(inner, value, other))
    return filter_


def _shared(filter_: Filter, within: _Names, operator: Operator) -> Iterator[tuple[_Names, str]]:
    """Yield the name and text of the comparisons by `operator` that every match fulfils: operands of `and` only."""
    match filter_:
        case Comparison(path, found, str() as value) if found is operator:
            yield within + tuple(step.name for step in path.steps), value
        case And(operands):
            for operand in operands:
                yield from _shared(operand, within, operator)
        case ValuePath(path, inner):
            yield from _shared(inner, tuple(step.name for step in path.steps), operator)

"""The part of a filter that an index of the resource type can answer: an equality or a prefix that all matches have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from domain.filter.syntax import And, Comparison, Filter, Not, Operator, Or, Present, ValuePath
from domain.resources.attributes import Index, ResourceType
from domain.resources.comparison import part_forms, prefix_form

_Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A value, as it was sent, to look up in an index."""

    index: Index
    value: str
    is_whole: bool
    """True if it is the whole filter, so that every resource with the value matches."""


@dataclass(frozen=True, slots=True)
class PrefixLookup:
    """The prefix, as it was sent, with which an index's entries start."""

    index: Index
    value: str
    is_whole: bool
    """True if it is the whole filter, so that every resource with the prefix matches."""

    @property
    def forms(self) -> tuple[str, ...]:
        """Forms, as in the index, with one of which every value that has the prefix starts."""
        return part_forms(self.value, from_start=True)


@cache
def _indexes(resource_type: ResourceType) -> Mapping[_Names, tuple[int, Index]]:
    """The indexes of a type by the names of their attributes, and how selective each is, the most selective first."""
    return {names: (rank, index) for rank, index in enumerate(resource_type.indexes) for names in index.paths}


def index_lookup(filter_: Filter, resource_type: ResourceType) -> Lookup | None:
    """Return the most selective equality that all matches share and an index answers; None without one.

    Unless it is the whole filter, the whole filter must still be checked.
    """
    indexes = _indexes(resource_type)
    best: tuple[int, Index, str] | None = None
    for names, value in _shared(filter_, (), Operator.EQ):
        if names in indexes and (best is None or indexes[names][0] < best[0]):
            best = (*indexes[names], value)
    return None if best is None else Lookup(best[1], best[2], _is_one(filter_))


def prefix_lookup(filter_: Filter, resource_type: ResourceType) -> PrefixLookup | None:
    """Return the longest prefix that all matches share and an index is sorted by; None without one.

    Unless it is the whole filter, the whole filter must still be checked.
    """
    indexes, is_whole = _indexes(resource_type), _is_one(filter_)
    found = [
        PrefixLookup(indexes[names][1], value, is_whole)
        for names, value in _shared(filter_, (), Operator.SW)
        if names in indexes and indexes[names][1].is_sorted and prefix_form(value)
    ]
    return max(found, key=lambda lookup: len(lookup.value), default=None)


def _is_one(filter_: Filter) -> bool:
    """Return True if a filter is a single comparison, also within brackets."""
    return isinstance(filter_.filter if isinstance(filter_, ValuePath) else filter_, Comparison)


def first_names(filter_: Filter) -> frozenset[str]:
    """Return the names of the attributes that a filter is about, without those of their parts."""
    match filter_:
        case Comparison(path, _, _) | Present(path) | ValuePath(path, _):
            return frozenset((path.steps[0].name,))
        case Not(operand):
            return first_names(operand)
        case And(operands) | Or(operands):
            return frozenset().union(*map(first_names, operands))


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

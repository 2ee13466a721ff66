"""What a filter needs of values that are stored apart (`Attribute.relation`): all of them, or a few by their ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from domain.filter.lookups import first_names
from domain.filter.syntax import And, Comparison, Filter, Not, Operator, Or, Present, ValuePath
from domain.resources.attributes import Attribute
from domain.resources.comparison import form_of


class Need(NamedTuple):
    """The values of an attribute that decide whether a resource matches."""

    ids: frozenset[str] | None = None
    """Only those that refer to one of these ids; None if any value may decide."""
    more: bool = False
    """True if more of these values matters than the ids that they refer to."""


def needs_of(filter_: Filter, relations: Mapping[str, Attribute]) -> dict[str, Need]:
    """Return what a filter needs of each of the attributes that it names."""
    needs: dict[str, Need] = {}

    def add(name: str, ids: frozenset[str] | None, *, more: bool = False) -> None:
        known = needs.get(name, Need(frozenset()))
        both = None if ids is None or known.ids is None else known.ids | ids
        needs[name] = Need(both, known.more or more)

    def walk(part: Filter) -> None:
        match part:
            case And(operands) | Or(operands):
                for operand in operands:
                    walk(operand)
            case Not(operand):
                walk(operand)
            case ValuePath(path, inner) if (name := path.steps[0].name) in relations:
                add(name, _pinned(inner, relations[name]), more=first_names(inner) != {"value"})
            case Comparison(path, _, _) if (name := path.steps[0].name) in relations:
                whole = len(path.steps) == 1
                add(name, _pinned(part, relations[name]) if whole or path.attribute.name == "value" else None)
            case Present(path) if (name := path.steps[0].name) in relations:
                add(name, None)

    walk(filter_)
    return needs


def divided(filter_: Filter, names: Collection[str]) -> tuple[Filter | None, Filter | None]:
    """Return the part of a filter that is about none of the attributes, and the rest; matches fulfil both."""
    operands = filter_.operands if isinstance(filter_, And) else (filter_,)
    early = tuple(each for each in operands if first_names(each).isdisjoint(names))
    return _all(early), _all(tuple(each for each in operands if each not in early))


def _all(operands: tuple[Filter, ...]) -> Filter | None:
    if len(operands) > 1:
        return And(operands)
    return operands[0] if operands else None


def _pinned(filter_: Filter, attribute: Attribute) -> frozenset[str] | None:
    """Return ids to one of which every value that matches refers; None if there may be others."""
    match filter_:
        case Comparison(path, Operator.EQ, str() as value) if path.steps[-1].name in ("value", attribute.name):
            return frozenset((form_of(attribute.sub_attribute("value") or attribute)(value),))
        case And(operands):
            return next((ids for each in operands if (ids := _pinned(each, attribute)) is not None), None)
        case Or(operands):
            pinned = [_pinned(each, attribute) for each in operands]
            known = [each for each in pinned if each is not None]
            return frozenset().union(*known) if len(known) == len(pinned) else None
    return None

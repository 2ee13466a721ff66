"""How many comparisons it takes to match a filter, the unit of what a request may spend (`domain.effort`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from domain.documents import Json
from domain.filter.syntax import And, Comparison, Filter, Not, Or, Present, ValuePath
from domain.limits import MAX_SHORT_CHARACTERS
from domain.resources.attributes import Attribute

Cost = Callable[[Json], int]
"""Maximum number of comparisons to match a resource."""

_ASCII_FOR_ONE: Final = 1_024
"""Characters that are lowered and searched in the time of a comparison."""
_OTHERS_FOR_ONE: Final = 4
"""Characters that are normalised in that time, such as marks that normalising has to sort."""
_IN_A_LABEL: Final = "--"
"""Part of every `xn--` label, in lower or upper case."""
_FOR_ANOTHER_LABEL: Final = 40
"""Comparisons in the time in which one label is decoded; a domain seldom has a second, and the first is cached."""
_GROWING: Final = (("\ufdfa", 17), ("\ufdfb", 7))
"""The characters that NFKC makes longest, and by how many; of any other it makes six at most."""


def cost_of_filter(filter_: Filter) -> Cost:
    """Return the cost of matching a whole resource: every comparison counts once for each value that it may look at.

    With a long text or an encoded domain it counts more often, as the form of that is made from end to end.
    """
    asked: dict[tuple[str, ...], int] = {}
    compared: dict[tuple[str, ...], int] = {}
    pending: list[tuple[Filter, tuple[Attribute, ...]]] = [(filter_, ())]
    single = 0
    while pending:
        part, within = pending.pop()
        match part:
            case And(operands) | Or(operands):
                pending.extend((operand, within) for operand in operands)
            case Not(operand):
                pending.append((operand, within))
            case ValuePath(path, inner):
                pending.append((inner, path.steps))
            case Comparison(path, _, _) | Present(path):
                steps = (*within, *path.steps)
                place = tuple(step.name for step in steps)
                many = next((depth for depth, step in enumerate(steps, start=1) if step.multi_valued), 0)
                if many:
                    asked[place[:many]] = asked.get(place[:many], 0) + 1
                else:
                    single += 1
                if isinstance(part, Comparison):
                    compared[place] = compared.get(place, 0) + 1

    def cost(resource: Json) -> int:
        total = single
        for (first, *inner), times in asked.items():
            values: Any = resource.get(first, ())
            for name in inner:  # of an extension
                values = values.get(name, ()) if values else ()
            total += times * len(values)
        for (name, *rest), times in compared.items():
            total += times * _length(resource.get(name), rest)
        return total

    return cost


def _length(value: Any, place: Sequence[str]) -> int:
    """Return what the long texts and encoded domains at a place within a value add to a comparison with it."""
    if isinstance(value, str):
        return 0 if _is_plain(value) else _weight(value)
    if isinstance(value, list):
        if (
            len(place) == 1
        ):  # of many values that are short, each is looked at in no more time than its comparison takes
            texts = [item.get(place[0]) for item in value if isinstance(item, dict)]
            return sum(_weight(text) for text in texts if isinstance(text, str) and not _is_plain(text))
        return sum(_length(item, place) for item in value)
    if not isinstance(value, dict):
        return 0
    return _length(value.get(place[0]), place[1:]) if place else sum(_length(member, ()) for member in value.values())


def _is_plain(text: str) -> bool:
    return len(text) <= MAX_SHORT_CHARACTERS and text.isascii() and _IN_A_LABEL not in text


def _weight(text: str) -> int:
    return _FOR_ANOTHER_LABEL * max(0, text.count(_IN_A_LABEL) - 1) + _length_of_text(text)


def _length_of_text(text: str) -> int:
    """Return the cost of computing the comparison form of a long text and searching a part in it."""
    if text.isascii():
        return len(text) // _ASCII_FOR_ONE if len(text) > MAX_SHORT_CHARACTERS else 0
    formed = len(text) + sum(more * text.count(letter) for letter, more in _GROWING)
    return formed // _OTHERS_FOR_ONE if formed > MAX_SHORT_CHARACTERS else 0

"""Removing `emails[type eq "work"].value` leaves `{"type": "work"}`: the remainder goes too, as it says nothing.

The values that would be left without anything but type, primary and display are removed first, as a whole.
"""

from __future__ import annotations

from typing import Final

from domain.attributes import Attribute
from domain.filter import And, Filter, Not, Or, PatchPath, Present
from domain.patch import Op, Operation, Target, target_of
from domain.paths import AttributePath
from domain.stored_user import Json
from domain.tolerances.record import Tolerance

_LABELS: Final = frozenset({"type", "primary"})


def _operation(operation: Operation, target: Target | None, attributes: Json) -> list[Operation] | None:
    if operation.op is not Op.REMOVE or target is None or target.path.value_filter is None:
        return None
    removed = target.path.sub_attribute
    telling = _telling(target.steps[-1])
    if removed not in telling:
        return None
    others = [Present(AttributePath((sub,))) for sub in telling if sub is not removed]
    path = str(PatchPath(target.path.path, _and_nothing_of(target.path.value_filter, others)))
    emptied = target_of(path)
    present = attributes.get(target.steps[-1].name, [])
    if emptied.matches is None or not any(removed.name in item and emptied.matches(item) for item in present):
        return None
    return [Operation(Op.REMOVE, path), operation]


def _telling(attribute: Attribute) -> list[Attribute]:
    """The sub-attributes that say something by themselves: `value`, or all but the labels where there is none."""
    value = attribute.sub_attribute("value")
    return [value] if value else [sub for sub in attribute.sub_attributes if sub.name not in _LABELS]


def _and_nothing_of(wanted: Filter, others: list[Present]) -> Filter:
    if not others:
        return wanted
    return And((wanted, Not(Or(tuple(others)) if len(others) > 1 else others[0])))


TOLERANCE: Final = Tolerance(
    name="emptied-value",
    source="Entra ID: AzureAD/SCIMReferenceCode issue 87; ory/polis d22d7555f",
    operation=_operation,
)

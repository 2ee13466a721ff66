"""Removing `emails[type eq "work"].value` leaves `{"type": "work"}`: the remainder is removed too, as it means nothing.

Likewise without a filter (`emails.value`), for a single value (`manager.value` leaves its `$ref`), and when it is
replaced by null. Values that would be left with nothing except type, primary and display are removed first, as a
whole.
"""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.filter import And, Filter, Not, Or, PatchPath, Present
from domain.patch import Op, Operation, Target, target_of
from domain.resources.attributes import Attribute, ResourceType
from domain.resources.paths import AttributePath
from domain.tolerances.quirks.emptied_entry import LABELS, is_unassigned
from domain.tolerances.record import Tolerance


def _operation(
    operation: Operation, target: Target | None, attributes: Json, resource_type: ResourceType
) -> list[Operation] | None:
    if target is None or not (operation.op is Op.REMOVE or is_unassigned(operation.value)):
        return None
    if target.path.value_filter is not None:
        owner, removed = target.steps[-1], target.path.sub_attribute
    elif len(target.steps) > 1:
        owner, removed = target.steps[-2:]
    else:
        return None
    meaningful = _meaningful(owner)
    if removed is None or removed not in meaningful or owner.is_extension:
        return None
    if not owner.multi_valued:
        whole = removed.name == "value"
        return [Operation(Op.REMOVE, str(AttributePath(target.steps[:-1])))] if whole else None
    wanted = target.path.value_filter or Present(AttributePath((removed,)))
    others = [Present(AttributePath((sub,))) for sub in meaningful if sub is not removed]
    path = str(PatchPath(AttributePath((owner,)), _and_nothing_of(wanted, others)))
    emptied = target_of(path, resource_type)
    present = attributes.get(owner.name, [])
    if emptied.matches is None or not any(removed.name in item and emptied.matches(item) for item in present):
        return None
    return [Operation(Op.REMOVE, path), Operation(Op.REMOVE, operation.path)]


def _meaningful(attribute: Attribute) -> list[Attribute]:
    """Return the sub-attributes that mean something by themselves: `value`, or all except the labels."""
    value = attribute.sub_attribute("value")
    return [value] if value else [sub for sub in attribute.sub_attributes if sub.name not in LABELS]


def _and_nothing_of(wanted: Filter, others: list[Present]) -> Filter:
    if not others:
        return wanted
    return And((wanted, Not(Or(tuple(others)) if len(others) > 1 else others[0])))


TOLERANCE: Final = Tolerance(
    name="emptied-value",
    source="Entra ID: AzureAD/SCIMReferenceCode issue 87; ory/polis d22d7555f; "
    "manager.value: wso2/product-is issue 11678",
    operation=_operation,
)

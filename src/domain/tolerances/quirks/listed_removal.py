"""A remove with values, `{"op": "Remove", "path": "emails", "value": [...]}`: exactly those are removed, never all.

An attribute of one value is removed if it has the one given: `[Add manager 2, Remove manager 1]` leaves 2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from domain.documents import Json
from domain.filter import And, Comparison, Filter, Operator, PatchPath
from domain.patch import Op, Operation, Target
from domain.resources.attributes import Attribute, ResourceType, Type
from domain.resources.comparison import form_of
from domain.resources.paths import AttributePath
from domain.tolerances.record import Tolerance


def _operation(
    operation: Operation, target: Target | None, attributes: Json, resource_type: ResourceType
) -> list[Operation] | None:
    if operation.op is not Op.REMOVE or target is None or target.matches is not None:
        return None
    attribute = target.attribute
    if operation.value is not None and not any(step.multi_valued for step in target.steps):
        return [Operation(Op.REMOVE, operation.path)] if _is_present(operation.value, target, attributes) else []
    if not isinstance(operation.value, list) or not attribute.multi_valued or not attribute.is_complex:
        return None
    filters = (_equal_to(item, attribute) for item in operation.value)
    return [Operation(Op.REMOVE, str(PatchPath(target.path.path, wanted))) for wanted in filters if wanted is not None]


def _listed(operation: Operation) -> Operation | None:
    return replace(operation, is_listed=True) if isinstance(operation.value, list) else None


def _is_present(value: Any, target: Target, attributes: Json) -> bool:
    present: Any = attributes
    for step in target.steps:
        present = present.get(step.name, {}) if isinstance(present, dict) else {}
    attribute = target.attribute
    if not isinstance(value, dict) or not isinstance(present, dict):
        return _is_same(value, present, attribute)
    given = {name: member for name, member in value.items() if member is not None and attribute.sub_attribute(name)}
    names = ["value"] if "value" in given else list(given)
    subs = [sub for name in names if (sub := attribute.sub_attribute(name)) is not None]
    return all(_is_same(given[sub.name], present.get(sub.name), sub) for sub in subs)


def _is_same(one: Any, other: Any, attribute: Attribute) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        form = form_of(attribute)
        return bool(form(one) == form(other))
    return type(one) is type(other) and bool(one == other)


def _equal_to(item: Any, attribute: Attribute) -> Filter | None:
    """Return a filter for the values that have all listed members; None when none can be compared."""
    comparisons: list[Filter] = []
    for name, member in item.items() if isinstance(item, dict) else ():
        sub = attribute.sub_attribute(name)
        if sub is None or member is None or member is False:
            continue
        if not isinstance(member, bool if sub.type is Type.BOOLEAN else str):
            return None
        comparisons.append(Comparison(AttributePath((sub,)), Operator.EQ, member))
    return And(tuple(comparisons)) if len(comparisons) > 1 else comparisons[0] if comparisons else None


TOLERANCE: Final = Tolerance(
    name="listed-removal",
    source="Entra ID: Captain-P-Goldfish/SCIM-SDK 11c31d38, patch/workarounds/msazure; "
    "AzureAD/SCIMReferenceCode issue 87",
    operation=_operation,
    listed=_listed,
)

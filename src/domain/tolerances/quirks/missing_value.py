"""`phoneNumbers[type eq "mobile"].value` for a user without a mobile number: add and replace create it.

The RFC's answer is noTarget, after which Entra ID repeats the same request in every cycle. The new value has the
members that the filter's equalities require.
"""

from __future__ import annotations

from typing import Any, Final

from domain.documents import Json
from domain.filter import And, Comparison, Filter, Operator
from domain.patch import Op, Operation, Target
from domain.resources.attributes import ResourceType
from domain.tolerances.record import Tolerance


def _operation(
    operation: Operation, target: Target | None, attributes: Json, resource_type: ResourceType
) -> list[Operation] | None:
    value = operation.value
    if operation.op is Op.REMOVE or target is None or target.matches is None or value is None:
        return None
    if any(target.matches(item) for item in _values(attributes, target)):
        return None
    equalities = described(target.path.value_filter)
    sub = target.path.sub_attribute
    if equalities is None or (sub is None and not isinstance(value, dict)):
        return None
    created = equalities | ({sub.name: value} if sub is not None else value)
    return [Operation(Op.ADD, str(target.path.path), [created])]


def _values(attributes: Json, target: Target) -> list[Json]:
    found: Any = attributes
    for step in target.steps:
        found = found.get(step.name, {})
    return list(found)


def described(wanted: Filter | None) -> Json | None:
    """Return the members that equalities joined by "and" require; None for any other filter."""
    match wanted:
        case Comparison(path, Operator.EQ, value) if len(path.steps) == 1 and value is not None:
            return {path.attribute.name: value}
        case And(operands):
            said: Json = {}
            for operand in operands:
                part = described(operand)
                if part is None or any(said.get(name, value) != value for name, value in part.items()):
                    return None
                said |= part
            return said
    return None


TOLERANCE: Final = Tolerance(
    name="missing-value",
    source="Entra ID: Metatavu/keycloak-scim-server issue 35, thomaspoignant/scim-patch issue 106",
    operation=_operation,
)

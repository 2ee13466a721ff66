"""A new manager is set without a `$ref`: the `$ref` of the previous manager is removed.

To the letter of RFC 7644 section 3.5.2.3 a sub-attribute that is not given stays, and would name the wrong user.
"""

from __future__ import annotations

from typing import Any, Final

from domain.documents import Json
from domain.patch import Op, Operation, Target
from domain.resources.attributes import ResourceType
from domain.resources.user_schema import ENTERPRISE_URN
from domain.tolerances.record import Tolerance

_MANAGER: Final = (ENTERPRISE_URN, "manager")


def _operation(
    operation: Operation, target: Target | None, attributes: Json, resource_type: ResourceType
) -> list[Operation] | None:
    present = _at(attributes, _MANAGER)
    if operation.op is Op.REMOVE or not isinstance(present, dict) or "$ref" not in present:
        return None
    names = () if target is None else tuple(step.name for step in target.steps)
    if names == (*_MANAGER, "value"):
        given: Any = {"value": operation.value}
    else:
        given = _at(operation.value, _MANAGER[len(names) :]) if names == _MANAGER[: len(names)] else None
    if not isinstance(given, dict) or "$ref" in given or given.get("value") in (None, present.get("value")):
        return None
    return [Operation(Op.REMOVE, f"{ENTERPRISE_URN}:manager.$ref"), operation]


def _at(value: Any, names: tuple[str, ...]) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


TOLERANCE: Final = Tolerance(
    name="stale-manager-reference",
    source="Entra ID and Microsoft's SCIM Validator replace only the value of a manager (pranems/SCIMServer 1ab5aa1f)",
    only_for=frozenset({"User"}),
    operation=_operation,
)

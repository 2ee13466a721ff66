"""A PATCH that removes `active`, or assigns null to it, leaves a deactivated user deactivated.

To the letter the attribute would be unassigned, and have its default: the user may sign in. A message that does
not say so must not let a user in again.
"""

from __future__ import annotations

from typing import Any, Final

from domain.documents import Json
from domain.patch import Op, Operation, Target
from domain.resources.attributes import ResourceType
from domain.tolerances.record import Tolerance


def _operation(
    operation: Operation, target: Target | None, attributes: Json, resource_type: ResourceType
) -> list[Operation] | None:
    if attributes.get("active") is not False:
        return None
    if target is not None:
        names_active = [step.name for step in target.steps] == ["active"]
        return [] if names_active and (operation.op is Op.REMOVE or _is_unassigned(operation.value)) else None
    value = operation.value
    if not isinstance(value, dict) or "active" not in value or not _is_unassigned(value["active"]):
        return None
    rest = {name: member for name, member in value.items() if name != "active"}
    return [Operation(operation.op, None, rest)] if rest else []


def _is_unassigned(value: Any) -> bool:
    return value is None or value == [] or value == {}


TOLERANCE: Final = Tolerance(
    name="removed-active",
    source="Clients that clear by PATCH what their directory does not have; like put-without-active for a PUT",
    only_for=frozenset({"User"}),
    operation=_operation,
)

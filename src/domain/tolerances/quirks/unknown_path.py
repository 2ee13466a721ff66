"""A path under the URN of a schema that this service does not have: the operation is left out.

Only that is left out in silence. Any other path that names nothing of the resource is an error, since a success would
say that something was changed: `isActive`, `User.active`, `nosuch`. So is a malformed path, and one of the resource's
own names under another form of its URN.
"""

from __future__ import annotations

from typing import Final

from domain.filter.shape import is_well_formed_path
from domain.patch import Operation
from domain.resources.attributes import ResourceType
from domain.tolerances.names import has_state, is_foreign, is_mistyped, is_switched_off, says_active
from domain.tolerances.record import Tolerance


def _reading(operation: Operation, resource_type: ResourceType) -> list[Operation] | None:
    return [] if operation.path is not None and _is_left_out(operation.path, resource_type) else None


def _is_left_out(text: str, resource_type: ResourceType) -> bool:
    name = text.partition("[")[0]
    if not is_foreign(name, resource_type) or not is_well_formed_path(text):
        return False
    may_say_active = has_state(resource_type) and says_active(name) and not is_switched_off(name, resource_type)
    return not may_say_active and not is_mistyped(name, resource_type)


def names_foreign(operation: Operation, resource_type: ResourceType) -> bool:
    """Return True if an operation names something of a schema that resources of the type do not have."""
    if operation.path is not None:
        return is_foreign(operation.path, resource_type)
    return isinstance(operation.value, dict) and any(is_foreign(name, resource_type) for name in operation.value)


TOLERANCE: Final = Tolerance(
    name="unknown-path",
    source="Entra ID, attributes of custom extensions: learn.microsoft.com, customize-application-attributes",
    reading=_reading,
)

"""An empty value for what a filter selects, `phoneNumbers[type eq "work"].value`: it is removed, if it is there.

To the letter it would be noTarget for a user without a work number, who has nothing to be cleared.
"""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.patch import Op, Operation, Target
from domain.resources.attributes import ResourceType
from domain.tolerances.record import Tolerance


def _operation(
    operation: Operation, target: Target | None, attributes: Json, resource_type: ResourceType
) -> list[Operation] | None:
    if operation.op is Op.REMOVE or target is None or target.matches is None or operation.value is not None:
        return None
    return [Operation(Op.REMOVE, operation.path)]


TOLERANCE: Final = Tolerance(
    name="cleared-value",
    source="ory/polis d22d7555f",
    operation=_operation,
)

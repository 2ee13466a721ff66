"""`Replace phoneNumbers[type eq "work"]` with `{"value": "3"}`: the number keeps the type by which it was found.

To the letter (RFC 7644 section 3.5.2.3) the whole value is replaced, and the next such request finds none.
"""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.patch import Op, Operation, Target
from domain.resources.attributes import ResourceType
from domain.tolerances.quirks.missing_value import described
from domain.tolerances.record import Tolerance


def _operation(
    operation: Operation, target: Target | None, attributes: Json, resource_type: ResourceType
) -> list[Operation] | None:
    value = operation.value
    if operation.op is not Op.REPLACE or target is None or target.path.sub_attribute is not None:
        return None
    said = described(target.path.value_filter)
    if said is None or not isinstance(value, dict) or not value or said.keys() <= value.keys():
        return None
    return [Operation(Op.REPLACE, operation.path, said | value)]


TOLERANCE: Final = Tolerance(
    name="replaced-entry",
    source="Microsoft's SCIM Validator, and groups of Entra ID: simpleidserver/SimpleIdServer issue 59",
    operation=_operation,
)

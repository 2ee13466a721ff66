"""`{"<core URN>": {"active": false}}`: the User's own attributes within an object, as only an extension's are."""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.errors import InvalidSyntax
from domain.patch import Op, Operation
from domain.quoting import quoted
from domain.resources.canonical import canonical_names
from domain.resources.user_schema import CORE_URN
from domain.tolerances.record import Tolerance


def _reading(operation: Operation) -> list[Operation] | None:
    value = operation.value
    if operation.op is Op.REMOVE or not isinstance(value, dict):
        return None
    if operation.path is not None:
        return [Operation(operation.op, None, value)] if operation.path.lower() == CORE_URN.lower() else None
    unfolded = _unfolded(value)
    return None if unfolded is None else [Operation(operation.op, None, unfolded)]


def _resource(body: Json) -> Json | None:
    unfolded = _unfolded(body)
    return None if unfolded is None else canonical_names(unfolded)


def _unfolded(value: Json) -> Json | None:
    inner = [member for name, member in value.items() if name.lower() == CORE_URN.lower()]
    if not inner:
        return None
    if not all(isinstance(member, dict | None) for member in inner):
        raise InvalidSyntax(f'"{CORE_URN}" takes an object with attributes of a User, or does not belong here.')
    outer = {name: member for name, member in value.items() if name.lower() != CORE_URN.lower()}
    for members in inner:
        for name, member in (members or {}).items():
            if name in outer:
                raise InvalidSyntax(f'{quoted(name)} appears twice, once within "{CORE_URN}". Send it once.')
            outer[name] = member
    return outer


TOLERANCE: Final = Tolerance(
    name="core-urn-container",
    source="SCIM Verify: limosa-io/scimverify, src/users.js",
    reading=_reading,
    resource=_resource,
)

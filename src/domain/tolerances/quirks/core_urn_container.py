"""`{"<core URN>": {"active": false}}`: the resource's own attributes within an object, as only an extension's are."""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.errors import InvalidSyntax
from domain.patch import Op, Operation
from domain.quoting import quoted
from domain.resources.attributes import ResourceType
from domain.resources.canonical import canonical_names
from domain.tolerances.record import Tolerance


def _reading(operation: Operation, resource_type: ResourceType) -> list[Operation] | None:
    value = operation.value
    if operation.op is Op.REMOVE or not isinstance(value, dict):
        return None
    if operation.path is not None:
        is_core = operation.path.lower() == resource_type.schema.id.lower()
        return [Operation(operation.op, None, value)] if is_core else None
    unfolded = _unfolded(value, resource_type)
    return None if unfolded is None else [Operation(operation.op, None, unfolded)]


def _resource(body: Json, resource_type: ResourceType) -> Json | None:
    unfolded = _unfolded(body, resource_type)
    return None if unfolded is None else canonical_names(unfolded, resource_type.root)


def _unfolded(value: Json, resource_type: ResourceType) -> Json | None:
    core = resource_type.schema.id
    inner = [member for name, member in value.items() if name.lower() == core.lower()]
    if not inner:
        return None
    if not all(isinstance(member, dict | None) for member in inner):
        raise InvalidSyntax(
            f'"{core}" must be an object with attributes of a {resource_type.name}. Send such an object, or leave it '
            "out.",
            attribute=core,
            expected=f"an object with attributes of a {resource_type.name}",
        )
    outer = {name: member for name, member in value.items() if name.lower() != core.lower()}
    for members in inner:
        for name, member in (members or {}).items():
            if name in outer:
                raise InvalidSyntax(
                    f'{quoted(name)} appears twice: inside and outside of "{core}". Send it once.',
                    attribute=core,
                    expected="no member that also appears outside of it",
                )
            outer[name] = member
    return outer


TOLERANCE: Final = Tolerance(
    name="core-urn-container",
    source="SCIM Verify: limosa-io/scimverify, src/users.js",
    reading=_reading,
    resource=_resource,
)

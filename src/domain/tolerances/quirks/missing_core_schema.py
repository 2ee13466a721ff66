"""A body without `schemas`, or whose `schemas` lacks the URN of the core schema; a PATCH without path likewise."""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.patch import Op, Operation
from domain.resources.attributes import ResourceType
from domain.tolerances.record import Tolerance


def _reading(operation: Operation, resource_type: ResourceType) -> list[Operation] | None:
    value = operation.value
    if operation.path is not None or operation.op is Op.REMOVE or not isinstance(value, dict):
        return None
    name = next((name for name in value if name.lower() == "schemas"), None)
    if name is None:
        return None
    complete = _resource({"schemas": value[name]}, resource_type)
    return None if complete is None else [Operation(operation.op, None, value | {name: complete["schemas"]})]


def _resource(body: Json, resource_type: ResourceType) -> Json | None:
    schemas = body.get("schemas")
    if not isinstance(schemas, list | str | None):
        return None
    urns = [schemas] if isinstance(schemas, str) else schemas or []
    core = resource_type.schema.id
    if any(isinstance(urn, str) and urn.lower() == core.lower() for urn in urns):
        return None
    return body | {"schemas": [core, *urns]}


TOLERANCE: Final = Tolerance(
    name="missing-core-schema",
    source="Entra ID's sample with a mistyped URN: learn.microsoft.com, use-scim-to-provision-users-and-groups",
    reading=_reading,
    resource=_resource,
)

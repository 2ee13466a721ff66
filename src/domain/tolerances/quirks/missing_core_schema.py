"""A body without `schemas`, or whose `schemas` lacks the User's own URN; a PATCH without path whose `schemas` does."""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.patch import Op, Operation
from domain.resources.user_schema import CORE_URN
from domain.tolerances.record import Tolerance


def _reading(operation: Operation) -> list[Operation] | None:
    value = operation.value
    if operation.path is not None or operation.op is Op.REMOVE or not isinstance(value, dict):
        return None
    name = next((name for name in value if name.lower() == "schemas"), None)
    if name is None:
        return None
    complete = _resource({"schemas": value[name]})
    return None if complete is None else [Operation(operation.op, None, value | {name: complete["schemas"]})]


def _resource(body: Json) -> Json | None:
    schemas = body.get("schemas")
    if not isinstance(schemas, list | str | None):
        return None
    urns = [schemas] if isinstance(schemas, str) else schemas or []
    if any(isinstance(urn, str) and urn.lower() == CORE_URN.lower() for urn in urns):
        return None
    return body | {"schemas": [CORE_URN, *urns]}


TOLERANCE: Final = Tolerance(
    name="missing-core-schema",
    source="Entra ID's sample with a mistyped URN: learn.microsoft.com, use-scim-to-provision-users-and-groups",
    reading=_reading,
    resource=_resource,
)

"""A POST or PUT body without `schemas`, or whose `schemas` lacks the User's own URN."""

from __future__ import annotations

from typing import Final

from domain.stored_user import Json
from domain.tolerances.record import Tolerance
from domain.user_schema import CORE_URN


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
    resource=_resource,
)

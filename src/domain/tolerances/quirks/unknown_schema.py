"""A URN in `schemas` of something that this service does not have: it is left out."""

from __future__ import annotations

from typing import Any, Final

from domain.resources.attributes import Attribute
from domain.resources.user_schema import CORE_URN, USER
from domain.tolerances.record import Tolerance

_KNOWN: Final = frozenset({CORE_URN.lower(), *(extension.id.lower() for extension in USER.extensions)})


def _value(attribute: Attribute, value: Any) -> Any:
    return None if isinstance(value, str) and value.lower() not in _KNOWN else value


TOLERANCE: Final = Tolerance(
    name="unknown-schema",
    source="Entra ID's ADSCIM URN: learn.microsoft.com, use-scim-to-provision-users-and-groups",
    concerns=lambda attribute: attribute.name == "schemas",
    value=_value,
)

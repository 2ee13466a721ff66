"""A URN in `schemas` of something that this service does not have: it is left out."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from domain.resources.attributes import Attribute
from domain.tolerances.record import Tolerance


def _value(attribute: Attribute, value: Any) -> Any:
    return None if isinstance(value, str) and value.lower() not in _known(attribute) else value


@cache
def _known(attribute: Attribute) -> frozenset[str]:
    return frozenset(urn.lower() for urn in attribute.canonical_values)


TOLERANCE: Final = Tolerance(
    name="unknown-schema",
    source="Entra ID's ADSCIM URN: learn.microsoft.com, use-scim-to-provision-users-and-groups",
    concerns=lambda attribute: attribute.name == "schemas",
    value=_value,
)

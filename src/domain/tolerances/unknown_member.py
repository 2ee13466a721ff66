"""A member that is no attribute of a User, or of the attribute that it is in: it is left out."""

from __future__ import annotations

from typing import Any, Final

from domain.attributes import Attribute
from domain.tolerances.record import Tolerance


def _value(attribute: Attribute, value: Any) -> Any:
    if not attribute.is_complex or not isinstance(value, dict):
        return value
    known = {name: member for name, member in value.items() if attribute.sub_attribute(name) is not None}
    return value if len(known) == len(value) else known


TOLERANCE: Final = Tolerance(
    name="unknown-member",
    source="Entra ID's sample with enterprise attributes at the top level, custom extensions of all: "
    "learn.microsoft.com, use-scim-to-provision-users-and-groups",
    value=_value,
)

"""Clearing by an empty string: `"title": ""` or `"manager": {"value": ""}` means unassigned, as null does.

Not for required attributes, whose absence is an error, nor for booleans: a user whose `active` is cleared is active.
"""

from __future__ import annotations

from typing import Any, Final

from domain.resources.attributes import Attribute, Type
from domain.tolerances.record import Tolerance


def _value(attribute: Attribute, value: Any) -> Any:
    if value == "":
        return value if attribute.required or attribute.type is Type.BOOLEAN else None
    if attribute.is_complex and isinstance(value, dict) and value.get("value") == "":
        # Without its `value` what is left (type, primary, display) means nothing.
        return None if attribute.sub_attribute("value") is not None else value
    return value


TOLERANCE: Final = Tolerance(
    name="empty-string",
    source="ory/polis d22d7555f; Microsoft's SCIM Validator removes a manager this way (pranems/SCIMServer 1ab5aa1f)",
    concerns=lambda attribute: not attribute.is_apart,
    value=_value,
)

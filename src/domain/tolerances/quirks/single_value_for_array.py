"""`"emails": {...}`: a single value where an array belongs."""

from __future__ import annotations

from typing import Any, Final

from domain.resources.attributes import Attribute
from domain.tolerances.record import Tolerance


def _value(attribute: Attribute, value: Any) -> Any:
    return [value] if isinstance(value, dict | str) else value


TOLERANCE: Final = Tolerance(
    name="single-value-for-array",
    source="RFC 7644 section 3.5.2.1 shows it only for adding members; Entra ID and others also do it elsewhere",
    concerns=lambda attribute: attribute.multi_valued,
    value=_value,
)

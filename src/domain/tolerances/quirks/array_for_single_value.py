"""`"manager": [{...}]`: an array of one where a single value belongs."""

from __future__ import annotations

from typing import Any, Final

from domain.resources.attributes import Attribute
from domain.tolerances.record import Tolerance


def _value(attribute: Attribute, value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


TOLERANCE: Final = Tolerance(
    name="array-for-single-value",
    source="Entra ID's sample of a manager: learn.microsoft.com, use-scim-to-provision-users-and-groups",
    concerns=lambda attribute: not attribute.multi_valued,
    value=_value,
)

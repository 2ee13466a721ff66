"""`"manager": "123"`: text where an object with a `value` belongs."""

from __future__ import annotations

from typing import Any, Final

from domain.resources.attributes import Attribute
from domain.tolerances.record import Tolerance


def _concerns(attribute: Attribute) -> bool:
    return attribute.is_complex and not attribute.multi_valued and attribute.sub_attribute("value") is not None


def _value(attribute: Attribute, value: Any) -> Any:
    return {"value": value} if isinstance(value, str) else value


TOLERANCE: Final = Tolerance(
    name="bare-value",
    source="Entra ID's manager: Captain-P-Goldfish/SCIM-SDK 11c31d38, patch/workarounds/msazure",
    concerns=_concerns,
    value=_value,
)

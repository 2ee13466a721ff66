"""`"active": "False"`, `roles[primary eq "True"]`: booleans as text, for attributes of type boolean only."""

from __future__ import annotations

from typing import Any, Final

from domain.resources.attributes import Attribute, Type
from domain.tolerances.record import Tolerance

_BOOLEANS: Final = {"true": True, "false": False}


def _value(attribute: Attribute, value: Any) -> Any:
    if attribute.type is not Type.BOOLEAN or not isinstance(value, str):
        return value
    # Anything but these two words stays what it is, and is refused: truth is never guessed.
    return _BOOLEANS.get(value.lower(), value)


TOLERANCE: Final = Tolerance(
    name="string-boolean",
    source="Entra ID without aadOptscim062020: learn.microsoft.com, "
    "application-provisioning-config-problem-scim-compatibility",
    value=_value,
    leniency="string_booleans",
)

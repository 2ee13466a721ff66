"""`"active": "False"`, `roles[primary eq "True"]`: booleans as text, for attributes of type boolean only."""

from __future__ import annotations

from typing import Any, Final

from domain.resources.attributes import Attribute, Type
from domain.tolerances.record import Tolerance

_BOOLEANS: Final = {"true": True, "false": False}


def _value(attribute: Attribute, value: Any) -> Any:
    # Any other word stays what it is, and is refused: truth is never guessed.
    return _BOOLEANS.get(value.lower(), value) if isinstance(value, str) else value


TOLERANCE: Final = Tolerance(
    name="string-boolean",
    source="Entra ID without aadOptscim062020: learn.microsoft.com, "
    "application-provisioning-config-problem-scim-compatibility",
    concerns=lambda attribute: attribute.type is Type.BOOLEAN,
    value=_value,
    leniency="string_booleans",
)

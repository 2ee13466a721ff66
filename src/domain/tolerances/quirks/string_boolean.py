"""`"active": "False"`, `roles[primary eq "True"]`: booleans as text, for attributes of type boolean only.

Numbers as text are a tolerance of their own: only extensions that a deployment declares have attributes of these types.
"""

from __future__ import annotations

import re
from typing import Any, Final

from domain.resources.attributes import Attribute, Type
from domain.tolerances.record import Tolerance

_BOOLEANS: Final = {"true": True, "false": False}


def _value(attribute: Attribute, value: Any) -> Any:
    # Any other word stays what it is, and is refused: truth is never guessed.
    return _BOOLEANS.get(value.lower(), value) if isinstance(value, str) else value


_NUMBER: Final = re.compile(r"(-?(?:0|[1-9][0-9]{0,17}))(\.[0-9]{1,17})?", re.ASCII)


def _number(attribute: Attribute, value: Any) -> Any:
    # As JSON writes it and no other: "1,5" and "007" mean different things to different people.
    written = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    if written is None:
        return value
    if written[2] is None:
        return int(value)
    return float(value) if attribute.type is Type.DECIMAL else value


TOLERANCE: Final = Tolerance(
    name="string-boolean",
    source="Entra ID without aadOptscim062020: learn.microsoft.com, "
    "application-provisioning-config-problem-scim-compatibility",
    concerns=lambda attribute: attribute.type is Type.BOOLEAN,
    value=_value,
    leniency="string_booleans",
)

OF_NUMBERS: Final = Tolerance(
    name="string-number",
    source="elimity-com/scim, commits aecaa4f and ab8c439: Entra ID writes numbers as text",
    concerns=lambda attribute: attribute.type in (Type.INTEGER, Type.DECIMAL),
    value=_number,
)

"""`"roles": [{"value": "{\\"value\\":\\"User\\"}"}]`: a role as a JSON text in a string."""

from __future__ import annotations

from typing import Any, Final

from domain.documents import Json
from domain.errors import InvalidValue
from domain.json_text import NotJson, RefusedJson, decode
from domain.resources.attributes import Attribute
from domain.tolerances.record import Tolerance

_MEMBERS: Final = {
    "value": "value",
    "display": "display",
    "displayname": "display",
    "type": "type",
    "primary": "primary",
}


def _value(attribute: Attribute, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    text = value.get("value")
    role = _role(text) if isinstance(text, str) and text.lstrip()[:1] == "{" else {}
    return value | role if isinstance(role.get("value"), str) else value


def _role(text: str) -> Json:
    try:
        parsed = decode(text)
    except NotJson:
        return {}
    except RefusedJson as error:
        raise InvalidValue(
            f"A value of roles is JSON text that {error}. Correct it, or send the role as an object.",
            attribute="roles",
            expected="a value, or a JSON object as text",
        ) from None
    if not isinstance(parsed, dict):
        return {}
    role: Json = {}
    for name, member in parsed.items():
        known = _MEMBERS.get(name.lower())
        if known is not None and member is not None:
            role.setdefault(known, member)
    return role


TOLERANCE: Final = Tolerance(
    name="role-as-json-text",
    source="Entra ID, AppRoleAssignmentsComplex: learn.microsoft.com, customize-application-attributes",
    only_for=frozenset({"User"}),
    concerns=lambda attribute: attribute.name == "roles",
    value=_value,
)

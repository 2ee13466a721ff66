"""The types of a User and its extension, checked by pydantic's validator, which is made from the attribute tree.

It checks types and nothing else: what arrives here has canonical names, no unassigned values and no readOnly ones
(`domain.resource`). A valid document passes unchanged, so nothing is taken out of the validator. For that pydantic's
core is enough: its model classes would take longer to make than all else that a function does while it starts
(docs/decisions/018).
"""

from __future__ import annotations

from typing import Final

from pydantic_core import CoreSchema, SchemaValidator
from pydantic_core.core_schema import (
    bool_schema,
    float_schema,
    int_schema,
    list_schema,
    no_info_after_validator_function,
    str_schema,
    typed_dict_field,
    typed_dict_schema,
)

from domain.attributes import Attribute, Type
from domain.user_schema import USER


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _address(value: str) -> str:
    """Only what an index needs: a local part and a domain. Identity providers send `a@localhost` and test domains."""
    local, at, domain = value.strip().rpartition("@")
    if not (local and at and domain):
        raise ValueError("must be an e-mail address such as name@example.com")
    return value


_SCALARS: Final[dict[Type, CoreSchema]] = {
    Type.STRING: str_schema(strict=True),
    Type.REFERENCE: str_schema(strict=True),
    # Kept as text: certificates arrive with and without padding, and validators send arbitrary letters.
    Type.BINARY: str_schema(strict=True),
    Type.DATE_TIME: str_schema(strict=True),
    Type.BOOLEAN: bool_schema(strict=True),
    Type.INTEGER: int_schema(strict=True),
    # Takes integers too.
    Type.DECIMAL: float_schema(strict=True),
}

_FORMS: Final = {"userName": _not_blank, "emails.value": _address}


def _schema(attribute: Attribute, path: str) -> CoreSchema:
    schema = _object(attribute, path) if attribute.is_complex else _SCALARS[attribute.type]
    if path in _FORMS:
        schema = no_info_after_validator_function(_FORMS[path], schema)
    return list_schema(schema, strict=True) if attribute.multi_valued else schema


def _object(attribute: Attribute, path: str = "") -> CoreSchema:
    prefix = f"{path}." if path else ""
    fields = {
        sub.name: typed_dict_field(_schema(sub, prefix + sub.name), required=sub.required)
        for sub in attribute.sub_attributes
        if sub.is_kept
    }
    return typed_dict_schema(fields, strict=True, extra_behavior="forbid")


USER_VALIDATOR: Final = SchemaValidator(_object(USER.root))
"""Of the User with its extension under the extension's URN; `validate_python` raises pydantic's ValidationError."""

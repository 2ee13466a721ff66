"""The types and bounds of a User and its extension, checked by pydantic's validator, made from the attribute tree.

It checks nothing else: what arrives here has canonical names, no unassigned values and no readOnly ones
(`.body`). A valid document passes unchanged, so nothing is taken out of the validator. For that pydantic's
core is enough: creating its model classes would take longer than everything else at a cold start
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

from domain.limits import MAX_CHARACTERS, MAX_IDENTIFIER_CHARACTERS, MAX_MEDIA_CHARACTERS, MAX_VALUES
from domain.resources.attributes import Attribute, Type, Uniqueness
from domain.resources.characters import refused_character
from domain.resources.comparison import unique_form
from domain.resources.user_schema import USER
from domain.text import MARKS_PROBLEM, has_too_many_marks


def _user_name(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return _seen(value)


def _address(value: str) -> str:
    """Only what an index needs: a local part and a domain. Identity providers send `a@localhost` and test domains."""
    local, at, domain = _seen(value).strip().rpartition("@")
    if not (local and at and domain) or unique_form(value).endswith("@"):
        raise ValueError("must be an e-mail address such as name@example.com")
    return value


def _seen(value: str) -> str:
    """Return an identifier; raises ValueError for invisible characters and text that cannot be normalised."""
    if refused := refused_character(value):
        raise ValueError(f"has {refused}: leave it out")
    if has_too_many_marks(value):
        raise ValueError(MARKS_PROBLEM)
    return value


_SCALARS: Final[dict[Type, CoreSchema]] = {
    Type.BOOLEAN: bool_schema(strict=True),
    Type.INTEGER: int_schema(strict=True),
    # Takes integers too.
    Type.DECIMAL: float_schema(strict=True),
}
"""All other types are text: binary values too, as certificates arrive with and without padding."""

_FORMS: Final = {"userName": _user_name, "emails.value": _address}


_MEDIA: Final = "photos.value"


def _longest(attribute: Attribute, path: str) -> int:
    """Return how many characters a text may have; with a bound the validator also refuses unpaired surrogates."""
    if attribute.uniqueness is Uniqueness.SERVER:
        return MAX_IDENTIFIER_CHARACTERS
    return MAX_MEDIA_CHARACTERS if attribute.type is Type.BINARY or path == _MEDIA else MAX_CHARACTERS


def _scalar(attribute: Attribute, path: str) -> CoreSchema:
    return _SCALARS.get(attribute.type) or str_schema(strict=True, max_length=_longest(attribute, path))


def _schema(attribute: Attribute, path: str) -> CoreSchema:
    schema = _object(attribute, path) if attribute.is_complex else _scalar(attribute, path)
    if path in _FORMS:
        schema = no_info_after_validator_function(_FORMS[path], schema)
    # The first value at fault will do: thousands of problems would take longer to describe than a request may.
    return list_schema(schema, strict=True, max_length=MAX_VALUES, fail_fast=True) if attribute.multi_valued else schema


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

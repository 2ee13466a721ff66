"""The types and bounds of a resource and its extensions, checked by pydantic's validator, made from the attribute tree.

It checks nothing else: what arrives here has canonical names, no unassigned values and no readOnly ones
(`.body`). A valid document passes unchanged, so nothing is taken out of the validator. For that pydantic's
core is enough: creating its model classes would take longer than everything else at a cold start
(docs/decisions/018).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
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

from domain.limits import MAX_CHARACTERS, MAX_IDENTIFIER_CHARACTERS, MAX_MEDIA_CHARACTERS
from domain.resources.attributes import Attribute, Content, ResourceType, Type, Uniqueness
from domain.resources.characters import refused_character
from domain.resources.comparison import unique_form
from domain.resources.date_times import instant
from domain.text import FEW_MARKS, MARKS_PROBLEM, has_too_many_marks


class Unacceptable(ValueError):
    """A text that an identifier or an address cannot be; `expected` says what it can, without the text."""

    def __init__(self, problem: str, expected: str) -> None:
        super().__init__(problem)
        self.expected = expected


def _identifier(value: str) -> str:
    if not value.strip():
        raise Unacceptable("must not be empty", "text that is not empty")
    return _seen(value)


def _address(value: str) -> str:
    """Only what an index needs: a local part and a domain. Identity providers send `a@localhost` and test domains."""
    local, at, domain = _seen(value).strip().rpartition("@")
    if not (local and at and domain) or unique_form(value).endswith("@"):
        expected = "an e-mail address, for example name@example.com"
        raise Unacceptable(f"must be {expected}", expected)
    return value


def _date_time(value: str) -> str:
    if instant(value) is None:
        expected = "a date and time, for example 2030-01-31T12:00:00Z"
        raise Unacceptable(f"must be {expected}", expected)
    return value


def _seen(value: str) -> str:
    """Return an identifier; raises ValueError for invisible characters and text that cannot be normalised."""
    if refused := refused_character(value):
        raise Unacceptable(f"has {refused}: remove it", "text without invisible characters")
    if has_too_many_marks(value):
        raise Unacceptable(MARKS_PROBLEM, FEW_MARKS)
    return value


MIN_INTEGER: Final = -(2**63)
MAX_INTEGER: Final = 2**63 - 1
"""Of an integer attribute: what databases and other languages hold, too."""

_SCALARS: Final[dict[Type, CoreSchema]] = {
    Type.BOOLEAN: bool_schema(strict=True),
    Type.INTEGER: int_schema(strict=True, ge=MIN_INTEGER, le=MAX_INTEGER),
    # Takes integers too.
    Type.DECIMAL: float_schema(strict=True, allow_inf_nan=False),
}
"""All other types are text: binary values too, as certificates arrive with and without padding."""

_CONTENTS: Final[dict[Content, Callable[[str], str]]] = {
    Content.IDENTIFIER: _identifier,
    Content.ADDRESS: _address,
}


def most_characters(attribute: Attribute) -> int:
    """Return how many characters a text may have; with a bound the validator also refuses unpaired surrogates."""
    if attribute.uniqueness is Uniqueness.SERVER:
        return MAX_IDENTIFIER_CHARACTERS
    is_media = attribute.type is Type.BINARY or attribute.content is Content.MEDIA
    return MAX_MEDIA_CHARACTERS if is_media else MAX_CHARACTERS


def _scalar(attribute: Attribute) -> CoreSchema:
    text = str_schema(strict=True, max_length=most_characters(attribute))
    if attribute.type is Type.DATE_TIME:
        return no_info_after_validator_function(_date_time, text)
    return _SCALARS.get(attribute.type) or text


def _schema(attribute: Attribute) -> CoreSchema:
    schema = _object(attribute) if attribute.is_complex else _scalar(attribute)
    if attribute.content in _CONTENTS:
        schema = no_info_after_validator_function(_CONTENTS[attribute.content], schema)
    # The first value at fault will do: thousands of problems would take longer to describe than a request may.
    if not attribute.multi_valued:
        return schema
    return list_schema(schema, strict=True, max_length=attribute.max_values, fail_fast=True)


def _object(attribute: Attribute) -> CoreSchema:
    fields = {
        sub.name: typed_dict_field(_schema(sub), required=sub.required)
        for sub in attribute.sub_attributes
        if sub.is_kept
    }
    return typed_dict_schema(fields, strict=True, extra_behavior="forbid")


@cache
def validator_of(resource_type: ResourceType) -> SchemaValidator:
    """Return the validator of resources with their extensions under the extensions' URNs, made on first use.

    `validate_python` raises pydantic's ValidationError.
    """
    return SchemaValidator(_object(resource_type.root))

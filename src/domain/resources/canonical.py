"""Attribute names in the schema's own spelling (RFC 7643 section 2.1: clients may write them in any case)."""

from __future__ import annotations

from typing import Any

from domain.documents import Json
from domain.errors import InvalidSyntax
from domain.quoting import quoted
from domain.resources.attributes import Attribute


def canonical_names(value: Json, attribute: Attribute) -> Json:
    """Return `value` of a complex `attribute` with known names as the schema spells them, at all depths.

    Unknown members stay as they are. Raises InvalidSyntax when two members have the same name in different cases.
    """
    canonical: Json = {}
    for name, member in value.items():
        sub = attribute.sub_attribute(name)
        spelled = name if sub is None else sub.name
        if spelled in canonical:
            raise InvalidSyntax(
                f"{quoted(spelled)} appears twice, in different cases. Send it once.",
                attribute="body" if sub is None else sub.name,
                expected="the member once",
            )
        canonical[spelled] = member if sub is None else canonical_value(member, sub)
    return canonical


def canonical_value(value: Any, attribute: Attribute) -> Any:
    """Return the same for a value of any type, or for a list of values."""
    if not attribute.is_complex:
        return value
    if isinstance(value, dict):
        return canonical_names(value, attribute)
    if isinstance(value, list):
        return [canonical_names(item, attribute) if isinstance(item, dict) else item for item in value]
    return value

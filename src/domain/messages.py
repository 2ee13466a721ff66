"""Messages of the protocol (RFC 7644 section 3.1): each says in `schemas` which one it is."""

from __future__ import annotations

from domain.errors import InvalidSyntax
from domain.stored_user import Json


def require_message(body: Json, urn: str) -> None:
    """Raise InvalidSyntax unless the body's `schemas` has that URN, in any case."""
    schemas = body.get("schemas")
    if not isinstance(schemas, list) or urn.lower() not in (each.lower() for each in schemas if isinstance(each, str)):
        raise InvalidSyntax(f'schemas must contain "{urn}".')

"""Messages of the protocol (RFC 7644 section 3.1): each says in `schemas` which one it is."""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.errors import InvalidSyntax

BULK_REQUEST_URN: Final = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE_URN: Final = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
LIST_RESPONSE_URN: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH_OP_URN: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH_REQUEST_URN: Final = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


def require_message(body: Json, urn: str) -> None:
    """Raise InvalidSyntax unless the body's `schemas` has that URN, in any case."""
    if not is_message(body, urn):
        raise InvalidSyntax(f'schemas must contain "{urn}".', attribute="schemas", expected=f'a list with "{urn}"')


def is_message(body: Json, urn: str) -> bool:
    """True if the body's `schemas` has that URN, in any case."""
    schemas = body.get("schemas")
    return isinstance(schemas, list) and urn.lower() in (each.lower() for each in schemas if isinstance(each, str))


def list_response(resources: list[Json]) -> Json:
    """Return the ListResponse of a query that found only these resources, on one page (RFC 7644 section 3.4.2)."""
    count = len(resources)
    return {
        "schemas": [LIST_RESPONSE_URN],
        "totalResults": count,
        "itemsPerPage": count,
        "startIndex": 1,
        "Resources": resources,
    }

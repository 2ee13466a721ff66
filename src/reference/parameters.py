"""The parameters of requests: those of a query (RFC 7644 section 3.4.2, RFC 9865), and the headers of conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.documents import Json
from domain.limits import CURSOR_LIFETIME, DEFAULT_PAGE_SIZE, MAX_FILTER_CHARACTERS, MAX_NAMES, MAX_PAGE_SIZE
from domain.resources.attributes import ResourceType

EXAMPLE_IDS: Final = {
    "User": "2819c223-7f76-453a-919d-413861904646",
    "Group": "e9e30dba-f08f-4109-8486-d5c6a331660a",
}
"""The ids of the resources in the examples by type, from RFC 7643."""
_NAMES: Final = {"type": "array", "items": {"type": "string"}, "maxItems": MAX_NAMES}
_COUNTED: Final = {"type": "integer", "format": "int32"}

PARAMETERS: Final[dict[str, Json]] = {
    "filter": {
        "description": 'Which resources: an expression such as `userName eq "ada@example.com"` '
        "(RFC 7644 section 3.4.2.2).",
        "schema": {"type": "string", "maxLength": MAX_FILTER_CHARACTERS},
        "example": 'displayName sw "R"',
    },
    "sortBy": {
        "description": "The attribute to sort by. Without it, the order is that of ids.",
        "schema": {"type": "string"},
    },
    "sortOrder": {
        "description": "The order of the attribute to sort by.",
        "schema": {"type": "string", "enum": ["ascending", "descending"], "default": "ascending"},
    },
    "startIndex": {
        "description": "For pages by index: the position of the first resource, from 1. Less is read as 1.",
        "schema": {**_COUNTED, "default": 1},
    },
    "count": {
        "description": f"How many resources a page may have: {MAX_PAGE_SIZE} at most. More is read as that and a "
        f"negative number as 0; with a cursor, both are refused.",
        "schema": {**_COUNTED, "default": DEFAULT_PAGE_SIZE},
    },
    "cursor": {
        "description": "For pages by cursor: empty for the first page, then the `nextCursor` of the page before, with "
        f"the rest of the query unchanged, within {CURSOR_LIFETIME} seconds.",
        "schema": {"type": "string"},
    },
    "attributes": {
        "description": "The attributes to return, besides those that are always returned. Unknown names are ignored. "
        "Not together with excludedAttributes.",
        "schema": _NAMES,
    },
    "excludedAttributes": {
        "description": "The attributes to leave out. Those that are always returned stay. Unknown names are ignored.",
        "schema": _NAMES,
    },
    "If-Match": {
        "description": "Change the resource only if its ETag is one of these, or if there is one (`*`).",
        "schema": {"type": "string"},
    },
    "If-None-Match": {
        "description": "Answer 304 without the resource if its ETag is one of these.",
        "schema": {"type": "string"},
    },
}
"""Description and schema of each parameter of the query and the header, by name."""
HEADERS: Final[dict[str, Json]] = {
    "ETag": {"description": "The version of the resource, a weak entity tag.", "schema": {"type": "string"}},
    "Location": {"description": "The address of the resource.", "schema": {"type": "string", "format": "uri"}},
    "Retry-After": {
        "description": "After how many seconds to repeat the request.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {"description": "The scheme of authentication (RFC 6750).", "schema": {"type": "string"}},
}
"""Description and schema of each header of an answer, by name."""
PROJECTION: Final = ("attributes", "excludedAttributes")
SEARCHED: Final = ("filter", "sortBy", "sortOrder", "startIndex", "count", "cursor", *PROJECTION)
"""What lists take in the URL, and searches in the body."""


def parameters_of(types: Sequence[ResourceType]) -> dict[str, Json]:
    """Return all parameters as `components.parameters` has them; each type has one for the ids of its resources."""
    ids = {
        f"{each.noun}Id": _in_path(f"The id that the service gave the {each.noun}.", EXAMPLE_IDS.get(each.name, "1"))
        for each in types
    }
    return {
        **{name: _parameter(name) for name in PARAMETERS},
        **ids,
        "resourceTypeName": _in_path("The name of the type.", types[0].name),
        "schemaUrn": _in_path("The URN of the schema, in any case.", types[0].schema.id),
    }


def _in_path(description: str, example: str) -> Json:
    schema = {"type": "string", "minLength": 1}
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "description": description,
        "schema": schema,
        "example": example,
    }


def _parameter(name: str) -> Json:
    described: Json = {"name": name, "in": "query" if name in SEARCHED else "header"}
    if name in PROJECTION:
        described |= {"style": "form", "explode": False}
    return described | PARAMETERS[name]


def schema_of(name: str, *, in_body: bool = False) -> Json:
    """Return the schema of a parameter with its description; in a body, null stands for a member that is not there."""
    schema = {**PARAMETERS[name]["schema"], "description": PARAMETERS[name]["description"]}
    if in_body:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    return schema


def header(name: str, *, required: bool = True) -> Json:
    """Return the Header Object of a header that an answer always has, or may have."""
    return {**HEADERS[name], "required": required}

"""JSON schemas of the protocol's messages (RFC 7644) and of the discovery documents (RFC 7643 sections 5 to 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain import messages
from domain.changes.bulk_message import METHODS
from domain.documents import Json
from domain.errors import ERROR_URN
from domain.limits import (
    MAX_BULK_OPERATIONS,
    MAX_FILTER_CHARACTERS,
    MAX_OPERATIONS,
    MAX_PAGE_SIZE,
)
from domain.patch.operations import Op
from domain.resources.attributes import Attribute, Mutability, ResourceType, Returned, Type, Uniqueness
from domain.resources.discovery import CONFIG_URN, RESOURCE_TYPE_URN, SCHEMA_URN, definition, service_provider_config
from reference.parameters import SEARCHED, schema_of

_TEXT: Final = {"type": "string"}
_FLAG: Final = {"type": "boolean"}


def message_schemas(types: Sequence[ResourceType]) -> dict[str, Json]:
    """Return the schemas of all messages and discovery documents, by name; `types` are those that are served."""
    return {
        "ListResponse": _list_response(),
        **{f"ListOf{each.name}s": _list_of([each.name]) for each in types},
        "ListOfResources": _list_of([each.name for each in types]),
        "ListOfResourceTypes": _list_of(["ResourceType"]),
        "ListOfSchemas": _list_of(["Schema"]),
        "SearchRequest": _search_request(),
        "PatchOp": _patch_op(),
        "BulkRequest": _bulk_request(),
        "BulkResponse": _bulk_response(),
        "Error": _error(),
        "ServiceProviderConfig": _service_provider_config(),
        "ResourceType": _resource_type(),
        "Schema": _schema(),
        "Attribute": _attribute(),
    }


def ref(name: str) -> Json:
    """Return a reference to a schema of the document.

    >>> ref("User")
    {'$ref': '#/components/schemas/User'}
    """
    return {"$ref": f"#/components/schemas/{name}"}


def closed(description: str, members: Json, *, optional: Sequence[str] = ()) -> Json:
    """Return the schema of an object with these members and no others, of which some are `optional`."""
    return {
        "type": "object",
        "description": description,
        "required": [name for name in members if name not in optional],
        "properties": members,
        "additionalProperties": False,
    }


def _opened(schema: Json) -> Json:
    """Return the schema of an object that may have further members, which are ignored."""
    return {name: value for name, value in schema.items() if name != "additionalProperties"}


def _of_urn(urn: str) -> Json:
    return {"type": "array", "items": {"const": urn}, "minItems": 1, "maxItems": 1}


def _names_urn(urn: str) -> Json:
    return {"type": "array", "items": _TEXT, "contains": {"const": urn}}


def _list_response() -> Json:
    return closed(
        "A page of resources (RFC 7644 section 3.4.2, RFC 9865).",
        {
            "schemas": _of_urn(messages.LIST_RESPONSE_URN),
            "totalResults": {"type": "integer", "minimum": 0, "description": "How many resources match, on all pages."},
            "itemsPerPage": {
                "type": "integer",
                "minimum": 0,
                "maximum": MAX_PAGE_SIZE,
                "description": "How many resources this page has.",
            },
            "startIndex": {
                "type": "integer",
                "minimum": 1,
                "description": "With pages by index: the position of the first resource of this page.",
            },
            "nextCursor": {
                "type": "string",
                "description": "With pages by cursor: the cursor of the next page. The last page has none.",
            },
            "Resources": {"type": "array", "maxItems": MAX_PAGE_SIZE, "items": {"type": "object"}},
        },
        optional=("startIndex", "nextCursor"),
    )


def _list_of(names: Sequence[str]) -> Json:
    items = ref(names[0]) if len(names) == 1 else {"anyOf": [ref(name) for name in names]}
    return {**ref("ListResponse"), "properties": {"Resources": {"items": items}}}


def _search_request() -> Json:
    members = {"schemas": _names_urn(messages.SEARCH_REQUEST_URN)}
    members |= {name: schema_of(name, in_body=True) for name in SEARCHED}
    return _opened(closed("A query (RFC 7644 section 3.4.3).", members, optional=SEARCHED))


def _patch_op() -> Json:
    operation = {
        "type": "object",
        "description": "One change (RFC 7644 section 3.5.2).",
        "required": ["op"],
        "properties": {
            "op": {"enum": [op.value for op in Op]},
            "path": {
                "type": ["string", "null"],
                "maxLength": MAX_FILTER_CHARACTERS,
                "description": 'The attribute, or some of its values: `emails[type eq "work"].value`. Without a path, '
                "`value` is an object with the attributes.",
            },
            "value": {"description": "The new value. null removes the attribute's value."},
        },
        "if": {"properties": {"op": {"const": Op.REMOVE.value}}},
        "then": {"required": ["path"], "properties": {"path": {"type": "string"}}},
        "else": {"required": ["value"]},
    }
    members = {
        "schemas": _names_urn(messages.PATCH_OP_URN),
        "Operations": {"type": "array", "minItems": 1, "maxItems": MAX_OPERATIONS, "items": operation},
    }
    return _opened(closed("Changes of one resource: all of them are made, or none (RFC 7644 section 3.5.2).", members))


def _bulk_request() -> Json:
    operation = {
        "type": "object",
        "description": "One operation.",
        "required": ["method", "path"],
        "properties": {
            "method": {"enum": list(METHODS)},
            "path": {
                "type": "string",
                "description": "For a POST the endpoint, such as `/Users`; else the endpoint and the id.",
            },
            "bulkId": {
                "type": ["string", "null"],
                "description": "Names the operation; a POST must have one. `bulkId:NAME` in the path or data of other "
                "operations stands for the id of the resource that the POST creates.",
            },
            "version": {"type": ["string", "null"], "description": "The ETag that the resource must have."},
            "data": {"type": ["object", "null"], "description": "The body of the operation."},
        },
    }
    members = {
        "schemas": _names_urn(messages.BULK_REQUEST_URN),
        "failOnErrors": {
            "type": "integer",
            "minimum": 0,
            "default": 0,
            "description": "After how many errors no further operation begins; 0 for never.",
        },
        "Operations": {"type": "array", "minItems": 1, "maxItems": MAX_BULK_OPERATIONS, "items": operation},
    }
    return _opened(closed("Several operations (RFC 7644 section 3.7).", members, optional=("failOnErrors",)))


def _bulk_response() -> Json:
    result = closed(
        "The result of one operation.",
        {
            "method": {"enum": list(METHODS)},
            "bulkId": _TEXT,
            "version": {"type": "string", "description": "The ETag of the resource afterwards."},
            "location": {"type": "string", "format": "uri", "description": "The address of the resource."},
            "status": {"type": "string", "pattern": "^[2-5][0-9]{2}$", "description": "The status, as text."},
            "response": ref("Error"),
        },
        optional=("bulkId", "version", "location", "response"),
    )
    return closed(
        "The result of every operation that was tried, in the order of the request (RFC 7644 section 3.7).",
        {
            "schemas": _of_urn(messages.BULK_RESPONSE_URN),
            "Operations": {"type": "array", "maxItems": MAX_BULK_OPERATIONS, "items": result},
        },
    )


def _error() -> Json:
    return closed(
        "What is wrong, and what to do about it (RFC 7644 section 3.12).",
        {
            "schemas": _of_urn(ERROR_URN),
            "status": {"type": "string", "pattern": "^[45][0-9]{2}$", "description": "The status, as text."},
            "scimType": {"type": "string", "description": "The kind of error, if the RFC has one."},
            "detail": {
                "type": "string",
                "minLength": 1,
                "description": "For the person who reads it in the identity provider's window.",
            },
        },
        optional=("scimType",),
    )


def _meta(resource_type: str) -> Json:
    location = {"type": "string", "format": "uri"}
    return closed("Metadata.", {"resourceType": {"const": resource_type}, "location": location})


def _service_provider_config() -> Json:
    """Return the schema of the document, whose members and values are those that the service gives."""
    members = {name: _shape(value) for name, value in service_provider_config("").items()}
    own = {"schemas": _of_urn(CONFIG_URN), "meta": _meta("ServiceProviderConfig")}
    return closed("What the service can do (RFC 7643 section 5, RFC 9865 section 4).", members | own)


def _shape(value: object) -> Json:
    """Return the schema of a value of the ServiceProviderConfig, which is the same for every caller."""
    if isinstance(value, dict):
        return {
            "type": "object",
            "required": list(value),
            "properties": {name: _shape(member) for name, member in value.items()},
            "additionalProperties": False,
        }
    if isinstance(value, list):
        return {"type": "array", "items": _shape(value[0])}
    return {"const": value}


def _resource_type() -> Json:
    extension = closed("An extension of the type.", {"schema": _TEXT, "required": _FLAG})
    texts = dict.fromkeys(("id", "name", "endpoint", "description", "schema"), _TEXT)
    return closed(
        "A type of resources (RFC 7643 section 6).",
        {
            "schemas": _of_urn(RESOURCE_TYPE_URN),
            **texts,
            "schemaExtensions": {"type": "array", "items": extension},
            "meta": _meta("ResourceType"),
        },
    )


def _schema() -> Json:
    return closed(
        "The attributes of a resource type or an extension (RFC 7643 section 7).",
        {
            "schemas": _of_urn(SCHEMA_URN),
            **dict.fromkeys(("id", "name", "description"), _TEXT),
            "attributes": {"type": "array", "items": ref("Attribute")},
            "meta": _meta("Schema"),
        },
    )


def _attribute() -> Json:
    """Return the schema of an attribute's definition: the members that `definition` gives always, or for some."""
    kinds = {"type": Type, "mutability": Mutability, "returned": Returned, "uniqueness": Uniqueness}
    enums: dict[str, Json] = {name: {"enum": [each.value for each in kind]} for name, kind in kinds.items()}
    always = definition(Attribute("name"))
    shapes = {name: enums.get(name) or (_FLAG if isinstance(value, bool) else _TEXT) for name, value in always.items()}
    texts = {"type": "array", "items": _TEXT}
    some = {
        "canonicalValues": texts,
        "referenceTypes": texts,
        "subAttributes": {"type": "array", "items": ref("Attribute")},
    }
    description = "An attribute with its characteristics (RFC 7643 section 7)."
    return closed(description, shapes | some, optional=tuple(some))

"""Discovery documents (RFC 7644 section 4, RFC 7643 sections 5 to 7), generated from the attribute tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.documents import Json
from domain.errors import NotFound
from domain.limits import CURSOR_LIFETIME, DEFAULT_PAGE_SIZE, MAX_BULK_OPERATIONS, MAX_BULK_PAYLOAD, MAX_PAGE_SIZE
from domain.quoting import quoted
from domain.resources.attributes import EXTERNAL_ID, Attribute, ResourceType, Schema

SCHEMA_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:Schema"
RESOURCE_TYPE_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
CONFIG_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"


def service_provider_config(base_url: str) -> Json:
    """Return the ServiceProviderConfig (RFC 7643 section 5, `pagination` of RFC 9865 section 4)."""
    return {
        "schemas": [CONFIG_URN],
        "patch": {"supported": True},
        "bulk": {
            "supported": True,
            "maxOperations": MAX_BULK_OPERATIONS,
            "maxPayloadSize": MAX_BULK_PAYLOAD,
        },
        "filter": {"supported": True, "maxResults": MAX_PAGE_SIZE},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_PAGE_SIZE,
            "maxPageSize": MAX_PAGE_SIZE,
            "cursorTimeout": CURSOR_LIFETIME,
        },
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Connector Key",
                "description": "The account's Connector Key as a bearer token (RFC 6750).",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base_url}/ServiceProviderConfig"},
    }


def resource_types(types: Sequence[ResourceType], base_url: str) -> list[Json]:
    """Return the ResourceType of each of the types that are served."""
    return [_resource_type(each, base_url) for each in types]


def resource_type(types: Sequence[ResourceType], name: str, base_url: str) -> Json:
    """Return one ResourceType by its name; raises NotFound."""
    for each in types:
        if each.name == name:
            return _resource_type(each, base_url)
    names = ", ".join(each.name for each in types)
    has = f"has one: {names}" if len(types) == 1 else f"has {names}"
    raise NotFound(f"There is no resource type {quoted(name)}. This service {has}.")


def schemas(types: Sequence[ResourceType], base_url: str) -> list[Json]:
    """Return every Schema of the types that are served, an extension of several types once.

    A type's own schema lists externalId at its end, as RFC 7643 section 3.1 allows for common attributes: Entra ID's
    validation looks for every attribute that it maps in the schemas, and it maps this one.
    """
    own = {each.schema.id: _schema(each.schema, base_url, EXTERNAL_ID) for each in types}
    extensions = {each.id: _schema(each, base_url) for one in types for each in one.extensions}
    order = {schema.id: None for each in types for schema in (each.schema, *each.extensions)}
    return [(extensions | own)[urn] for urn in order]


def schema(types: Sequence[ResourceType], urn: str, base_url: str) -> Json:
    """Return one Schema by its URN, in any case; raises NotFound."""
    for candidate in schemas(types, base_url):
        if candidate["id"].lower() == urn.lower():
            return candidate
    raise NotFound(f"There is no schema {quoted(urn)}. {base_url}/Schemas lists the schemas of this service.")


def _resource_type(resource_type: ResourceType, base_url: str) -> Json:
    return {
        "schemas": [RESOURCE_TYPE_URN],
        "id": resource_type.name,
        "name": resource_type.name,
        "endpoint": resource_type.endpoint,
        "description": resource_type.description,
        "schema": resource_type.schema.id,
        "schemaExtensions": [{"schema": extension.id, "required": False} for extension in resource_type.extensions],
        "meta": {"resourceType": "ResourceType", "location": f"{base_url}/ResourceTypes/{resource_type.name}"},
    }


def _schema(schema: Schema, base_url: str, *common: Attribute) -> Json:
    return {
        "schemas": [SCHEMA_URN],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": [definition(attribute) for attribute in (*schema.attributes, *common)],
        "meta": {"resourceType": "Schema", "location": f"{base_url}/Schemas/{schema.id}"},
    }


def definition(attribute: Attribute) -> Json:
    """Return the definition of one attribute (RFC 7643 section 7), with all characteristics."""
    defined: Json = {
        "name": attribute.name,
        "type": attribute.type.value,
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
        "caseExact": attribute.case_exact,
        "mutability": attribute.mutability.value,
        "returned": attribute.returned.value,
        "uniqueness": attribute.uniqueness.value,
    }
    if attribute.canonical_values:
        defined["canonicalValues"] = list(attribute.canonical_values)
    if attribute.reference_types:
        defined["referenceTypes"] = list(attribute.reference_types)
    if attribute.sub_attributes:
        defined["subAttributes"] = [definition(sub) for sub in attribute.sub_attributes]
    return defined

"""The OpenAPI 3.1 description of the API, made from the routes, the attribute tree, the limits and the errors."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from domain.documents import Json
from domain.resources.attributes import ResourceType
from domain.resources.discovery import service_provider_config
from domain.resources.group_schema import GROUP
from domain.resources.user_schema import USER
from handlers import routes
from reference.error_examples import error_examples
from reference.errors import example_name, shared_answers
from reference.examples import Examples, examples_of
from reference.messages import message_schemas
from reference.operations import described, tag_of
from reference.parameters import parameters_of
from reference.resource_schemas import answer_schema, body_schema

TYPES: Final = (USER, GROUP)
"""The resource types of a deployment that declares no extension."""
ANY_SERVER: Final = f"https://scim.example.com{routes.BASE_PATH}"
"""Stands for the Base URL of a deployment."""
SECURITY: Final = "connectorKey"

_DESCRIPTION: Final = """\
SCIM 2.0 (RFC 7643 and 7644) for the users and groups of one account. The account follows from the Connector Key.

- Bodies are read as JSON in UTF-8, whatever their `Content-Type`. Answers are `application/scim+json`, or \
`application/json` for a client that prefers it in `Accept`.
- The schemas of request bodies are what an account in mode `strict` accepts. An account in mode `tolerant`, the \
default, also accepts known deviations of identity providers.
- Names of attributes, in bodies too, may be written in any case. `null` and empty arrays stand for no value.
- An account without groups answers 404 to all requests at `/Groups`.
- Other methods at these paths are answered 405, `/Me` 501, and all other paths 404, each with an Error.\
"""


def document(types: Sequence[ResourceType] = TYPES, server_url: str = ANY_SERVER) -> Json:
    """Return the OpenAPI document of a deployment, a new object for each call.

    `types` are the resource types that it serves, users with the extensions that it declares
    (`domain.resources.user_schema.user_type`); `server_url` is its Base URL.

    >>> document()["paths"]["/Users/{id}"]["get"]["operationId"]
    'getUser'
    """
    examples = examples_of(types, server_url)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rollcall",
            "version": version("rollcall"),
            "description": _DESCRIPTION,
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": server_url, "description": "The Base URL of a deployment."}],
        "security": [{SECURITY: []}],
        "tags": [{"name": name} for name in dict.fromkeys(map(tag_of, routes.ROUTES))],
        "paths": _paths(types, examples),
        "components": {
            "schemas": {**_resource_schemas(types), **message_schemas(types)},
            "parameters": parameters_of(types),
            "responses": shared_answers(),
            "examples": {**examples.components(), **_error_examples()},
            "securitySchemes": {SECURITY: _security_scheme(server_url)},
        },
    }


def _paths(types: Sequence[ResourceType], examples: Examples) -> Json:
    paths: Json = {}
    for route in routes.ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = described(route, types, examples)
    return paths


def _resource_schemas(types: Sequence[ResourceType]) -> Json:
    schemas: Json = {}
    for each in types:
        schemas[each.name] = answer_schema(each)
        schemas[f"{each.name}ToWrite"] = body_schema(each)
    return schemas


def _error_examples() -> Json:
    return {example_name(error): {"value": body} for error, body in error_examples().items()}


def _security_scheme(server_url: str) -> Json:
    """Return the Connector Key as the ServiceProviderConfig describes it."""
    [scheme] = service_provider_config(server_url)["authenticationSchemes"]
    return {"type": "http", "scheme": "bearer", "description": scheme["description"]}

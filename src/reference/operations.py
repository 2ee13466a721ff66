"""What each route takes and answers: the same for every resource type, apart from discovery, Bulk and the root search.

A route has one line in `handlers.routes`; from its method and path follows which of the operations here it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from importlib import import_module
from typing import Final

from domain.accounts.deprovisioning import DeprovisioningPaused
from domain.documents import Json
from domain.errors import (
    ExpiredCursor,
    InvalidCount,
    InvalidCursor,
    InvalidFilter,
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    MutabilityViolation,
    NoTarget,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
    TooMany,
    UniquenessConflict,
)
from domain.resources.attributes import ResourceType
from domain.resources.user_schema import USER
from handlers.routes import Route, segments
from reference.content import content_of
from reference.error_examples import ErrorType
from reference.errors import error_answers, first_sentences
from reference.examples import Examples
from reference.messages import ref
from reference.parameters import PROJECTION, SEARCHED, header

_RESOURCE: Final = ("ETag", "Location")
_BODY: Final[tuple[ErrorType, ...]] = (InvalidSyntax, InvalidValue, PayloadTooLarge)
_QUERY: Final[tuple[ErrorType, ...]] = (
    InvalidValue,
    InvalidFilter,
    TooMany,
    InvalidCursor,
    ExpiredCursor,
    InvalidCount,
    NotFound,
)
_CHANGE: Final[tuple[ErrorType, ...]] = (*_BODY, TooMany, NotFound, UniquenessConflict, DeprovisioningPaused)


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: the name of its body's schema ("" for none), and its headers."""

    schema: str = ""
    headers: tuple[str, ...] = ()
    optional_headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method of an endpoint does; `{Type}` and `{type}` stand for the resource type."""

    id: str
    summary: str
    answers: dict[HTTPStatus, Answer]
    parameters: tuple[str, ...] = ()
    body: str = ""
    """The name of the schema of the request's body, "" for none."""
    errors: tuple[ErrorType, ...] = field(default=())


_OK, _CREATED, _NO_CONTENT = HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT
_ONE: Final = {_OK: Answer("{Type}", _RESOURCE)}

_OF_RESOURCES: Final[dict[tuple[str, str], Operation]] = {
    ("POST", ""): Operation(
        "create{Type}",
        "Create a {type}",
        {_CREATED: Answer("{Type}", _RESOURCE)},
        PROJECTION,
        "{Type}ToWrite",
        _CHANGE,
    ),
    ("GET", ""): Operation(
        "list{Type}s", "List {type}s, or find some", {_OK: Answer("ListOf{Type}s")}, SEARCHED, errors=_QUERY
    ),
    ("POST", "/.search"): Operation(
        "search{Type}s",
        "List {type}s, or find some, with the query in the body",
        {_OK: Answer("ListOf{Type}s")},
        body="SearchRequest",
        errors=(*_QUERY, *_BODY),
    ),
    ("GET", "/{id}"): Operation(
        "get{Type}",
        "Get a {type}",
        _ONE | {HTTPStatus.NOT_MODIFIED: Answer(headers=("ETag",))},
        ("{type}Id", *PROJECTION, "If-None-Match"),
        errors=(InvalidValue, TooMany, NotFound),
    ),
    ("PUT", "/{id}"): Operation(
        "replace{Type}",
        "Replace a {type}",
        _ONE,
        ("{type}Id", *PROJECTION, "If-Match"),
        "{Type}ToWrite",
        (*_CHANGE, PreconditionFailed),
    ),
    ("PATCH", "/{id}"): Operation(
        "patch{Type}",
        "Change a {type} by operations",
        _ONE,
        ("{type}Id", *PROJECTION, "If-Match"),
        "PatchOp",
        (*_CHANGE, InvalidPath, InvalidFilter, NoTarget, MutabilityViolation, PreconditionFailed),
    ),
    ("DELETE", "/{id}"): Operation(
        "delete{Type}",
        "Delete a {type}",
        {_NO_CONTENT: Answer()},
        ("{type}Id", "If-Match"),
        errors=(NotFound, PreconditionFailed, DeprovisioningPaused),
    ),
}
"""By method and what the path has after the type's endpoint."""

_OF_ROUTES: Final[dict[tuple[str, str], Operation]] = {
    ("PATCH", "/Groups/{id}"): replace(
        _OF_RESOURCES["PATCH", "/{id}"], answers={_NO_CONTENT: Answer(optional_headers=("ETag",)), **_ONE}
    ),
    ("POST", "/.search"): Operation(
        "search",
        "List users and groups, or find some",
        {_OK: Answer("ListOfResources")},
        body="SearchRequest",
        errors=(*_QUERY, *_BODY),
    ),
    ("POST", "/Bulk"): Operation(
        "bulk", "Do several operations in one request", {_OK: Answer("BulkResponse")}, body="BulkRequest", errors=_BODY
    ),
    ("GET", "/ServiceProviderConfig"): Operation(
        "getServiceProviderConfig", "Get what the service can do", {_OK: Answer("ServiceProviderConfig")}
    ),
    ("GET", "/ResourceTypes"): Operation(
        "listResourceTypes", "List the types of resources", {_OK: Answer("ListOfResourceTypes")}
    ),
    ("GET", "/ResourceTypes/{id}"): Operation(
        "getResourceType",
        "Get a type of resources by its name",
        {_OK: Answer("ResourceType")},
        ("resourceTypeName",),
        errors=(NotFound,),
    ),
    ("GET", "/Schemas"): Operation("listSchemas", "List the schemas", {_OK: Answer("ListOfSchemas")}),
    ("GET", "/Schemas/{id}"): Operation(
        "getSchema", "Get a schema by its URN", {_OK: Answer("Schema")}, ("schemaUrn",), errors=(NotFound,)
    ),
}
"""By method and path: what has no resource type, or differs from the others."""


class Undescribed(LookupError):
    """A route is of no operation that is described here."""


def operation_of(route: Route, types: Sequence[ResourceType]) -> tuple[Operation, ResourceType]:
    """Return what a route does, and with resources of which type; raises `Undescribed`.

    The type of what has none is that of users, as in its handler.
    """
    found = _OF_ROUTES.get((route.method, route.path))
    endpoint = "/" + segments(route.path)[0]
    resource_type = next((each for each in types if each.endpoint == endpoint), None)
    if found is None and resource_type is not None:
        found = _OF_RESOURCES.get((route.method, route.path.removeprefix(endpoint)))
    if found is None:
        raise Undescribed(f"{route.method} {route.path} is a route without a description: add it to {__name__}")
    return found, resource_type or next(each for each in types if each.name == USER.name)


def described(route: Route, types: Sequence[ResourceType], examples: Examples) -> Json:
    """Return the Operation Object of a route; raises `Undescribed`."""
    operation, resource_type = operation_of(route, types)

    def named(text: str) -> str:
        return text.replace("{Type}", resource_type.name).replace("{type}", resource_type.noun)

    operation_id = named(operation.id)
    described: Json = {
        "operationId": operation_id,
        "tags": [tag_of(route)],
        "summary": named(operation.summary),
        "description": first_sentences(import_module(f"handlers.{route.module}").handler.serve.__doc__),
    }
    if operation.parameters:
        described["parameters"] = [{"$ref": f"#/components/parameters/{named(name)}"} for name in operation.parameters]
    if operation.body:
        described["requestBody"] = {
            "required": True,
            "content": content_of(ref(named(operation.body)), examples.of_body(operation_id)),
        }
    answers: Json = {
        str(status.value): _answer(status, answer, named(answer.schema), examples.of_answer(operation_id))
        for status, answer in operation.answers.items()
    }
    return described | {"responses": answers | error_answers(operation.errors)}


def tag_of(route: Route) -> str:
    """Return the group of operations that a route belongs to.

    >>> from handlers.routes import ROUTES
    >>> sorted({tag_of(route) for route in ROUTES})
    ['Bulk', 'Discovery', 'Groups', 'Search', 'Users']
    """
    first = segments(route.path)[0]
    return {".search": "Search"}.get(first, "Discovery" if route.module == "discovery" else first)


def _answer(status: HTTPStatus, answer: Answer, schema: str, examples: Json) -> Json:
    described: Json = {"description": f"{status.phrase}."}
    headers = {name: header(name) for name in answer.headers} | {
        name: header(name, required=False) for name in answer.optional_headers
    }
    if headers:
        described["headers"] = headers
    return described | ({"content": content_of(ref(schema), examples)} if schema else {})

"""Checks requests and answers over HTTP against the OpenAPI document with the extensions that this process declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import unquote

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from adapters.environment import declared_user_type
from domain.resources.attributes import Attribute, ResourceType
from domain.resources.group_schema import GROUP
from handlers import routes
from reference.openapi import document

Json = dict[str, Any]

ANY_ERROR: Final = "/components/schemas/Error"
_URI: Final = "urn:rollcall:api"


@dataclass(frozen=True)
class DescribedApi:
    """The API as its document describes it; `types` are the resource types that it was made from."""

    types: tuple[ResourceType, ...]
    document: Json
    registry: Registry[Any]
    validators: dict[str, Draft202012Validator]
    """By JSON pointer; filled as they are needed."""

    @classmethod
    def of(cls, types: tuple[ResourceType, ...]) -> DescribedApi:
        """Return the API of a deployment with these resource types."""
        made = document(types)
        resource = Resource.from_contents(made, default_specification=DRAFT202012)
        return cls(types, made, Registry().with_resource(_URI, resource), {})

    def require_answer(
        self, method: str, path: str, status: int, headers: Mapping[str, str], body: Json | None
    ) -> None:
        """Fail unless an answer is one that the document lists for the operation; header names are in lower case."""
        match = routes.match(method, unquote(path))
        if match is None:
            assert body is None or status >= 400, f"{method} {path} answers {status}, and is not described"
            if body is not None:
                self.require(body, ANY_ERROR, f"{method} {path}: {status}")
            return
        pointer = f"/paths/{_step(match.route.path)}/{method.lower()}"
        operation = self.at(pointer)
        where = f"{operation['operationId']}: {status}"
        assert str(status) in operation["responses"], f"{where} is not described"
        pointer = self.resolved(f"{pointer}/responses/{status}")
        answer = self.at(pointer)
        missing = {
            name for name, each in answer.get("headers", {}).items() if each["required"] and name.lower() not in headers
        }
        assert not missing, f"{where} lacks the headers {missing}"
        assert (body is not None) == ("content" in answer), f"{where}: body {body is not None}"
        if body is not None:
            media_type = headers["content-type"].partition(";")[0]
            assert media_type in answer["content"], f"{where}: {media_type}"
            self.require(body, f"{pointer}/content/{_step(media_type)}/schema", where)

    def require_body(self, method: str, path: str, body: Any) -> None:
        """Fail unless the body is one that the document describes for the operation.

        Names and URNs may be in any case, and what is unassigned may be left out (RFC 7643 sections 2.1 and 2.5).
        """
        match = routes.match(method, unquote(path))
        assert match is not None
        pointer = f"/paths/{_step(match.route.path)}/{method.lower()}"
        operation = self.at(pointer)
        schema = f"{pointer}/requestBody/content/application~1scim+json/schema"
        for each in self.types:
            if self.at(schema) == {"$ref": f"#/components/schemas/{each.name}ToWrite"}:
                body = in_schema_case(body, each.root) | {
                    "schemas": [each.urns[urn.lower()] for urn in body["schemas"]]
                }
        self.require(body, schema, f"the request of {operation['operationId']}")

    def require(self, value: Any, pointer: str, where: str) -> None:
        """Fail unless a value is valid by the schema at a place of the document."""
        if pointer not in self.validators:
            self.validators[pointer] = Draft202012Validator({"$ref": f"{_URI}#{pointer}"}, registry=self.registry)
        error = next(self.validators[pointer].iter_errors(value), None)
        assert error is None, f"{where} is not as described, at {error.json_path}: {error.message[:500]}"

    def at(self, pointer: str) -> Any:
        """Return what is at a place of the document."""
        value: Any = self.document
        for step in pointer.split("/")[1:]:
            value = value[step.replace("~1", "/").replace("~0", "~")]
        return value

    def resolved(self, pointer: str) -> str:
        """Return the place that a reference at a place leads to, or the place itself."""
        reference: str | None = self.at(pointer).get("$ref")
        return pointer if reference is None else reference.removeprefix("#")


@cache
def _described(user_type: ResourceType) -> DescribedApi:
    return DescribedApi.of((user_type, GROUP))


def described_api() -> DescribedApi:
    """Return the API with the extensions that this process's environment declares."""
    return _described(declared_user_type())


def in_schema_case(value: Any, attribute: Attribute) -> Any:
    """Return a value with names as the schema spells them, without members that are unassigned."""
    if isinstance(value, list):
        return [in_schema_case(each, attribute) for each in value]
    if not isinstance(value, dict):
        return value
    named: Json = {}
    for name, member in value.items():
        sub = attribute.sub_attribute(name)
        if member in (None, [], {}):
            continue
        named[name if sub is None else sub.name] = member if sub is None else in_schema_case(member, sub)
    return named


def _step(text: str) -> str:
    """Return a step of a JSON pointer (RFC 6901)."""
    return text.replace("~", "~0").replace("/", "~1")

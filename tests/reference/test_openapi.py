"""The OpenAPI document: valid, complete, generated from its sources, and committed as it is generated."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from domain.accounts.rate import RateLimited
from domain.errors import Forbidden, ServiceUnavailable, TooManyRequests
from domain.limits import DEFAULT_PAGE_SIZE, MAX_EMAILS
from domain.parameters import PARAMETERS as KNOWN_PARAMETERS
from domain.resources.attributes import Attribute, Mutability, ResourceType, Returned, Schema, Type
from domain.resources.group_schema import GROUP
from domain.resources.user_schema import CORE_USER, ENTERPRISE_URN, USER, user_type
from handlers import routes
from handlers.routes import ROUTES, Route
from reference.__main__ import FILES
from reference.error_examples import error_examples
from reference.errors import EVERYWHERE, GATEWAY
from reference.openapi import document
from reference.operations import Undescribed, operation_of
from reference.parameters import SEARCHED
from reference.paths import FOLDER
from support.declared import ACME_SCHEMA, BILLING_SCHEMA
from support.described_api import DescribedApi, in_schema_case
from support.repository import ROOT

TYPES = (USER, GROUP)
DECLARING = (user_type((ACME_SCHEMA, BILLING_SCHEMA)), GROUP)
API = DescribedApi.of(TYPES)
OPERATIONS = {
    each["operationId"]: (f"/paths/{path.replace('/', '~1')}/{method}", each)
    for path, item in API.document["paths"].items()
    for method, each in item.items()
}


def everything_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from everything_in(inner)


def schema_of(name: str, *path: str, types: tuple[ResourceType, ...] = TYPES) -> Any:
    """The schema of an attribute in the component of that name."""
    schema = document(types)["components"]["schemas"][name]
    for step in path:
        schema = schema.get("items", schema)["properties"][step]
    return schema


def test_what_is_committed_is_what_is_generated() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}

    assert committed == {name: text() for name, text in FILES.items() if name.endswith(".json")}, "run make reference"


@pytest.mark.parametrize("types", [TYPES, DECLARING], ids=["plain", "with-extensions"])
def test_it_is_valid_openapi_3_1(types: tuple[ResourceType, ...]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(document(types)).iter_errors()] == []


def test_every_reference_leads_somewhere_and_every_component_is_used() -> None:
    references = {each["$ref"] for each in everything_in(API.document) if isinstance(each.get("$ref"), str)}
    used = {each for each in references if not each.startswith("https:")}  # those of members in the examples
    components = {
        f"#/components/{kind}/{name}"
        for kind, named in API.document["components"].items()
        for name in named
        if kind != "securitySchemes"
    }

    assert all(API.at(reference.removeprefix("#")) for reference in used)
    assert used == components


def test_every_route_is_described_with_a_name_of_its_own() -> None:
    described = {(method.upper(), path) for path, item in API.document["paths"].items() for method in item}

    assert described == {(route.method, route.path) for route in ROUTES}
    assert len(OPERATIONS) == len(ROUTES)
    assert {each for each, (_, operation) in OPERATIONS.items() if not operation["description"]} == set()


def test_a_new_route_of_a_resource_is_described_and_any_other_asks_for_a_description(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unknown = Route("GET", "/Users/{id}/photo", "get_user", "get_user")
    with pytest.raises(Undescribed, match=r"GET /Users/\{id\}/photo"):
        operation_of(unknown, TYPES)

    monkeypatch.setattr(routes, "ROUTES", tuple(route for route in ROUTES if route.path != "/Groups"))

    assert "/Groups" not in document()["paths"]


def test_a_new_attribute_is_described_with_its_characteristics() -> None:
    badge = Attribute("badge", "The number of the badge.", Type.INTEGER, multi_valued=True, max_values=7)
    secret = Attribute("pin", "Never shown.", returned=Returned.NEVER)
    seen = Attribute("lastSeen", "When the user was seen.", Type.DATE_TIME, mutability=Mutability.READ_ONLY)
    schema = replace(CORE_USER, attributes=(*CORE_USER.attributes, badge, secret, seen))
    types = (replace(USER, schema=schema), GROUP)

    written, answered = schema_of("UserToWrite", "badge", types=types), schema_of("User", "badge", types=types)
    assert (written["type"], answered["type"], answered["maxItems"]) == (["array", "null"], "array", 7)
    assert answered["description"] == "The number of the badge."
    assert answered["items"]["type"] == "integer"
    assert answered["x-scim"]["multiValued"] is True
    assert schema_of("UserToWrite", "pin", types=types)["writeOnly"] is True
    assert "pin" not in document(types)["components"]["schemas"]["User"]["properties"]
    assert schema_of("User", "lastSeen", types=types)["readOnly"] is True
    assert schema_of("User", "lastSeen", types=types)["format"] == "date-time"


@pytest.mark.parametrize(("name", "resource_type"), [("User", USER), ("Group", GROUP)])
def test_every_attribute_of_the_tree_has_its_description_and_characteristics(
    name: str, resource_type: ResourceType
) -> None:
    def compare(attribute: Attribute, *path: str) -> int:
        for component in (name, f"{name}ToWrite"):
            if component == name and attribute.returned is Returned.NEVER:
                continue
            schema = schema_of(component, *path, attribute.name)
            marks = schema.get("x-scim", {})
            assert schema["description"] == attribute.description
            assert marks.get("mutability", attribute.mutability) == attribute.mutability
            assert tuple(marks.get("canonicalValues", attribute.canonical_values)) == attribute.canonical_values
            assert schema.get("readOnly", False) is (attribute.mutability is Mutability.READ_ONLY)
        if attribute.mutability is Mutability.READ_ONLY:
            return 1
        return 1 + sum(compare(sub, *path, attribute.name) for sub in attribute.sub_attributes)

    count = sum(map(compare, resource_type.root.sub_attributes))

    assert count > {"User": 70, "Group": 8}[name]


def test_a_declared_extension_is_in_the_schemas_of_users_alone() -> None:
    for component in ("User", "UserToWrite"):
        extension = schema_of(component, BILLING_SCHEMA.id, types=DECLARING)
        assert set(extension["properties"]) == {each.name for each in BILLING_SCHEMA.attributes}
        assert ENTERPRISE_URN in schema_of(component, "schemas", types=DECLARING)["items"]["enum"]
        assert ACME_SCHEMA.id in schema_of(component, "schemas", types=DECLARING)["items"]["enum"]
    assert BILLING_SCHEMA.id not in json.dumps(schema_of("Group", types=DECLARING))
    assert ACME_SCHEMA.id not in json.dumps(document())


def test_the_address_of_the_deployment_is_everywhere() -> None:
    made = json.dumps(document(server_url="http://127.0.0.1:8080/scim/v2"))

    assert "scim.example.com" not in made
    assert '"location": "http://127.0.0.1:8080/scim/v2/Users/' in made


def test_no_text_of_the_tree_is_typed_a_second_time() -> None:
    def texts(attribute: Attribute) -> Iterator[str]:
        yield attribute.description
        for sub in attribute.sub_attributes:
            yield from texts(sub)

    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src" / "reference").rglob("*.py"))
    known = {text for each in TYPES for text in texts(each.root) if len(text) > 12}

    assert known
    assert {text for text in known if text in source} == set()


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_every_operation_has_examples_that_its_schemas_allow(operation_id: str) -> None:
    pointer, operation = OPERATIONS[operation_id]
    contents = [f"{API.resolved(f'{pointer}/responses/{status}')}/content" for status in operation["responses"]] + [
        f"{pointer}/requestBody/content"
    ]
    found = 0
    for content in contents:
        try:
            media_types = API.at(content)
        except KeyError:  # of an operation or an answer without a body
            continue
        for media_type, media in media_types.items():
            for name in media.get("examples", {}):
                example = API.at(API.resolved(f"{content}/{media_type.replace('/', '~1')}/examples/{name}"))["value"]
                API.require(example, f"{content}/{media_type.replace('/', '~1')}/schema", f"{operation_id} {name}")
                found += "responses/4" not in content and "components" not in content

    has_body = any(status.startswith("20") and status != "204" for status in operation["responses"])
    assert found >= 2 * has_body + 2 * ("requestBody" in operation)


def test_every_kind_of_error_has_an_example_unless_aws_or_the_operator_causes_it() -> None:
    named = {error for route in ROUTES for error in operation_of(route, TYPES)[0].errors} | set(EVERYWHERE)

    assert named - set(error_examples()) == {Forbidden, TooManyRequests}
    assert {RateLimited, ServiceUnavailable} <= set(error_examples())


def test_what_the_gateway_answers_by_itself_is_described_for_every_operation() -> None:
    template = re.sub(r"!\w+", "", (ROOT / "template.yaml").read_text(encoding="utf-8"))
    responses = yaml.safe_load(template)["Resources"]["Api"]["Properties"]["GatewayResponses"]
    statuses = {int(each["StatusCode"]) for each in responses.values()}

    assert {status.value for status in GATEWAY} == statuses
    for _, operation in OPERATIONS.values():
        assert {str(status) for status in statuses} <= set(operation["responses"])


def test_the_parameters_of_a_query_are_those_that_the_service_reads() -> None:
    assert {*SEARCHED, "schemas"} == set(KNOWN_PARAMETERS)
    assert API.document["components"]["parameters"]["count"]["schema"]["default"] == DEFAULT_PAGE_SIZE


@pytest.mark.parametrize(
    ("operation_id", "names"),
    [
        ("listUsers", {*SEARCHED}),
        ("searchUsers", set()),
        ("getGroup", {"groupId", "attributes", "excludedAttributes", "If-None-Match"}),
        ("replaceUser", {"userId", "attributes", "excludedAttributes", "If-Match"}),
        ("deleteUser", {"userId", "If-Match"}),
        ("createUser", {"attributes", "excludedAttributes"}),
        ("bulk", set()),
        ("getSchema", {"schemaUrn"}),
    ],
)
def test_a_parameter_is_described_where_it_is_honoured(operation_id: str, names: set[str]) -> None:
    _, operation = OPERATIONS[operation_id]

    assert {each["$ref"].rpartition("/")[2] for each in operation.get("parameters", [])} == names


def _answer(api: DescribedApi, status: int, body: dict[str, Any] | None, **headers: str) -> None:
    sent = {"content-type": "application/scim+json; charset=utf-8"} | headers
    api.require_answer("GET", "/Users/1", status, sent, body)


def test_the_check_of_the_tests_client_finds_what_is_not_described() -> None:
    """Status, header, scimType, member and type: each alone."""
    user = API.document["components"]["examples"]["getUser.answer.user"]["value"]
    error = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "400", "detail": "No."}
    headers = {"etag": 'W/"1"', "location": "https://scim.example.com/scim/v2/Users/1"}

    _answer(API, 200, user, **headers)
    _answer(API, 400, error | {"scimType": "invalidValue"})
    for status, body, sent in [
        (201, user, headers),
        (200, user, {"etag": 'W/"1"'}),
        (200, None, headers),
        (200, user | {"shoeSize": 44}, headers),
        (200, user | {"active": "yes"}, headers),
        (200, user | {"password": "secret"}, headers),
        (200, {name: value for name, value in user.items() if name != "id"}, headers),
        (400, error | {"scimType": "mutability"}, {}),
        (404, error, {}),
        (412, error | {"status": "412"}, {}),
    ]:
        with pytest.raises(AssertionError):
            _answer(API, status, body, **sent)
    with pytest.raises(AssertionError):
        API.require_body("POST", "/Users", {"schemas": [USER.schema.id]})


def test_a_bound_is_that_of_the_service() -> None:
    assert schema_of("UserToWrite", "userName")["maxLength"] == 1_024
    assert schema_of("GroupToWrite", "members")["maxItems"] == 10_000
    assert "maxItems" not in schema_of("Group", "members")
    assert schema_of("UserToWrite", "emails")["maxItems"] > MAX_EMAILS


def test_names_are_read_in_any_case_and_what_is_unassigned_is_left_out() -> None:
    assert in_schema_case({"USERNAME": "ada", "name": {"GIVENNAME": "Ada"}, "title": None, "x": 1}, USER.root) == {
        "userName": "ada",
        "name": {"givenName": "Ada"},
        "x": 1,
    }


def test_a_schema_without_attributes_is_described() -> None:
    empty = Schema("urn:example:params:scim:Empty", "Empty", "Nothing.", (), is_declared=True)

    assert schema_of("User", empty.id, types=(user_type((empty,)), GROUP))["properties"] == {}

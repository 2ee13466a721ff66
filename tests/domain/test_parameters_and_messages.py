"""Queries, messages and media types as clients send and ask for them, and what a strict account makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from domain.resources.attributes import Attribute
from domain.resources.user_schema import USER
from handlers.accept import prefers_json
from support.in_process import Client, in_process
from support.made_users import Json, created
from support.people import CORE, ENTERPRISE, PATCH_OP, user

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


@pytest.fixture(scope="module")
def clients() -> Iterator[tuple[Client, Client]]:
    with in_process() as service:
        tolerant, strict = service.account("acme"), service.account("strict", mode="strict")
        for client in (tolerant, strict):
            for name in "abc":
                extension = {ENTERPRISE: {"department": "D", "manager": {"value": "m"}}}
                made = client.call("POST", "/Users", user(name, title=name.upper(), **extension))
                assert made.status == 201
        yield tolerant, strict


@pytest.fixture
def client(clients: tuple[Client, Client]) -> Client:
    return clients[0]


@pytest.fixture
def strict(clients: tuple[Client, Client]) -> Client:
    return clients[1]


def names(answer: Any) -> list[str]:
    assert answer.status == 200, answer.text
    return [each["userName"] for each in answer.body["Resources"]]


def members(client: Client, query: str) -> set[str]:
    found = client.call("GET", "/Users", query="filter=" + quote('userName eq "a@example.com"') + "&" + query)
    assert found.status == 200, found.text
    (one,) = found.body["Resources"]
    single = client.call("GET", f"/Users/{one['id']}", query=query)
    assert single.body == one
    return set(one) - {"id", "schemas"}


# Names of parameters


@pytest.mark.parametrize(
    "query",
    [
        "startindex=2&COUNT=1&sortBy=userName",
        "STARTINDEX=2&count=1&SORTBY=userName",
        "startIndex=2&Count=1&sortby=userName",
        "Filter=" + quote('userName eq "b@example.com"'),
        "FILTER=" + quote('title eq "B"'),
        "sortorder=descending&sortBy=userName&count=1&startIndex=2",
    ],
)
def test_names_of_parameters_ignore_case(client: Client, query: str) -> None:
    assert names(client.call("GET", "/Users", query=query)) == ["b@example.com"]


def test_a_parameter_in_the_right_case_wins(client: Client) -> None:
    assert len(names(client.call("GET", "/Users", query="COUNT=1&count=2"))) == 2
    assert len(names(client.call("GET", "/Users", query="count=2&COUNT=1"))) == 2


def test_attribute_names_of_cursors_and_projections_ignore_case(client: Client) -> None:
    page = client.call("GET", "/Users", query="CURSOR=&Count=2").body
    rest = client.call("GET", "/Users", query=f"Cursor={page['nextCursor']}&COUNT=2")
    assert len(page["Resources"]) == 2
    assert len(names(rest)) == 1
    assert members(client, "Attributes=title") == {"title"}
    assert "title" not in members(client, "EXCLUDEDATTRIBUTES=title")


@pytest.mark.parametrize(
    "body",
    [
        {"Filter": 'userName eq "b@example.com"'},
        {"FILTER": 'userName eq "b@example.com"', "COUNT": 5},
        {"sortby": "userName", "StartIndex": 2, "Count": 1},
    ],
    ids=str,
)
def test_attribute_names_of_a_search_ignore_case(client: Client, strict: Client, body: Json) -> None:
    message = {"schemas": [SEARCH]} | body
    for path in ("/Users/.search", "/.search"):
        assert names(client.call("POST", path, message)) == ["b@example.com"]
    assert len(names(strict.call("POST", "/.search", message))) == 3


def test_a_strict_account_knows_the_rfcs_names_alone(strict: Client) -> None:
    assert len(names(strict.call("GET", "/Users", query="COUNT=1&startindex=3"))) == 3
    assert members(strict, "attributes=title&attributes=active") == {"title"}
    assert members(strict, "attributes=" + quote('emails[type eq "work"],manager')) == set()


# Names of attributes


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("attributes=title&attributes=active", {"title", "active"}),
        ("attributes=title,nickName&attributes=active&attributes=userName", {"title", "active", "userName"}),
        ("attributes=" + quote('emails[type eq "work"]'), {"emails"}),
        ("attributes=" + quote('emails[type eq "work"].value, title'), {"emails", "title"}),
        ("attributes=" + quote("phoneNumbers[type eq 'a,b'],title"), {"title"}),
        ("attributes=" + quote("title,emails[type eq"), {"title", "emails"}),
        ("attributes=manager,title", {ENTERPRISE, "title"}),
        (f"attributes={ENTERPRISE}.manager", {ENTERPRISE}),
        (f"attributes={CORE}.title", {"title"}),
        ("attributes=nosuch", set()),
    ],
)
def test_a_list_of_attributes_is_read_as_it_is_meant(client: Client, query: str, expected: set[str]) -> None:
    assert members(client, query) == expected


def test_excluded_attributes_are_united_and_read_alike(client: Client) -> None:
    everything = members(client, "")
    query = "excludedAttributes=title&excludedAttributes=" + quote('emails[type eq "work"]') + ",manager"

    assert members(client, query) == everything - {"title", "emails"}


def test_a_search_reads_its_lists_alike(client: Client) -> None:
    body = {"schemas": [SEARCH], "count": 1, "attributes": ['emails[type eq "work"]', "department"]}

    (found,) = client.call("POST", "/Users/.search", body).body["Resources"]

    assert set(found) - {"id", "schemas"} == {"emails", ENTERPRISE}


@pytest.mark.parametrize("filter_", ["filter=", "Filter=", "filter=%20"])
def test_an_empty_filter_is_refused(client: Client, filter_: str) -> None:
    answer = client.call("GET", "/Users", query=filter_)

    assert (answer.status, answer.body["scimType"]) == (400, "invalidFilter")


# Messages


WRONG_SCHEMAS: list[Json] = [
    {},
    {"schemas": None},
    {"schemas": []},
    {"schemas": [CORE]},
    {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:PatchOp"]},
    {"schemas": PATCH_OP},
    {"schemas": [5]},
    {"Schemas": [CORE]},
]


@pytest.mark.parametrize("schemas", WRONG_SCHEMAS, ids=str)
def test_a_message_without_its_urn_is_read_by_its_endpoint(client: Client, strict: Client, schemas: Json) -> None:
    made = created(client)
    patch = schemas | {"Operations": [{"op": "add", "path": "title", "value": "Lead"}]}
    search = schemas | {"filter": f'id eq "{made["id"]}"'}
    bulk = schemas | {"Operations": [{"method": "PATCH", "path": f"/Users/{made['id']}", "data": patch}]}

    assert client.call("PATCH", f"/Users/{made['id']}", patch).body["title"] == "Lead"
    assert names(client.call("POST", "/Users/.search", search)) == [made["userName"]]
    assert client.call("POST", "/Bulk", bulk).body["Operations"][0]["status"] == "200"
    other = created(strict)
    for method, path, body in (
        ("PATCH", f"/Users/{other['id']}", patch),
        ("POST", "/Users/.search", search),
        ("POST", "/Bulk", bulk),
    ):
        assert strict.call(method, path, body).body["scimType"] == "invalidSyntax"


def test_a_user_as_the_body_of_a_patch_is_refused(client: Client) -> None:
    made = created(client)

    assert client.call("PATCH", f"/Users/{made['id']}", made).body["scimType"] == "invalidSyntax"


def test_a_patch_without_operations_changes_nothing(client: Client, strict: Client) -> None:
    body = {"schemas": [PATCH_OP], "Operations": []}
    made, other = created(client), created(strict)

    for variant in (body, body | {"schemas": []}, {"schemas": [PATCH_OP], "operations": []}):
        answer = client.call("PATCH", f"/Users/{made['id']}", variant)
        assert (answer.status, answer.body) == (200, made)
    assert strict.call("PATCH", f"/Users/{other['id']}", body).body["scimType"] == "invalidSyntax"
    assert client.call("PATCH", "/Users/nobody", body).status == 404
    for wrong in (None, "", {"Operations": 1}):
        assert client.call("PATCH", f"/Users/{made['id']}", body | {"Operations": wrong}).status == 400


# Media types


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("", False),
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/scim+json", False),
        ("application/scim+json, application/json", False),
        ("application/json, application/scim+json;q=0.5", True),
        ("application/json;q=0.5, application/scim+json", False),
        ("application/json, */*", False),
        ("application/json, text/plain, */*", False),
        ("application/json, */*;q=0.1", True),
        ("application/json, application/*;q=0.2", True),
        ("application/*", False),
        ("*/*", False),
        ("text/html", False),
        ("application/json;q=0", False),
        ("application/json;q=nan", False),
        ("application/json;q=x", False),
        ("application/scim+json;q=0, */*", True),
        (",;,=", False),
    ],
)
def test_json_is_answered_to_a_client_that_prefers_it(client: Client, accept: str, is_json: bool) -> None:
    expected = "application/json" if is_json else "application/scim+json; charset=utf-8"
    headers = {"Accept": accept} if accept else {}

    assert prefers_json(accept) is is_json
    for method, path, body in (
        ("GET", "/Users", None),
        ("GET", "/Users/nobody", None),
        ("GET", "/Schemas", None),
        ("GET", "/Groups", None),
        ("POST", "/Users", b"{"),
        ("PATCH", "/Users/nobody", {"Operations": []}),
    ):
        answer = client.call(method, path, body, headers=headers)
        assert answer.headers["Content-Type"] == expected


def test_a_refused_key_is_answered_in_the_type_asked_for(client: Client) -> None:
    answer = replace(client, key="rck_acme_wrong").call("GET", "/Users", headers={"Accept": "application/json"})

    assert (answer.status, answer.headers["Content-Type"]) == (401, "application/json")


# What /Schemas says


def test_every_attribute_has_every_characteristic(client: Client) -> None:
    def check(definition: Json, attribute: Attribute) -> None:
        assert definition["caseExact"] is attribute.case_exact
        assert definition["uniqueness"] == attribute.uniqueness
        assert {"name", "type", "multiValued", "description", "required", "mutability", "returned"} <= definition.keys()
        for sub in definition.get("subAttributes", ()):
            known = attribute.sub_attribute(sub["name"])
            assert known is not None
            check(sub, known)

    schemas = client.call("GET", "/Schemas").body["Resources"]

    for schema in schemas:
        container = USER.root.sub_attribute(schema["id"]) or USER.root
        for definition in schema["attributes"]:
            attribute = container.sub_attribute(definition["name"])
            assert attribute is not None
            check(definition, attribute)

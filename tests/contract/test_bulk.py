"""Bulk requests (RFC 7644 section 3.7), over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from support.people import ENTERPRISE, PATCH_OP, user
from support.scim_http import ERROR, Answer, ScimClient

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"


def bulk(client: ScimClient, *operations: Any, **members: Any) -> Answer:
    body = {"schemas": [BULK], "Operations": list(operations)} | members
    return client.request("POST", "/Bulk", body=body)


def post(bulk_id: str, name: str, manager: str | None = None, **attributes: Any) -> dict[str, Any]:
    extension = {ENTERPRISE: {"manager": {"value": manager}}} if manager else {}
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": user(name, **extension, **attributes)}


def statuses(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    assert answer.json["schemas"] == [BULK_RESPONSE]
    return [operation["status"] for operation in answer.json["Operations"]]


def manager_of(client: ScimClient, location: str) -> str:
    found = client.get(location.removeprefix(client.shown_url)).json
    return str(found[ENTERPRISE]["manager"]["value"])


def id_in(operation: dict[str, Any]) -> str:
    return str(operation["location"]).rpartition("/")[2]


def test_one_bulk_request_may_use_every_method(client: ScimClient) -> None:
    first, second = client.create(user("first")), client.create(user("second"))

    answer = bulk(
        client,
        post("a", "third"),
        {"method": "put", "path": f"/Users/{first['id']}", "data": user("first", title="Lead")},
        {
            "method": "PATCH",
            "path": f"/Users/{first['id']}",
            "version": 'W/"2"',
            "data": {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "nickName", "value": "F"}]},
        },
        {"method": "DELETE", "path": f"/Users/{second['id']}"},
    )

    assert statuses(answer) == ["201", "200", "200", "204"]
    made, _, patched, _ = answer.json["Operations"]
    assert made["bulkId"] == "a"
    assert made["version"] == 'W/"1"'
    assert patched["version"] == 'W/"3"'
    assert {found["userName"] for found in client.all()} == {"first@example.com", "third@example.com"}
    assert client.get(f"/Users/{first['id']}").json["nickName"] == "F"


def test_one_failure_undoes_nothing_and_carries_its_error(client: ScimClient) -> None:
    client.create(user("taken"))

    answer = bulk(client, post("a", "one"), post("b", "taken"), post("c", "two"), post("d", "three", active=7))

    assert statuses(answer) == ["201", "409", "201", "400"]
    conflict = answer.json["Operations"][1]
    assert conflict["response"]["schemas"] == [ERROR]
    assert conflict["response"]["scimType"] == "uniqueness"
    assert "location" not in conflict
    assert len(client.all()) == 3


def test_every_result_carries_the_bulk_id_of_its_operation(client: ScimClient) -> None:
    first, second = client.create(user("first")), client.create(user("second"))
    retitled = {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "title", "value": "Lead"}]}

    answer = bulk(
        client,
        {"method": "PUT", "path": f"/Users/{first['id']}", "bulkId": "User:a", "data": user("first", title="Guide")},
        {"method": "PATCH", "path": f"/Users/{first['id']}", "bulkId": "b", "data": retitled},
        {"method": "DELETE", "path": f"/Users/{second['id']}", "bulkId": "c"},
        {"method": "DELETE", "path": f"/Users/{second['id']}", "bulkId": "c"},
        {"method": "PUT", "path": "/Users/nobody", "bulkId": "d", "data": user("third")},
        {"method": "PATCH", "path": "/Groups/x", "bulkId": "Group:x", "data": retitled},
        {"method": "DELETE", "path": "/Users/nobody"},
        post("e", "fourth", active=7),
    )

    assert statuses(answer) == ["200", "200", "204", "404", "404", "404", "404", "400"]
    names = [operation.get("bulkId") for operation in answer.json["Operations"]]
    assert names == ["User:a", "b", "c", "c", "d", "Group:x", None, "e"]


def test_a_reference_is_to_a_post_whatever_else_has_its_bulk_id(client: ScimClient) -> None:
    first = client.create(user("first"))
    put = {"method": "PUT", "path": f"/Users/{first['id']}", "bulkId": "a", "data": user("first")}

    settled = bulk(client, put, post("a", "boss"), post("clerk", "clerk", manager="bulkId:a"))
    unsettled = bulk(client, put, post("late", "late", manager="bulkId:a"))

    assert statuses(settled) == ["200", "201", "201"]
    _, boss, clerk = settled.json["Operations"]
    assert manager_of(client, clerk["location"]) == id_in(boss)
    assert statuses(unsettled) == ["200", "409"]


def test_a_reference_to_a_user_created_in_the_same_request(client: ScimClient) -> None:
    answer = bulk(client, post("boss", "boss"), post("clerk", "clerk", manager="bulkId:boss"))

    boss, clerk = answer.json["Operations"]
    assert manager_of(client, clerk["location"]) == id_in(boss)


def test_a_reference_to_a_later_operation(client: ScimClient) -> None:
    answer = bulk(client, post("clerk", "clerk", manager="bulkId:boss"), post("boss", "boss"))

    clerk, boss = answer.json["Operations"]
    assert (clerk["bulkId"], boss["bulkId"]) == ("clerk", "boss")
    assert manager_of(client, clerk["location"]) == id_in(boss)


def test_a_reference_in_a_path(client: ScimClient) -> None:
    patch = {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "title", "value": "Lead"}]}

    answer = bulk(client, {"method": "PATCH", "path": "/Users/bulkId:a", "data": patch}, post("a", "one"))

    assert statuses(answer) == ["200", "201"]
    assert client.all()[0]["title"] == "Lead"


def test_references_in_a_circle_are_settled(client: ScimClient) -> None:
    answer = bulk(
        client,
        post("a", "a", manager="bulkId:b"),
        post("b", "b", manager="bulkId:c"),
        post("c", "c", manager="bulkId:a"),
        post("self", "self", manager="bulkId:self"),
    )

    a, b, c, self_made = answer.json["Operations"]
    assert statuses(answer) == ["201"] * 4
    assert manager_of(client, a["location"]) == id_in(b)
    assert manager_of(client, b["location"]) == id_in(c)
    assert manager_of(client, c["location"]) == id_in(a)
    assert manager_of(client, self_made["location"]) == id_in(self_made)


def test_a_reference_that_cannot_be_resolved_fails_its_operation_alone(client: ScimClient) -> None:
    client.create(user("taken"))

    answer = bulk(
        client,
        post("a", "one", manager="bulkId:nobody"),
        post("b", "taken"),
        post("c", "two", manager="bulkId:b"),
        post("d", "three"),
    )

    assert statuses(answer) == ["409", "409", "409", "201"]
    assert {found["userName"] for found in client.all()} == {"taken@example.com", "three@example.com"}


def test_a_circle_with_a_failed_member_says_which_reference_is_missing(client: ScimClient) -> None:
    client.create(user("taken"))

    answer = bulk(client, post("a", "taken", manager="bulkId:b"), post("b", "b", manager="bulkId:a"))

    failed, without_manager = answer.json["Operations"]
    assert failed["status"] == "409"
    assert without_manager["status"] == "409"
    assert without_manager["location"]
    assert "bulkId" in without_manager["response"]["detail"]


@pytest.mark.parametrize(
    ("limit", "done"), [(1, ["409"]), (2, ["409", "201", "409"]), (0, ["409", "201", "409", "201"])]
)
def test_it_stops_after_as_many_errors_as_asked(client: ScimClient, limit: int, done: list[str]) -> None:
    client.create(user("taken"))

    answer = bulk(
        client, post("a", "taken"), post("b", "one"), post("c", "taken"), post("d", "two"), failOnErrors=limit
    )

    assert statuses(answer) == done


def test_groups_and_unknown_users_are_not_found_one_by_one(client: ScimClient) -> None:
    answer = bulk(
        client,
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"displayName": "x"}},
        {"method": "DELETE", "path": "/Users/00000000-0000-4000-8000-000000000000"},
        post("a", "one"),
    )

    assert statuses(answer) == ["404", "404", "201"]


@pytest.mark.parametrize(
    "operation",
    [
        {"method": "GET", "path": "/Users"},
        {"method": "POST", "path": "/Users", "data": {}},
        {"method": "PUT", "path": 5, "data": {}},
        {"method": "PATCH", "path": "/Users/x", "data": "x"},
        "x",
    ],
)
def test_a_malformed_operation_is_refused_before_anything_is_done(client: ScimClient, operation: Any) -> None:
    answer = bulk(client, post("a", "one"), operation)

    assert (answer.status, answer.json["scimType"]) == (400, "invalidSyntax")
    assert client.all() == []


def test_too_many_operations_or_bytes_are_refused(client: ScimClient) -> None:
    announced = client.get("/ServiceProviderConfig").json["bulk"]
    too_many = [post(str(number), f"u{number}") for number in range(announced["maxOperations"] + 1)]

    assert bulk(client, *too_many).status == 413
    large = client.request("POST", "/Bulk", body=b" " * (announced["maxPayloadSize"] + 1))
    assert large.status == 413
    assert client.all() == []


def test_the_same_bulk_id_twice_is_refused(client: ScimClient) -> None:
    assert bulk(client, post("a", "one"), post("a", "two")).status == 400
    assert client.all() == []

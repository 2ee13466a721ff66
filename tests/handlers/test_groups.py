"""Requests about groups at the handlers: statuses, headers, what is read for an answer, and groups that are off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import pytest

from domain.errors import ServiceUnavailable
from domain.resources.group_schema import CORE_URN
from domain.resources.user_schema import CORE_URN as USER_URN
from support.in_process import Answer, Client, InProcess, in_process
from support.memory_groups import InMemoryGroups
from support.people import UNKNOWN_ID, patch, search

ADD = {"op": "add", "path": "members"}


@pytest.fixture
def service() -> Iterator[InProcess]:
    with in_process() as serving:
        yield serving


@pytest.fixture
def client(service: InProcess) -> Client:
    return service.account("acme", groups=True)


def body(name: str = "Team", *member_ids: str) -> dict[str, Any]:
    return {"schemas": [CORE_URN], "displayName": name, "members": [{"value": each} for each in member_ids]}


def new_user(client: Client, name: str = "ada") -> str:
    return str(client.call("POST", "/Users", {"schemas": [USER_URN], "userName": name}).body["id"])


def new_group(client: Client, *member_ids: str) -> Answer:
    answer = client.call("POST", "/Groups", body("Team", *member_ids))
    assert answer.status == 201
    return answer


def test_an_answer_with_a_group_has_its_version_and_address(client: Client) -> None:
    user_id = new_user(client)
    created = new_group(client, user_id)
    path = f"/Groups/{created.body['id']}"
    answers = [created, client.call("GET", path), client.call("PUT", path, body("Staff", user_id))]

    assert [answer.status for answer in answers] == [201, 200, 200]
    for answer in answers:
        assert answer.headers["Content-Type"].startswith("application/scim+json")
        assert answer.headers["ETag"] == answer.body["meta"]["version"]
        assert answer.headers["Location"] == answer.body["meta"]["location"]
        assert answer.body["meta"]["location"].endswith(path)
        assert [member["value"] for member in answer.body["members"]] == [user_id]


def test_a_group_that_is_known_at_its_version_is_not_sent_again(client: Client) -> None:
    created = new_group(client, new_user(client))
    path, known = f"/Groups/{created.body['id']}", {"If-None-Match": created.headers["ETag"]}

    unchanged = client.call("GET", path, headers=known)
    client.call("PATCH", path, patch({"op": "remove", "path": "members"}))
    changed = client.call("GET", path, headers=known)

    assert (unchanged.status, unchanged.text, unchanged.headers["ETag"]) == (304, "", known["If-None-Match"])
    assert (changed.status, "members" in changed.body) == (200, False)


def test_a_patch_of_members_is_answered_without_them(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    user_id = new_user(client)
    path = f"/Groups/{new_group(client).body['id']}"
    read = InMemoryGroups.whole

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("the members were read")

    monkeypatch.setattr(InMemoryGroups, "whole", refuse)
    answers = [
        client.call("PATCH", path, patch(ADD | {"value": [{"value": user_id}]})),
        client.call("PATCH", path, patch({"op": "replace", "path": "displayName", "value": "Staff"})),
        client.call("PATCH", path, patch({"op": "remove", "path": f'members[value eq "{user_id}"]'})),
        client.call("PATCH", path, patch(ADD | {"value": [{"value": user_id}]}), query="attributes=displayName"),
    ]
    monkeypatch.setattr(InMemoryGroups, "whole", read)

    assert [(answer.status, answer.text) for answer in answers[:3]] == [(204, "")] * 3
    assert answers[3].status == 200
    assert answers[3].body.keys() == {"schemas", "id", "displayName"}
    assert [member["value"] for member in client.call("GET", path).body["members"]] == [user_id]


@pytest.mark.parametrize("query", ["attributes=members", "excludedAttributes=externalId"])
def test_a_patch_is_answered_with_the_members_only_when_attributes_are_named(client: Client, query: str) -> None:
    user_id = new_user(client)
    path = f"/Groups/{new_group(client).body['id']}"

    answer = client.call("PATCH", path, patch(ADD | {"value": [{"value": user_id}]}), query=query)

    assert answer.status == 200
    assert [member["value"] for member in answer.body["members"]] == [user_id]
    assert answer.headers["ETag"] == 'W/"2"'


def test_a_patch_that_is_done_is_not_denied_when_its_answer_cannot_be_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = new_user(client)
    path = f"/Groups/{new_group(client).body['id']}"

    def fail(*_: object) -> NoReturn:
        raise ServiceUnavailable("DynamoDB does not answer.")

    with monkeypatch.context() as failing:
        failing.setattr(InMemoryGroups, "whole", fail)
        answer = client.call("PATCH", path, patch(ADD | {"value": [{"value": user_id}]}), query="attributes=members")

    assert (answer.status, answer.text) == (204, "")
    assert [member["value"] for member in client.call("GET", path).body["members"]] == [user_id]


def test_a_deleted_group_is_gone(client: Client) -> None:
    path = f"/Groups/{new_group(client).body['id']}"

    answers = [client.call("DELETE", path), client.call("DELETE", path), client.call("GET", path)]

    assert [answer.status for answer in answers] == [204, 404, 404]
    assert answers[0].text == ""
    assert UNKNOWN_ID not in answers[2].text


@pytest.mark.parametrize("precondition", ['W/"7"', "*"])
def test_a_change_needs_the_version_that_it_names(client: Client, precondition: str) -> None:
    path, headers = f"/Groups/{new_group(client).body['id']}", {"If-Match": precondition}
    answers = [
        client.call("PUT", path, body("Staff"), headers=headers),
        client.call("PATCH", path, patch({"op": "add", "path": "externalId", "value": "1"}), headers=headers),
        client.call("DELETE", path, headers=headers),
    ]

    assert [answer.status for answer in answers] == ([200, 204, 204] if precondition == "*" else [412] * 3)


REQUESTS = [
    ("POST", "/Groups", body()),
    ("GET", "/Groups", None),
    ("POST", "/Groups/.search", search(filter="displayName pr")),
    *[(method, f"/Groups/{UNKNOWN_ID}", body()) for method in ("GET", "PUT", "DELETE", "POST", "OPTIONS", "HEAD")],
    ("PATCH", f"/Groups/{UNKNOWN_ID}", patch({"op": "remove", "path": "members"})),
    ("PUT", "/Groups", body()),
    ("DELETE", "/Groups/", None),
    ("GET", "//Groups", None),
    ("GET", f"/Groups/{UNKNOWN_ID}/members", None),
]


@pytest.mark.parametrize(("method", "path", "sent"), REQUESTS)
def test_without_groups_there_is_nothing_by_any_method_and_the_table_is_not_asked(
    service: InProcess, monkeypatch: pytest.MonkeyPatch, method: str, path: str, sent: object
) -> None:
    without = service.account("without")

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("the table was asked")

    monkeypatch.setattr(service.table, "account", refuse)
    answer = without.call(method, path, sent)

    assert answer.status == 404
    assert "Groups are off for this account" in answer.body["detail"]
    assert "rollcall account set without groups on" in answer.body["detail"]

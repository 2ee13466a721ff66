"""What requests about users answer in an account with groups, and in one without."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from domain.errors import ServiceUnavailable
from domain.resources.group_schema import CORE_URN as GROUP_URN
from domain.resources.stored_group import StoredGroup
from domain.resources.user_schema import CORE_URN as USER_URN
from support.child_processes import run
from support.in_process import Client, InProcess, in_process
from support.memory_groups import InMemoryGroupsOfUsers
from support.patch_users import message

NOW = "2026-01-01T00:00:00.000Z"
GROUP_ID = "0f0b0000-0000-4000-8000-000000000000"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@pytest.fixture(scope="module")
def service() -> Iterator[InProcess]:
    with in_process() as serving:
        yield serving


def ada_in_a_group(service: InProcess, account: str, *, on: bool) -> tuple[Client, str]:
    """Return a client of a new account with a user, who is the only member of a group, and the user's id."""
    client = service.account(account, groups=on)
    user_id = client.call("POST", "/Users", {"schemas": [USER_URN], "userName": "ada"}).body["id"]
    group = StoredGroup.new(GROUP_ID, {"schemas": [GROUP_URN], "displayName": "Team"}, NOW)
    service.table.groups[account].create(group, [user_id])
    return client, user_id


def search(client: Client, path: str = "/.search", **members: Any) -> list[dict[str, Any]]:
    answer = client.call("POST", path, {"schemas": [SEARCH], **members})
    assert answer.status == 200
    assert answer.body["totalResults"] == len(answer.body["Resources"])
    found: list[dict[str, Any]] = answer.body["Resources"]
    return found


def test_every_answer_with_a_user_has_the_groups_that_are_asked_for(service: InProcess) -> None:
    client, user_id = ada_in_a_group(service, "with-groups", on=True)
    path, query = f"/Users/{user_id}", "attributes=groups.display"
    title = message({"op": "add", "path": "title", "value": "t"})
    whole = {"schemas": [USER_URN], "userName": "ada", "nickName": "a"}

    answers = [
        client.call("GET", path, query=query).body,
        client.call("PATCH", path, title, query=query).body,
        client.call("PUT", path, whole, query=query).body,
        client.call("GET", "/Users", query=query).body["Resources"][0],
        search(client, "/Users/.search", attributes=["groups.display"])[0],
    ]

    assert [answer["groups"] for answer in answers] == [[{"display": "Team"}]] * 5
    assert "groups" not in client.call("GET", path).body
    assert client.call("GET", path, query=query, headers={"If-None-Match": "*"}).status == 304


def test_a_user_is_not_changed_when_its_groups_cannot_be_read(
    service: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, user_id = ada_in_a_group(service, "unread-groups", on=True)
    path, query = f"/Users/{user_id}", "attributes=groups"

    def fail(groups: InMemoryGroupsOfUsers, user_id: str) -> None:
        raise ServiceUnavailable("DynamoDB does not answer.")

    monkeypatch.setattr(InMemoryGroupsOfUsers, "of", fail)
    answers = [
        client.call("PATCH", path, message({"op": "add", "path": "title", "value": "t"}), query=query),
        client.call("PUT", path, {"schemas": [USER_URN], "userName": "ada", "title": "t"}, query=query),
    ]
    created = client.call("POST", "/Users", {"schemas": [USER_URN], "userName": "bob"}, query=query)

    assert [answer.status for answer in answers] == [503, 503]
    assert client.call("GET", path).body["meta"]["version"] == 'W/"1"'
    assert created.status == 201  # a new user is in no group


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
def test_nothing_is_written_when_the_parameters_are_wrong(service: InProcess, path: str) -> None:
    client = service.account(f"wrong-parameters{path.replace('/', '-').lower()}", groups=True)
    urn, name = (USER_URN, "userName") if path == "/Users" else (GROUP_URN, "displayName")
    one = client.call("POST", path, {"schemas": [urn], name: "one"}).body["id"]
    query = "attributes=id&excludedAttributes=meta"

    answers = [
        client.call("POST", path, {"schemas": [urn], name: "two"}, query=query),
        client.call("PUT", f"{path}/{one}", {"schemas": [urn], name: "three"}, query=query),
        client.call("PATCH", f"{path}/{one}", message({"op": "replace", "path": name, "value": "four"}), query=query),
    ]

    assert [answer.status for answer in answers] == [400, 400, 400]
    assert [each[name] for each in client.call("GET", path).body["Resources"]] == ["one"]


def test_users_are_found_by_their_group(service: InProcess) -> None:
    client, user_id = ada_in_a_group(service, "found-by-group", on=True)
    client.call("POST", "/Users", {"schemas": [USER_URN], "userName": "bob"})

    for filter_ in (f'groups.value eq "{GROUP_ID}"', 'groups[display eq "TEAM"]', "not (groups pr) and userName pr"):
        found = search(client, "/Users/.search", filter=filter_)
        assert [each["id"] == user_id for each in found] == ["not" not in filter_]


def test_the_root_has_both_types(service: InProcess) -> None:
    client, user_id = ada_in_a_group(service, "root-with-groups", on=True)

    user, group = search(client)

    assert (user["id"], group["id"]) == (user_id, GROUP_ID)
    assert [each["value"] for each in group["members"]] == [user_id]
    assert search(client, filter='displayName eq "team"', excludedAttributes=["members"])[0].keys() == {
        "schemas",
        "id",
        "meta",
        "displayName",
    }
    assert [each["id"] for each in search(client, "/Users/.search")] == [user_id]


def test_without_groups_nothing_has_any(service: InProcess) -> None:
    client, user_id = ada_in_a_group(service, "without-groups", on=False)

    assert "groups" not in client.call("GET", f"/Users/{user_id}", query="attributes=groups").body
    assert [each["id"] for each in search(client)] == [user_id]
    assert search(client, filter=f'groups eq "{GROUP_ID}"') == []


@pytest.mark.parametrize("module", ["get_user", "list_users", "search_users", "patch_user", "unrouted"])
def test_functions_of_users_import_nothing_of_groups_when_they_start(module: str) -> None:
    about = "'group' in name or name.endswith(('related', 'relations', 'everything'))"
    program = f"import sys, handlers.{module}; print([name for name in sys.modules if {about}])"

    done = run([sys.executable, "-c", program], check=True)

    assert done.stdout.strip() == "[]"

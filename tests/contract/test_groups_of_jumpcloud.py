"""JumpCloud's activation and group management, with groups off and on.

jumpcloud.com/support, "Provision and manage users and groups in apps using Custom SCIM" and "Troubleshoot Custom SCIM
integrations" (activation creates a test group and removes it; group management needs create, update and delete), its
support page 85119 (a group of the same name is taken over; renaming is supported; a group deleted in JumpCloud is
deleted in the application). The bodies are those that ssoready/ssoready ac28ba9 answers: no members in the create, a
rename without path, `add` on `members`.
"""

from __future__ import annotations

import pytest

from local.service import LocalService
from support.group_client import GROUP, GroupClient, add, values
from support.people import user
from support.scim_http import ScimClient

TEST_GROUP = {"schemas": [GROUP], "displayName": "scim-activation-group"}


def test_activation_with_group_management_on_creates_and_removes_a_test_group(groups: GroupClient) -> None:
    client = groups.scim
    assert client.find('userName eq "scim.activation@example.com"') == []
    test_user = client.create(user("scim.activation"))
    assert client.put(test_user["id"], {**test_user, "name": {"givenName": "a"}}).status == 200

    assert groups.listing()["Resources"] == []
    assert groups.find('displayName eq "scim-activation-group"') == []
    created = groups.post(TEST_GROUP)
    assert created.status == 201
    assert isinstance(created.json["id"], str)
    group_id = created.json["id"]
    assert groups.read(group_id) == created.json
    assert groups.patch(group_id, {"op": "replace", "value": {"displayName": "scim-renamed"}}).status == 204
    assert groups.patch(group_id, add(test_user["id"])).status == 204
    assert groups.members(group_id) == [test_user["id"]]

    assert groups.delete(group_id).status == 204
    assert client.delete(test_user["id"]).status == 204
    assert groups.listing()["totalResults"] == 0
    assert client.all() == []

    # Activation may be repeated with the same names.
    assert groups.post(TEST_GROUP).status == 201


def test_activation_with_group_management_on_fails_where_groups_are_off(client: ScimClient) -> None:
    for method, body in (("GET", None), ("POST", TEST_GROUP)):
        answer = client.request(method, "/Groups", body=body)
        assert answer.status == 404
        assert "group management" in answer.json["detail"]
    assert client.create(user("scim.activation"))["userName"] == "scim.activation@example.com"


def test_a_group_of_the_same_name_is_taken_over(groups: GroupClient) -> None:
    mara = groups.new_user("mara")
    existing = groups.create("engineering")

    (found,) = groups.find('displayName eq "Engineering"')
    assert groups.patch(found["id"], add(mara)).status == 204

    assert found["id"] == existing["id"]
    assert groups.members(existing["id"]) == [mara]


def test_the_same_member_is_added_again_and_again(groups: GroupClient) -> None:
    mara, ivo = groups.new_users(2)
    created = groups.create("Engineering")

    assert groups.patch(created["id"], add(mara)).status == 204
    once = groups.read(created["id"])
    for _ in range(3):
        assert groups.patch(created["id"], add(mara)).status == 204
    assert groups.patch(created["id"], add(mara, mara)).status == 204
    assert groups.read(created["id"]) == once

    assert groups.patch(created["id"], add(mara, ivo)).status == 204
    assert groups.members(created["id"]) == [mara, ivo]


def test_a_removal_with_a_list_of_values_removes_these_and_no_others(groups: GroupClient) -> None:
    mara, ivo, noor = groups.new_users(3)
    created = groups.create("Engineering", mara, ivo, noor)

    removal = {"op": "remove", "path": "members", "value": values(mara, noor)}
    assert groups.patch(created["id"], removal).status == 204
    assert groups.members(created["id"]) == [ivo]

    assert groups.patch(created["id"], removal).status == 204
    assert groups.members(created["id"]) == [ivo]
    assert groups.patch(created["id"], {"op": "remove", "path": "members"}).status == 204
    assert groups.members(created["id"]) == []


# Functions in the Lambda runtime look at an account's settings once a minute.
@pytest.mark.parametrize("service", ["moto"], indirect=True, scope="module")
def test_groups_are_kept_and_out_of_reach_while_they_are_off(service: LocalService, groups: GroupClient) -> None:
    mara = groups.new_user("mara")
    created, account = groups.create("Engineering", mara), groups.scim.key.split("_")[1]

    service.accounts.configure(account, groups=False)
    refusals = [
        groups.get(created["id"]),
        groups.scim.get("/Groups"),
        groups.post(TEST_GROUP),
        groups.put(created["id"], TEST_GROUP),
        groups.patch(created["id"], add(mara)),
        groups.delete(created["id"]),
        groups.scim.request("POST", "/Groups/.search", body={}),
    ]
    assert {answer.status for answer in refusals} == {404}
    assert created["id"] not in "".join(answer.text for answer in refusals)
    assert "groups" not in groups.scim.get(f"/Users/{mara}", "attributes=groups").json

    service.accounts.configure(account, groups=True)
    assert groups.read(created["id"]) == created

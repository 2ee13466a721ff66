"""Okta's group push and import, as its reference describes them.

okta/okta-developer-docs 02e8ee8, docs/reference/scim/scim-20, section "SCIM Group operations": PATCH from integrations
of its catalog, PUT from those made with the app wizard. Okta takes 200 with the group or 204 for a PATCH.
"""

from __future__ import annotations

import pytest

from support.group_client import GROUP, GroupClient, group, remove, values
from support.scim_http import Json


def listed(user_id: str) -> Json:
    """A member as Okta sends it."""
    return {"value": user_id, "display": f"{user_id[:4]}@okta.example"}


def test_a_group_pushed_by_an_integration_of_the_catalog(groups: GroupClient) -> None:
    pia, rob, kim = groups.new_users(3)
    created = groups.post({"schemas": [GROUP], "displayName": "Test SCIMv2", "members": [listed(pia)]})
    assert created.status == 201
    group_id = created.json["id"]
    assert groups.members(group_id) == [pia]
    assert "okta.example" not in groups.get(group_id).text

    changed = groups.patch(group_id, remove(pia), {"op": "add", "path": "members", "value": [listed(rob)]})
    assert changed.status == 204
    assert groups.members(group_id) == [rob]

    # The name comes with every change of members, with the id among the value.
    renamed = groups.patch(group_id, {"op": "replace", "value": {"id": group_id, "displayName": "Test SCIMv20"}})
    assert renamed.status == 204
    assert groups.read(group_id)["displayName"] == "Test SCIMv20"
    version = groups.read(group_id)["meta"]["version"]
    groups.patch(group_id, {"op": "replace", "value": {"id": group_id, "displayName": "Test SCIMv20"}})
    assert groups.read(group_id)["meta"]["version"] == version

    pushed = {"op": "replace", "path": "members", "value": [listed(pia), listed(kim)]}
    assert groups.patch(group_id, pushed).status == 204
    assert groups.members(group_id) == sorted([pia, kim])

    assert groups.delete(group_id).status == 204
    assert groups.get(group_id).status == 404
    assert len(groups.scim.all()) == 3


def test_a_group_of_an_app_wizard_integration_is_replaced_whole(groups: GroupClient) -> None:
    pia, rob = groups.new_users(2)
    created = groups.create("Sales", members=[])

    body = {"schemas": [GROUP], "id": created["id"], "displayName": "Sales EMEA", "members": [listed(rob), listed(pia)]}
    answer = groups.put(created["id"], body)

    assert answer.status == 200
    assert (answer.json["id"], answer.json["displayName"]) == (created["id"], "Sales EMEA")
    assert sorted(member["value"] for member in answer.json["members"]) == sorted([pia, rob])
    assert groups.read(created["id"]) == answer.json

    assert groups.put(created["id"], {**body, "members": [listed(rob)]}).status == 200
    assert groups.members(created["id"]) == [rob]
    assert groups.put(created["id"], {**body, "members": []}).status == 200
    assert groups.members(created["id"]) == []


def test_a_put_of_what_was_read_changes_nothing(groups: GroupClient) -> None:
    pia, rob = groups.new_users(2)
    created = groups.create("Sales", pia, rob, externalId="00g1")

    answer = groups.put(created["id"], groups.read(created["id"]))

    assert (answer.status, answer.json) == (200, created)
    assert answer.headers["etag"] == created["meta"]["version"]


@pytest.mark.parametrize("members", [{}, {"members": None}], ids=["absent", "null"])
def test_a_put_that_says_nothing_of_members_keeps_them(groups: GroupClient, members: dict[str, None]) -> None:
    pia = groups.new_user("pia")
    created = groups.create("Sales", pia)

    answer = groups.put(created["id"], group("Sales EMEA", **members))

    assert answer.status == 200
    assert groups.members(created["id"]) == [pia]
    assert [member["value"] for member in answer.json["members"]] == [pia]


@pytest.mark.parametrize("members", [{}, {"members": None}], ids=["absent", "null"])
def test_in_strict_mode_it_empties_them(strict_groups: GroupClient, members: dict[str, None]) -> None:
    """RFC 7644 section 3.5.1: what a PUT leaves out is cleared."""
    created = strict_groups.create("Sales", strict_groups.new_user("pia"))

    answer = strict_groups.put(created["id"], group("Sales EMEA", **members))

    assert answer.status == 200
    assert strict_groups.members(created["id"]) == []


def test_a_group_that_is_pushed_again_conflicts_and_is_linked_by_its_name(groups: GroupClient) -> None:
    pia, rob = groups.new_users(2)
    left_behind = groups.create("Sales", pia)

    again = groups.post({"schemas": [GROUP], "displayName": "sales", "members": [listed(rob)]})
    assert (again.status, again.json["scimType"]) == (409, "uniqueness")
    assert groups.members(left_behind["id"]) == [pia]

    (linked,) = groups.find('displayName eq "sales"', "startIndex=1&count=100")
    assert linked["id"] == left_behind["id"]
    pushed = {"op": "replace", "path": "members", "value": [listed(rob)]}
    assert groups.patch(linked["id"], pushed).status == 204
    assert groups.members(linked["id"]) == [rob]


def test_a_name_is_free_once_its_group_is_deleted(groups: GroupClient) -> None:
    first = groups.create("Sales", groups.new_user("pia"))
    groups.delete(first["id"])

    second = groups.create("Sales")

    assert second["id"] != first["id"]
    assert groups.members(second["id"]) == []


def test_an_import_reads_every_group_page_by_page(groups: GroupClient) -> None:
    """`startIndex` moves on by 100 until `totalResults`; the order is the same whatever is asked for."""
    pia = groups.new_user("pia")
    made = {groups.create(f"Group {number}", *([pia] if number % 2 else []))["id"] for number in range(105)}

    first, second = groups.listing("startIndex=1&count=100"), groups.listing("startIndex=101&count=100")

    assert (first["totalResults"], first["itemsPerPage"], first["startIndex"]) == (105, 100, 1)
    assert (second["totalResults"], second["itemsPerPage"], second["startIndex"]) == (105, 5, 101)
    read = [*first["Resources"], *second["Resources"]]
    assert [found["id"] for found in read] == sorted(made)
    assert groups.listing("startIndex=51&count=100")["Resources"] == read[50:]
    for found in read:
        members = values(pia) if int(found["displayName"].split()[1]) % 2 else []
        assert [{"value": member["value"]} for member in found.get("members", [])] == members
    assert groups.listing("startIndex=106&count=100")["Resources"] == []


def test_a_patch_that_asks_for_attributes_is_answered_with_the_group(groups: GroupClient) -> None:
    pia = groups.new_user("pia")
    created = groups.create("Sales")
    pushed = {"op": "add", "path": "members", "value": [listed(pia)]}

    with_members = groups.patch(created["id"], pushed, query="attributes=displayName,members")
    without = groups.patch(created["id"], pushed, query="excludedAttributes=members")

    assert (with_members.status, without.status) == (200, 200)
    assert [member["value"] for member in with_members.json["members"]] == [pia]
    assert "members" not in without.json
    assert without.json["displayName"] == "Sales"


def test_a_user_who_leaves_okta_stays_a_member_while_deactivated(groups: GroupClient) -> None:
    """Okta never deletes users; deactivation keeps memberships, so that a return needs no push."""
    pia = groups.new_user("pia")
    created = groups.create("Sales", pia)

    groups.scim.patch(pia, {"op": "replace", "value": {"active": False}})

    assert groups.read(created["id"]) == created

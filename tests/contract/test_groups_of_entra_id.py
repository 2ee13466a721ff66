"""Groups as Microsoft's SCIM Validator tests them and as Entra ID's provisioning cycle manages them.

The names in the first part are those of the Validator (scimvalidator.microsoft.com), with the requests that it was
recorded to send: pranems/SCIMServer 5620dd7, docs/SCIM_VALIDATION_GAP_ANALYSIS.md and its analysis of
scim-results-9.json. The requests of the cycle are Microsoft's samples: learn.microsoft.com,
use-scim-to-provision-users-and-groups, section "Group operations" (MicrosoftDocs/entra-docs 03cc779).
"""

from __future__ import annotations

from uuid import uuid4

import pytest

from support.group_client import GROUP, GroupClient, add, group, remove, values
from support.people import UNKNOWN_ID
from support.scim_http import Json, ScimClient

ADSCIM = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
BOTH_MODES = pytest.mark.parametrize("fixture", ["groups", "strict_groups"])


@pytest.fixture
def validated(request: pytest.FixtureRequest, fixture: str, groups: GroupClient) -> GroupClient:
    """The groups of an account in each mode: the Validator sends nothing that needs a tolerance."""
    if fixture == "strict_groups":
        strict: GroupClient = request.getfixturevalue(fixture)  # the same account, set to strict
        return strict
    return groups


def validators_group(groups: GroupClient) -> Json:
    """A group as the Validator makes it before each test."""
    return groups.create(uuid4().hex[:12].upper(), externalId=str(uuid4()))


# The seven that write.


@BOTH_MODES
def test_create_a_new_group(validated: GroupClient) -> None:
    body = group("NUSHDROHXPIN", externalId="6d1ca7c2-09f0-4be1-bba9-a7a2668d5540")

    answer = validated.post(body)

    assert answer.status == 201
    assert answer.headers["location"] == answer.json["meta"]["location"]
    assert answer.headers["etag"] == answer.json["meta"]["version"]
    assert {name: answer.json[name] for name in body} == body
    assert answer.json["meta"]["resourceType"] == "Group"
    assert answer.json["meta"]["location"].endswith(f"/Groups/{answer.json['id']}")
    assert validated.read(answer.json["id"]) == answer.json


@BOTH_MODES
def test_create_a_duplicate_group(validated: GroupClient) -> None:
    first = validators_group(validated)

    answer = validated.post(group(first["displayName"], externalId=str(uuid4())))

    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")
    assert "displayName" in answer.json["detail"]
    assert validated.listing()["Resources"] == [first]


@BOTH_MODES
def test_patch_group_replace_attributes(validated: GroupClient) -> None:
    made, external_id = validators_group(validated), str(uuid4())

    answer = validated.patch(made["id"], {"op": "replace", "value": {"externalId": external_id}})

    assert (answer.status, answer.text) == (204, "")
    changed = validated.read(made["id"])
    assert (changed["externalId"], changed["displayName"]) == (external_id, made["displayName"])
    assert answer.headers["etag"] == changed["meta"]["version"] != made["meta"]["version"]
    assert validated.find(f'externalId eq "{made["externalId"]}"') == []


@BOTH_MODES
def test_update_group_display_name(validated: GroupClient) -> None:
    made = validators_group(validated)

    answer = validated.patch(made["id"], {"op": "replace", "value": {"displayName": "WUZPWMBDDCGI"}})

    assert answer.status == 204
    assert validated.read(made["id"])["displayName"] == "WUZPWMBDDCGI"
    assert validated.find(f'displayName eq "{made["displayName"]}"') == []
    assert [found["id"] for found in validated.find('displayName eq "wuzpwmbddcgi"')] == [made["id"]]


@BOTH_MODES
def test_patch_group_add_member(validated: GroupClient) -> None:
    """The Validator replaces the empty list."""
    made, user_id = validators_group(validated), validated.new_user("member_viva")

    answer = validated.patch(made["id"], {"op": "replace", "path": "members", "value": values(user_id)})

    assert answer.status == 204
    assert validated.members(made["id"]) == [user_id]


@BOTH_MODES
def test_patch_group_remove_member(validated: GroupClient) -> None:
    made, (leaves, stays) = validators_group(validated), validated.new_users(2)
    validated.patch(made["id"], {"op": "replace", "path": "members", "value": values(leaves, stays)})

    answer = validated.patch(made["id"], remove(leaves))

    assert answer.status == 204
    assert validated.members(made["id"]) == [stays]


@BOTH_MODES
def test_delete_a_group(validated: GroupClient) -> None:
    made = validators_group(validated)

    assert validated.delete(made["id"]).status == 204

    answer = validated.get(made["id"])
    assert (answer.status, answer.json["status"]) == (404, "404")
    assert validated.find(f'displayName eq "{made["displayName"]}"') == []


# Those that read.


@BOTH_MODES
def test_get_group_by_id_excluding_members(validated: GroupClient) -> None:
    made = validated.create("UHYYWKURUTZS", validated.new_user("member"), externalId="1")

    answer = validated.get(made["id"], "excludedAttributes=members")

    assert answer.status == 200
    assert answer.json == {name: value for name, value in made.items() if name != "members"}


@BOTH_MODES
@pytest.mark.parametrize("name", ["UHYYWKURUTZS", "uhyywkurutzs"], ids=["same-case", "different-case"])
@pytest.mark.parametrize("query", ["", "excludedAttributes=members"], ids=["all", "excluding-members"])
def test_filter_for_an_existing_group(validated: GroupClient, name: str, query: str) -> None:
    made = validated.create("UHYYWKURUTZS", validated.new_user("member"))
    validated.create("Another")

    (found,) = validated.find(f'displayName eq "{name}"', query)

    assert found == {key: value for key, value in made.items() if key != "members" or not query}


@BOTH_MODES
def test_filter_for_a_non_existing_group(validated: GroupClient) -> None:
    validators_group(validated)

    assert validated.find(f'displayName eq "{uuid4()}"') == []


# Those in preview.


@BOTH_MODES
def test_patch_group_multiple_operations_on_same_attribute(validated: GroupClient) -> None:
    made, user_id = validators_group(validated), validated.new_user("member_kenna")

    assert validated.patch(made["id"], add(user_id), remove(user_id)).status == 204

    assert validated.members(made["id"]) == []


@BOTH_MODES
def test_delete_a_group_that_does_not_exist_and_one_twice(validated: GroupClient) -> None:
    made = validators_group(validated)
    assert validated.delete(made["id"]).status == 204

    assert validated.delete(made["id"]).status == 404
    assert validated.delete(UNKNOWN_ID).status == 404


# The provisioning cycle.


def test_a_cycle_of_entra_id(groups: GroupClient) -> None:
    """Find, create, add one user in each PATCH, check the references, rename, remove, delete."""
    ana, ben = groups.new_users(2)
    name = "Finance"
    assert groups.find(f'displayName eq "{name}"', "excludedAttributes=members") == []

    created = groups.post(
        {
            "schemas": [GROUP, ADSCIM],
            "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
            "displayName": name,
            "members": [],
            "meta": {"resourceType": "Group"},
        }
    )
    assert created.status == 201
    assert created.json["schemas"] == [GROUP]
    group_id = created.json["id"]

    for user_id in (ana, ben, ana):
        added = {"op": "Add", "path": "members", "value": [{"$ref": None, "value": user_id}]}
        answer = groups.patch(group_id, added)
        assert (answer.status, answer.text) == (204, "")
    assert groups.members(group_id) == [ana, ben]

    assert groups.get(group_id, "excludedAttributes=members").json["displayName"] == name
    for user_id, is_member in ((ana, True), (UNKNOWN_ID, False)):
        found = groups.find(f'id eq "{group_id}" and members eq "{user_id}"', "excludedAttributes=members")
        assert [each["id"] for each in found] == [group_id] * is_member

    renamed = groups.patch(group_id, {"op": "Replace", "path": "displayName", "value": "Finance and Tax"})
    assert renamed.status == 204

    removed = {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": ana}]}
    assert groups.patch(group_id, removed).status == 204
    assert groups.members(group_id) == [ben]
    assert groups.patch(group_id, removed).status == 204

    assert groups.delete(group_id).status == 204
    assert {found["id"] for found in groups.scim.all()} == {ana, ben}


def test_a_member_who_is_there_already_changes_nothing(groups: GroupClient) -> None:
    user_id = groups.new_user("ana")
    made = groups.create("Finance", user_id)

    answer = groups.patch(made["id"], {"op": "Add", "path": "members", "value": [{"$ref": None, "value": user_id}]})

    assert answer.status == 204
    assert groups.read(made["id"]) == made


def test_remove_of_a_member_who_is_not_there_changes_nothing(groups: GroupClient) -> None:
    ana, ben = groups.new_users(2)
    made = groups.create("Finance", ana)

    for operation in ({"op": "Remove", "path": "members", "value": values(ben)}, remove(ben)):
        assert groups.patch(made["id"], operation).status == 204

    assert groups.read(made["id"]) == made


def test_a_name_taken_by_another_group_is_refused_and_nothing_changes(groups: GroupClient) -> None:
    groups.create("Finance")
    other, user_id = groups.create("Tax"), groups.new_user("ana")

    rename = {"op": "Replace", "path": "displayName", "value": "FINANCE"}
    answer = groups.patch(other["id"], add(user_id), rename)

    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")
    assert groups.read(other["id"]) == other


def test_the_manager_of_a_user_and_their_groups_are_asked_for_by_reference(groups: GroupClient) -> None:
    """`attributes=id` on a reference check returns what is always returned."""
    user_id = groups.new_user("ana")
    made = groups.create("Finance", user_id)

    found = groups.find(f'id eq "{made["id"]}" and members eq "{user_id}"', "attributes=id")

    assert found == [{"id": made["id"], "schemas": [GROUP]}]


def test_discovery_lists_the_group_where_groups_are_on(groups: GroupClient) -> None:
    """Entra ID reads /Schemas when an application's provisioning settings are opened."""
    resource_types = {found["id"]: found for found in groups.scim.get("/ResourceTypes").json["Resources"]}
    schemas = {found["id"]: found for found in groups.scim.get("/Schemas").json["Resources"]}

    assert resource_types.keys() == {"User", "Group"}
    assert (resource_types["Group"]["endpoint"], resource_types["Group"]["schema"]) == ("/Groups", GROUP)
    assert {"displayName", "members"} <= {each["name"] for each in schemas[GROUP]["attributes"]}
    assert groups.scim.get(f"/Schemas/{GROUP}").json == schemas[GROUP]
    assert groups.scim.get("/ResourceTypes/Group").json == resource_types["Group"]


def test_discovery_lists_no_group_where_they_are_off(client: ScimClient) -> None:
    assert [found["id"] for found in client.get("/ResourceTypes").json["Resources"]] == ["User"]
    assert GROUP not in client.get("/Schemas").text
    assert client.get(f"/Schemas/{GROUP}").status == 404
    assert client.get("/ResourceTypes/Group").status == 404

"""The 25 tests that Microsoft runs before an application comes into Entra ID's gallery, as far as requests show them.

AzureAD/SCIMReferenceCode, Microsoft.SCIM.LogicAppValidationTemplate/StandardLogicApp: the list is in its
SCIM-Validation-Test-Overview.md (805b036), the direct requests in SCIMTests_Workflow.json (28e331a). Its tests of the
provisioning cycle need a tenant of Entra ID; here are the requests that the cycle sends, which Microsoft's samples
show. The two tests of authentication are about OAuth 2.0, which this service does not offer.
"""

from __future__ import annotations

from typing import Any

import pytest

from support.group_client import GROUP, GroupClient, add, group, remove
from support.people import CORE, ENTERPRISE, user
from support.scim_http import Json, ScimClient

MAPPED = {
    "userName",
    "active",
    "displayName",
    "title",
    'emails[type eq "work"].value',
    "preferredLanguage",
    "name.givenName",
    "name.familyName",
    "name.formatted",
    'addresses[type eq "work"].formatted',
    'addresses[type eq "work"].streetAddress',
    'addresses[type eq "work"].locality',
    'addresses[type eq "work"].region',
    'addresses[type eq "work"].postalCode',
    'addresses[type eq "work"].country',
    'phoneNumbers[type eq "work"].value',
    'phoneNumbers[type eq "mobile"].value',
    'phoneNumbers[type eq "fax"].value',
    "externalId",
    f"{ENTERPRISE}:employeeNumber",
    f"{ENTERPRISE}:department",
    f"{ENTERPRISE}:manager",
}
"""The attributes that Entra ID maps by default (Microsoft's customize-application-attributes)."""

MAPPED_OF_GROUPS = {"displayName", "externalId", "members"}

FILLED: Json = {
    "schemas": [CORE, ENTERPRISE],
    "userName": "scnull@example.com",
    "active": True,
    "externalId": "0a21f0f2",
    "displayName": "Rosa Keller",
    "title": "Analyst",
    "preferredLanguage": "de-CH",
    "name": {"givenName": "Rosa", "familyName": "Keller", "formatted": "Rosa Keller"},
    "emails": [{"type": "work", "primary": True, "value": "scnull@example.com"}],
    "phoneNumbers": [
        {"type": "work", "primary": True, "value": "+41 555 01"},
        {"type": "mobile", "primary": False, "value": "+41 555 02"},
        {"type": "fax", "primary": False, "value": "+41 555 03"},
    ],
    "addresses": [
        {
            "type": "work",
            "primary": True,
            "formatted": "1 Way, Basel",
            "streetAddress": "1 Way",
            "locality": "Basel",
            "region": "BS",
            "postalCode": "4051",
            "country": "CH",
        }
    ],
    ENTERPRISE: {"employeeNumber": "E1042", "department": "Finance"},
}

CLEARED = sorted(MAPPED - {"userName", "active", "externalId", f"{ENTERPRISE}:manager"})
"""What the validation clears: everything that is mapped, except for what is required, matched or a reference."""


def flattened(attributes: list[Json], prefix: str = "") -> set[str]:
    """The names of attributes as the validation derives them from a schema."""
    names: set[str] = set()
    for attribute in attributes:
        name, inner = prefix + attribute["name"], attribute.get("subAttributes", [])
        if prefix or not inner or attribute["name"] in ("manager", "members"):
            names.add(name)
        elif not attribute["multiValued"]:
            names |= {f"{name}.{each['name']}" for each in inner}
        else:
            types = [value for each in inner if each["name"] == "type" for value in each.get("canonicalValues", [])]
            names |= {f'{name}[type eq "{type_}"].{each["name"]}' for type_ in types for each in inner}
    return names


def value_at(resource: Json, path: str) -> Any:
    """The value at one of the mapped names, None if there is none."""
    if path.startswith(ENTERPRISE):
        return resource.get(ENTERPRISE, {}).get(path.removeprefix(f"{ENTERPRISE}:"))
    name, _, rest = path.partition('[type eq "')
    if not rest:
        name, _, inner = path.partition(".")
        return resource.get(name, {}).get(inner) if inner else resource.get(name)
    type_, _, inner = rest.partition('"].')
    return next((each.get(inner) for each in resource.get(name, []) if each["type"] == type_), None)


# Users in the provisioning cycle.


def test_an_assigned_user_is_created_and_found(client: ScimClient) -> None:
    """Create_User_Test and POD_User_Test: provisioning on demand sends the same requests."""
    assert client.find('userName eq "scnull@example.com"') == []

    created = client.create(FILLED)

    assert client.find('userName eq "scnull@example.com"') == [created]


def test_changed_attributes_arrive(client: ScimClient) -> None:
    """Update_User_Test."""
    created = client.create(FILLED)

    answer = client.patch(
        created["id"],
        {"op": "Replace", "path": "title", "value": "Manager"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Tax"},
    )

    assert answer.status == 200
    changed = client.get(f"/Users/{created['id']}").json
    assert (changed["title"], changed[ENTERPRISE]["department"]) == ("Manager", "Tax")


def test_a_disabled_account_is_inactive_and_comes_back(client: ScimClient) -> None:
    """Disable_User_Test, and Restore_User_Test where the application keeps deactivated users."""
    created = client.create(FILLED)

    for text, active in (("False", False), ("True", True)):
        assert client.patch(created["id"], {"op": "Replace", "path": "active", "value": text}).status == 200
        (found,) = client.find('userName eq "scnull@example.com"')
        assert (found["id"], found["active"]) == (created["id"], active)


def test_a_removed_user_is_gone_and_assigned_again_is_there_again(client: ScimClient) -> None:
    """Delete_User_Test, and Restore_User_Test by removal and assignment."""
    created = client.create(FILLED)

    assert client.delete(created["id"]).status == 204
    assert client.get(f"/Users/{created['id']}").status == 404
    assert client.find('userName eq "scnull@example.com"') == []

    again = client.create(FILLED)
    assert client.find('userName eq "scnull@example.com"') == [again]
    assert again["id"] != created["id"]


def test_a_manager_is_set_changed_and_removed(client: ScimClient) -> None:
    """User_Update_Manager_Test and SCIM_Update_Manager_Test: Add, Replace, and Replace with nothing."""
    created, first, second = client.create(FILLED), client.create(user("first")), client.create(user("second"))

    for op, value, expected in (
        ("Add", first["id"], first["id"]),
        ("Replace", second["id"], second["id"]),
        ("Replace", "", None),
    ):
        answer = client.patch(created["id"], {"op": op, "path": f"{ENTERPRISE}:manager", "value": value})
        assert answer.status == 200
        manager = value_at(client.get(f"/Users/{created['id']}").json, f"{ENTERPRISE}:manager")
        assert (manager or {}).get("value") == expected


# Groups in the provisioning cycle.


def test_a_group_is_removed_and_made_again(groups: GroupClient) -> None:
    """Delete_Group_Test, Restore_Group_Test."""
    made = groups.create("Finance", externalId="1")

    assert groups.delete(made["id"]).status == 204
    assert groups.listing("filter=displayName%20eq%20%22Finance%22")["totalResults"] == 0

    again = groups.create("Finance", externalId="1")
    assert groups.find('displayName eq "Finance"') == [again]


def test_members_are_added_and_removed(groups: GroupClient) -> None:
    """Group_Update_Add_Member_Test, Group_Update_Remove_Member_Test."""
    made, user_id = groups.create("Finance"), groups.new_user("rosa")

    assert groups.patch(made["id"], add(user_id)).status == 204
    assert groups.members(made["id"]) == [user_id]

    assert groups.patch(made["id"], remove(user_id)).status == 204
    assert groups.members(made["id"]) == []


# Requests without the provisioning cycle.


def test_every_mapped_attribute_is_in_the_schemas(groups: GroupClient) -> None:
    """Schema_Discoverability_Test: the validation passes over `id` alone."""
    schemas = {found["id"]: found["attributes"] for found in groups.scim.get("/Schemas").json["Resources"]}

    of_users = flattened(schemas[CORE]) | flattened(schemas[ENTERPRISE], prefix=f"{ENTERPRISE}:")

    assert MAPPED - of_users == set()
    assert MAPPED_OF_GROUPS - flattened(schemas[GROUP]) == set()


@pytest.mark.parametrize("verbose", [True, False], ids=["operation-for-each", "one-operation-for-all"])
@pytest.mark.parametrize("nothing", ["", None], ids=["empty", "null"])
def test_optional_attributes_are_cleared(client: ScimClient, nothing: str | None, verbose: bool) -> None:
    """SCIM_Null_Update_Test: an empty string first, then null over what is cleared already."""
    created = client.create(FILLED)
    assert {path for path in CLEARED if value_at(created, path) is None} == set()
    values = [path for path in CLEARED if verbose or "[" in path]
    together = {path: nothing for path in CLEARED if path not in values}
    operations = [{"op": "replace", "path": path, "value": nothing} for path in values]

    for _ in range(2):
        answer = client.patch(created["id"], *operations, *([{"op": "replace", "value": together}] if together else []))

        assert answer.status == 200, answer.text
        assert {path for path in CLEARED if value_at(answer.json, path) not in (None, "")} == set()
        assert answer.json["externalId"] == FILLED["externalId"]
        assert client.get(f"/Users/{created['id']}").json == answer.json


def test_every_single_value_is_updated(client: ScimClient) -> None:
    """SCIM_User_Create_Test, SCIM_User_Update_Test."""
    created = client.create(FILLED)
    assert created["id"]
    assert created["userName"] == FILLED["userName"]
    paths = [path for path in CLEARED if "[" not in path] + ["userName", "externalId"]

    answer = client.patch(
        created["id"], *({"op": "replace", "path": path, "value": f"New {number}"} for number, path in enumerate(paths))
    )

    assert answer.status == 200
    changed = client.get(f"/Users/{created['id']}").json
    assert [value_at(changed, path) for path in paths] == [f"New {number}" for number in range(len(paths))]


def test_a_group_is_created_and_updated(groups: GroupClient) -> None:
    """Create_Group_Test, Update_Group_Test, POD_Group_Test, SCIM_Group_Create_Test, SCIM_Group_Update_Test."""
    answer = groups.post(group("Finance", externalId="1"))
    assert answer.status == 201
    assert answer.json["displayName"] == "Finance"
    assert groups.find('displayName eq "Finance"') == [answer.json]

    group_id = answer.json["id"]
    operations = [
        {"op": "Replace", "path": "displayName", "value": "Finance and Tax"},
        {"op": "Replace", "path": "externalId", "value": "2"},
    ]
    assert groups.patch(group_id, *operations).status == 204

    changed = groups.read(group_id)
    assert (changed["displayName"], changed["externalId"]) == ("Finance and Tax", "2")


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
def test_pages_of_five_reach_everything(groups: GroupClient, path: str) -> None:
    """SCIM_User_Pagination_Test, SCIM_Group_Pagination_Test: pages of five over eleven."""
    for number in range(11):
        body = user(f"page{number}") if path == "/Users" else group(f"Page {number}")
        assert groups.scim.request("POST", path, body=body).status == 201

    seen: list[str] = []
    for page in range(3):
        answer = groups.scim.get(path, f"startIndex={page * 5 + 1}&count=5")
        assert (answer.status, answer.json["startIndex"], answer.json["totalResults"]) == (200, page * 5 + 1, 11)
        seen += [each["id"] for each in answer.json["Resources"]]

    assert len(seen) == len(set(seen)) == 11

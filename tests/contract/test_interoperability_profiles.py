"""Points of the interoperability profiles that no other test shows, in the modes `tolerant` and `strict`.

IPSIE: openid/ipsie-scim-al, IPSIE AL SCIM 2.0 Profile, draft 00. Interoperability Profile: draft-zollner-scim-interop-
profile, Zollnerd/scim-interop-profile e0e78c2. Both only say which of the choices of RFC 7643 and RFC 7644 are made.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest

from local.service import LocalService
from support.group_client import GROUP, GroupClient
from support.people import CORE, ENTERPRISE, PATCH_OP, UNKNOWN_ID, user
from support.scim_http import Json, ScimClient

UNKNOWN_URN = "urn:example:params:scim:schemas:Unknown"


@pytest.fixture(params=["tolerant", "strict"])
def either(request: pytest.FixtureRequest, service: LocalService, client: ScimClient) -> ScimClient:
    """A client of an account in each mode."""
    service.accounts.configure(client.key.split("_")[1], mode=request.param)
    return replace(client, strict=request.param == "strict")


@pytest.fixture
def strict(service: LocalService, client: ScimClient) -> ScimClient:
    """A client of an account in mode `strict`."""
    service.accounts.configure(client.key.split("_")[1], mode="strict")
    return replace(client, strict=True)


@pytest.mark.parametrize(
    "filter_",
    [
        'username eq "MARA.lind@example.com"',
        'externalId eq "Ext-1"',
        'emails[value eq "mara.lind@example.com"]',
        'emails[type eq "work" and value eq "mara.lind@example.com"]',
        'emails[type eq "work"].value eq "mara.lind@example.com"',
        'userName eq "mara.lind@example.com" and active eq true',
    ],
)
def test_users_are_found_by_what_identity_providers_look_them_up_by(either: ScimClient, filter_: str) -> None:
    emails = [{"value": "mara.lind@example.com", "type": "work"}]
    created = either.create(user(externalId="Ext-1", emails=emails, active=True))
    either.create(user("other", emails=[{"value": "other@example.com", "type": "work"}], externalId="ext-1"))

    assert either.find(filter_) == [created]


def test_case_matters_to_ids_and_not_to_user_names(either: ScimClient) -> None:
    """The same rule for look-ups and for uniqueness."""
    created = either.create(user(externalId="Ext-1"))

    assert either.get(f"/Users/{created['id'].upper()}").status == 404
    assert either.find(f'id eq "{created["id"].upper()}"') == []
    assert either.find('externalId eq "EXT-1"') == []
    assert either.create(user("other", externalId="EXT-1"))["id"] != created["id"]
    assert either.find('userName eq "MARA.LIND@example.com"') == [created]
    assert either.post(user("third", userName="MARA.LIND@example.com")).json["scimType"] == "uniqueness"


@pytest.mark.parametrize(
    "unknown", [{"favouriteColour": "green"}, {UNKNOWN_URN: {"colour": "green"}}], ids=["attribute", "extension"]
)
def test_a_body_with_what_no_schema_has_is_refused_in_strict_mode(strict: ScimClient, unknown: Json) -> None:
    created = strict.create(user())

    for answer in (strict.post(user("other", **unknown)), strict.put(created["id"], user(**unknown))):
        assert (answer.status, answer.json["scimType"]) == (400, "invalidSyntax")

    assert strict.all() == [created]


def test_a_filter_about_an_attribute_of_no_schema_is_refused(groups: GroupClient) -> None:
    for path, filter_ in (("/Users", 'favouriteColour eq "green"'), ("/Groups", 'userName eq "x"')):
        answer = groups.scim.get(path, f"filter={quote(filter_)}")
        assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter")


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
def test_a_deleted_resource_is_gone_for_every_operation(groups: GroupClient, path: str) -> None:
    body = user() if path == "/Users" else {"schemas": [GROUP], "displayName": "Finance"}
    name, value = ("userName", "x@example.com") if path == "/Users" else ("displayName", "x")
    patch = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": name, "value": value}]}
    deleted = groups.scim.request("POST", path, body=body).json["id"]
    assert groups.scim.request("DELETE", f"{path}/{deleted}").status == 204

    answers = [
        groups.scim.request(method, f"{path}/{deleted}", body=sent)
        for method, sent in (("GET", None), ("PUT", body), ("PATCH", patch), ("DELETE", None))
    ]

    assert [answer.status for answer in answers] == [404] * 4
    assert groups.scim.get(path).json["totalResults"] == 0
    assert groups.scim.request("POST", path, body=body).status == 201


def test_discovery_claims_no_profile_and_lists_every_schema_that_it_names(groups: GroupClient) -> None:
    resource_types = groups.scim.get("/ResourceTypes").json["Resources"]
    schemas = {found["id"] for found in groups.scim.get("/Schemas").json["Resources"]}

    assert groups.scim.get("/ServiceProviderConfig").json.get("interopProfileConformant", False) is False
    for found in resource_types:
        assert found["id"] == found["name"]
        assert {found["schema"], *(each["schema"] for each in found["schemaExtensions"])} <= schemas
    assert len({found["endpoint"] for found in resource_types}) == len(resource_types) == 2


def test_types_of_addresses_are_declared(client: ScimClient) -> None:
    attributes = {found["name"]: found for found in client.get(f"/Schemas/{CORE}").json["attributes"]}

    for name in ("emails", "phoneNumbers", "ims", "photos", "addresses"):
        (type_,) = [each for each in attributes[name]["subAttributes"] if each["name"] == "type"]
        assert type_["canonicalValues"], name


@pytest.mark.parametrize("op", ["add", "replace"])
@pytest.mark.parametrize(
    ("path", "value"), [("userName", "new@example.com"), ("active", False), ("title", "Lead"), ("nickName", "M")]
)
def test_add_and_replace_of_a_simple_attribute_do_the_same(
    either: ScimClient, op: str, path: str, value: object
) -> None:
    created = either.create(user(title="Engineer"))

    answer = either.patch(created["id"], {"op": op, "path": path, "value": value})

    assert (answer.status, answer.json[path]) == (200, value)


def test_sub_attributes_that_are_not_sent_stay(either: ScimClient) -> None:
    """With `replace` as with `add`: RFC 7644 section 3.5.2.3 replaces the sub-attributes that are specified."""
    created = either.create(user(name={"givenName": "Mara", "familyName": "Lind"}))

    added = either.patch(created["id"], {"op": "add", "path": "name", "value": {"middleName": "E"}})
    assert added.json["name"] == {"givenName": "Mara", "familyName": "Lind", "middleName": "E"}

    one = either.patch(created["id"], {"op": "replace", "path": "name.givenName", "value": "Maria"})
    assert one.json["name"] == {"givenName": "Maria", "familyName": "Lind", "middleName": "E"}

    replaced = either.patch(created["id"], {"op": "replace", "path": "name", "value": {"givenName": "M"}})
    assert replaced.json["name"] == {"givenName": "M", "familyName": "Lind", "middleName": "E"}


def test_values_are_replaced_all_and_added_one_by_one(either: ScimClient) -> None:
    work = {"value": "mara.lind@example.com", "type": "work"}
    home, other = ({"value": f"{type_}@example.com", "type": type_} for type_ in ("home", "other"))
    created = either.create(user(emails=[work]))

    added = either.patch(created["id"], {"op": "add", "path": "emails", "value": [home]})
    assert added.json["emails"] == [work, home]

    through = either.patch(
        created["id"], {"op": "replace", "path": 'emails[type eq "home"].value', "value": "new@example.com"}
    )
    assert through.json["emails"] == [work, home | {"value": "new@example.com"}]

    replaced = either.patch(created["id"], {"op": "replace", "path": "emails", "value": [other]})
    assert replaced.json["emails"] == [other]


def test_one_patch_changes_many_attributes(either: ScimClient) -> None:
    created = either.create(user())
    values = {"title": "Lead", "name.givenName": "Mara", f"{ENTERPRISE}:department": "Tax", "active": False}

    answer = either.patch(
        created["id"], *({"op": "replace", "path": path, "value": value} for path, value in values.items())
    )

    assert answer.status == 200
    changed = either.get(f"/Users/{created['id']}").json
    assert (changed["title"], changed["active"]) == ("Lead", False)
    assert (changed["name"]["givenName"], changed[ENTERPRISE]["department"]) == ("Mara", "Tax")


def test_fifty_operations_on_members_fit_in_one_patch(groups: GroupClient) -> None:
    people = groups.new_users(50)
    made = groups.create("Finance")

    adds = [{"op": "add", "path": "members", "value": [{"value": each}]} for each in people]
    assert groups.patch(made["id"], *adds).status == 204
    assert groups.members(made["id"]) == people

    removes = [{"op": "remove", "path": f'members[value eq "{each}"]'} for each in people[:49]]
    assert groups.patch(made["id"], *removes, adds[0]).status == 204
    assert groups.members(made["id"]) == [people[0], people[49]]


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
def test_every_list_has_pages_by_index_and_by_cursor(groups: GroupClient, path: str) -> None:
    pagination = groups.scim.get("/ServiceProviderConfig").json["pagination"]
    for name in ("a", "b"):
        body = user(name) if path == "/Users" else {"schemas": [GROUP], "displayName": name}
        assert groups.scim.request("POST", path, body=body).status == 201

    first, second = (groups.scim.get(path, f"startIndex={start}&count=1").json["Resources"] for start in (1, 2))
    page = groups.scim.get(path, "cursor=&count=1").json
    last = groups.scim.get(path, f"count=1&cursor={page['nextCursor']}").json

    assert pagination["index"] is pagination["cursor"] is True
    assert page["Resources"] + last["Resources"] == first + second
    assert first != second
    assert "nextCursor" not in last


def test_a_group_is_made_without_members_and_found_by_what_clients_look_it_up_by(groups: GroupClient) -> None:
    ana = groups.new_user("ana")
    empty, made = groups.create("Empty"), groups.create("Finance", ana, externalId="Ext-1")

    assert groups.members(empty["id"]) == []
    for filter_ in ('displayName eq "finance"', 'externalId eq "Ext-1"', f'members[value eq "{ana}"]'):
        assert groups.find(filter_) == [made]
    assert groups.find(f'members[value eq "{UNKNOWN_ID}"]') == []


def test_what_is_declared_as_never_returned_does_not_come_back(groups: GroupClient) -> None:
    """`password` of a user, `display` of a member: a checker that expects them back reads less than /Schemas says."""
    declared = {
        name: {each["name"]: each for each in groups.scim.get(f"/Schemas/{urn}").json["attributes"]}
        for name, urn in (("user", CORE), ("group", GROUP))
    }
    of_members = {each["name"]: each for each in declared["group"]["members"]["subAttributes"]}
    assert declared["user"]["password"]["returned"] == of_members["display"]["returned"] == "never"

    ana = groups.scim.create(user("ana", password="correct horse"))
    made = groups.post({"schemas": [GROUP], "displayName": "F", "members": [{"value": ana["id"], "display": "Ana"}]})

    assert "password" not in ana
    assert [each.keys() for each in made.json["members"]] == [{"value", "$ref", "type"}]

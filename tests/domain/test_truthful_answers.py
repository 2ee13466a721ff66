"""No answer claims a change that was not made: deactivations and other changes under names that are almost right."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from support.in_process import Client, in_process
from support.made_users import Json, created, patched, read
from support.people import CORE, ENTERPRISE, PATCH_OP, user

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
CUSTOM = "urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User"
OLD_CORE, OLD_ENTERPRISE = "urn:scim:schemas:core:1.0", "urn:scim:schemas:extension:enterprise:1.0"

READ_AS_ACTIVE = ["Active", f"{CORE}.active", f"{CORE.upper()}.ACTIVE", f"{OLD_CORE}:active", f"{OLD_CORE}.User.Active"]
NOT_ACTIVE = [
    "isActive", "IsActive", "is_active", "active.value", "Active.value", "User.active", "user.active", "Users.Active",
    "enabled", "accountEnabled", "suspended", "status", "__ENABLE__", "userStatus.active", "urn:ietf:active",
    "urn:ietf:params:scim:schemas:core:2.0:active", f"{CUSTOM}:active", f"{CUSTOM}.isActive", f"{ENTERPRISE}:active",
    f"{ENTERPRISE}.active", f"{CORE}active", f"{CORE}/active", f"{ENTERPRISE}s:active", "loginEnabled", "isDisabled",
    f"{CORE}:isActive", "name.active", 'active[value eq "true"]', "emails.active",
]  # fmt: skip


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with in_process() as service:
        yield service.account("acme", deprovisioning_limit=None)


def shapes(name: str, value: object) -> Iterator[list[Json]]:
    """The operations by which a client may deactivate a user, alone and among others that are right."""
    named: list[Json] = [{"op": op, "path": name, "value": value} for op in ("add", "replace", "Replace")]
    named += [{"op": op, "value": {name: value}} for op in ("add", "Replace")]
    title = {"op": "replace", "path": "title", "value": "Lead"}
    for operation in named:
        yield [operation]
        yield [title, operation]
        yield [operation, title]
    yield [{"op": "replace", "value": {name: value, "title": "Lead"}}]


@pytest.mark.parametrize("name", NOT_ACTIVE)
def test_a_name_that_is_not_active_never_answers_that_a_user_was_deactivated(client: Client, name: str) -> None:
    made = created(client)

    for value in (False, "False", "inactive"):
        for operations in shapes(name, value):
            answer = patched(client, made, *operations)
            assert (answer.status, answer.body.get("scimType")) == (400, "invalidPath"), (operations, answer.text)
    assert patched(client, made, {"op": "remove", "path": name}).body["scimType"] == "invalidPath"
    assert read(client, made) == made


@pytest.mark.parametrize("name", READ_AS_ACTIVE)
def test_another_form_of_active_deactivates(client: Client, name: str) -> None:
    for value, at in product((False, "False"), range(12)):
        made = created(client)
        operations = list(shapes(name, value))[at]

        assert patched(client, made, *operations).body["active"] is False, operations


@pytest.mark.parametrize("name", NOT_ACTIVE)
def test_a_deactivation_under_another_name_is_refused_in_bulk_too(client: Client, name: str) -> None:
    made = created(client)
    data = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": name, "value": False}]}
    operation = {"method": "PATCH", "path": f"/Users/{made['id']}", "data": data}

    answer = client.call("POST", "/Bulk", {"schemas": [BULK], "Operations": [operation]})

    assert answer.body["Operations"][0]["status"] == "400"


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "value": {CORE: {"active": False}}},
        {"op": "replace", "value": {CORE.lower(): {"Active": "False"}}},
        {"op": "replace", "path": CORE, "value": {"active": False}},
        {"op": "add", "value": {OLD_CORE: {"active": False}}},
    ],
    ids=str,
)
def test_the_core_schema_as_a_container_deactivates(client: Client, operation: Json) -> None:
    made = created(client)

    assert patched(client, made, operation).body["active"] is False


@pytest.mark.parametrize(
    "value",
    [
        {ENTERPRISE: {"active": False}},
        {"urn:core": {"active": False}},
        {CORE: False},
        {OLD_CORE: "inactive"},
        {"http://schemas.example.com/active": False},
        {"User": {"active": False}},
        {"account": {"enabled": False}},
        {"schemas": [CORE], "isActive": False},
    ],
    ids=str,
)
def test_active_in_a_container_that_does_not_have_it_is_refused(client: Client, value: Json) -> None:
    made = created(client)

    for extra in ({}, {"title": "Lead"}):
        assert patched(client, made, {"op": "replace", "value": value | extra}).status == 400
    without = {name: member for name, member in made.items() if name != "active"}
    assert client.call("PUT", f"/Users/{made['id']}", without | value).status == 400
    assert client.call("POST", "/Users", user("other") | {"active": None} | value).status == 400
    assert read(client, made) == made


@pytest.mark.parametrize(
    "member",
    [
        {"isActive": False},
        {"is_active": "False"},
        {"active.value": 0},
        {"User.active": [False]},
        {"User": {"active": False}},
        {ENTERPRISE: {"active": "false"}},
        {f"{CORE}:active": False},
        {f"{CORE}.Active": "False"},
        {f"{OLD_CORE}:active": "no"},
    ],
    ids=str,
)
@pytest.mark.parametrize("active", [True, "True"])
def test_a_body_that_deactivates_under_another_name_only_is_refused(client: Client, member: Json, active: Any) -> None:
    made = created(client)

    for body in (made | {"active": active} | member, member | made):
        assert client.call("PUT", f"/Users/{made['id']}", body).body["scimType"] == "invalidSyntax"
    assert client.call("POST", "/Users", user("other") | {"active": active} | member).status == 400
    assert read(client, made) == made


def test_a_body_with_two_spellings_of_active_is_accepted_if_they_agree(client: Client) -> None:
    made = created(client)

    for member in (
        {f"{CORE}:active": "True"},
        {f"{CORE}.active": None},
        {"isActive": True},
        {"isActive": "since 2020"},
    ):
        assert client.call("PUT", f"/Users/{made['id']}", made | member).body == made


def test_members_of_a_clients_own_are_left_out_of_a_whole_user(client: Client) -> None:
    made = created(client)
    own = {
        "role": "admin",
        "groups": [],
        "password": "Correct-horse-7",
        "profile": {"department": "D", "login": "x"},
        "mfaEnabled": False,
        "locked": True,
        "status": "ACTIVE",
        "customAttributes": {"status": "none", "enabled": False},
        CUSTOM: {"isActive": False, "active": False, "title": "T"},
        f"{CUSTOM}:tag": "blue",
    }

    assert client.call("PUT", f"/Users/{made['id']}", made | own).body == made
    for op in ("add", "replace"):
        assert patched(client, made, {"op": op, "value": made | own}).body == made
    assert created(client, **own).keys() == made.keys()


@pytest.mark.parametrize("name", ["isActive", "User.active", "active.value"])
def test_a_patch_without_path_that_deactivates_under_another_name_only_is_refused(client: Client, name: str) -> None:
    made = created(client)

    for value in ({"active": True, name: False}, {name: "False", "Active": "true", "title": "Lead"}):
        assert patched(client, made, {"op": "replace", "value": value}).body["scimType"] == "invalidPath"
    assert read(client, made) == made


@pytest.mark.parametrize(
    "name",
    [
        "archived",
        "deactivate",
        "isActivated",
        "accountState",
        "lifecycleState",
        "lockedOut",
        "activeStatus",
        "terminated",
    ],
)
def test_a_patch_without_path_whose_other_names_say_that_the_user_left_is_refused(client: Client, name: str) -> None:
    made = created(client)

    assert patched(client, made, {"op": "replace", "value": {name: True, "title": "Lead"}}).status == 400
    assert read(client, made) == made


@pytest.mark.parametrize(
    "name",
    [
        "urn:ietf:params:scim:schemas:core:2.0:title",
        "urn:ietf:params:scim:schemas:core:2.0:Users:name.familyName",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:department",
        "urn:ietf:params:scim:schemas:extension:enterprise:1.0:User:costCenter",
        "urn:ietf:params:scim:schemas:extension:enterprise:1.0:User:manager.value",
    ],
)
def test_a_name_of_the_users_own_under_a_mistyped_urn_is_refused(client: Client, name: str) -> None:
    made = created(client)

    for operations in shapes(name, "x"):
        assert patched(client, made, *operations).body["scimType"] == "invalidPath", operations
    assert patched(client, made, {"op": "remove", "path": name}).body["scimType"] == "invalidPath"


def test_a_name_as_a_json_pointer_is_refused(client: Client) -> None:
    made = created(client)

    for operations in shapes("/name/formatted", "x"):
        assert patched(client, made, *operations).body["scimType"] == "invalidPath", operations


@pytest.mark.parametrize("schemas", [[], None, [ENTERPRISE], [PATCH_OP], ["urn:example:User"], CORE.lower()], ids=str)
def test_a_patch_of_a_whole_user_may_lack_the_users_schema(client: Client, schemas: Any) -> None:
    made = created(client, **{ENTERPRISE: {"department": "D"}})

    for op in ("add", "replace"):
        answer = patched(client, made, {"op": op, "value": made | {"schemas": schemas, "title": op}})
        assert (answer.status, answer.body["title"]) == (200, op)
        assert answer.body["schemas"] == made["schemas"]


@pytest.mark.parametrize("name", ["isActive", "enabled", "accountEnabled", "suspended", "status", "User.active"])
@pytest.mark.parametrize("value", [True, False, "False"])
def test_a_body_that_deactivates_under_another_name_is_refused_unless_it_states_active(
    client: Client, name: str, value: object
) -> None:
    made = created(client)
    silent = {key: member for key, member in made.items() if key != "active"}

    for without in (silent, silent | {"active": None}):
        refused = client.call("PUT", f"/Users/{made['id']}", without | {name: value})
        assert (refused.status, refused.body["scimType"]) == (400, "invalidSyntax")
        assert '"active"' in refused.body["detail"]
    assert client.call("POST", "/Users", user("other") | {"active": None, name: value}).status == 400
    said = client.call("PUT", f"/Users/{made['id']}", made | {name: value, "active": False})
    assert said.body["active"] is False


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (f"{ENTERPRISE}.costCenter", "NEW", {ENTERPRISE: {"costCenter": "NEW", "manager": {"value": "m1"}}}),
        (f"{ENTERPRISE}.manager.value", "m2", {ENTERPRISE: {"costCenter": "C1", "manager": {"value": "m2"}}}),
        (f"{ENTERPRISE}.manager", {"value": "m2"}, {ENTERPRISE: {"costCenter": "C1", "manager": {"value": "m2"}}}),
        (f"{OLD_ENTERPRISE}:costCenter", "NEW", {ENTERPRISE: {"costCenter": "NEW", "manager": {"value": "m1"}}}),
        ("costCenter", "NEW", {ENTERPRISE: {"costCenter": "NEW", "manager": {"value": "m1"}}}),
        (f"{CORE}.title", "NEW", {"title": "NEW"}),
        (f"{CORE}.name.givenName", "NEW", {"name": {"givenName": "NEW", "familyName": "Lind"}}),
        ("familyName", "NEW", {"name": {"givenName": "Mara", "familyName": "NEW"}}),
        ("MiddleName", "NEW", {"name": {"givenName": "Mara", "familyName": "Lind", "middleName": "NEW"}}),
    ],
)
def test_an_unambiguous_short_name_is_resolved(client: Client, path: str, value: Any, expected: Json) -> None:
    stored = {"name": {"givenName": "Mara", "familyName": "Lind"}, "title": "Guide"}
    extension = {ENTERPRISE: {"costCenter": "C1", "manager": {"value": "m1"}}}
    for operation in (
        {"op": "replace", "path": path, "value": value},
        {"op": "add", "path": path, "value": value},
        {"op": "replace", "value": {path: value}},
    ):
        made = created(client, **stored, **extension)

        answer = patched(client, made, operation)

        assert answer.status == 200, answer.text
        assert {name: answer.body[name] for name in expected} == expected


def test_a_removal_under_a_short_name_removes_the_attribute(client: Client) -> None:
    made = created(client, name={"honorificSuffix": "III"}, **{ENTERPRISE: {"division": "D", "department": "X"}})

    answer = patched(
        client,
        made,
        {"op": "remove", "path": f"{ENTERPRISE}.division"},
        {"op": "remove", "path": "department"},
        {"op": "remove", "path": "honorificSuffix"},
    )

    assert not {"name", ENTERPRISE} & answer.body.keys()


@pytest.mark.parametrize("name", ["formatted", "value", "type", "display", "primary", "country", "$ref", "version"])
def test_a_sub_attribute_that_could_be_several_is_refused(client: Client, name: str) -> None:
    made = created(client)

    for operations in shapes(name, "x"):
        assert patched(client, made, *operations).body["scimType"] == "invalidPath"


@pytest.mark.parametrize(
    "path",
    ["nosuch[", "nosuch[type eq", "nosuch]", 'nosuch[type eq "work"', "nosuch", "nosuch.value", "", " ", "urn:",
     "urn:x", f'{CUSTOM}:tags[type eq "a"', f"{CUSTOM}:tags[", f"{CUSTOM}:tags[]", f"{CUSTOM}:a b",
     f"{CUSTOM}:tags[type eq].x", 'colours[type eq "work"].value', 'emails[type eq "work"].colour',
     f"{ENTERPRISE}:favouriteColour", "name.nick"],
)  # fmt: skip
def test_a_path_that_names_nothing_is_refused_whatever_comes_with_it(client: Client, path: str) -> None:
    made = created(client)

    for op in ("add", "remove", "replace"):
        operation = {"op": op, "path": path, "value": "x"}
        for operations in ([operation], [operation, {"op": "replace", "path": "title", "value": "Lead"}]):
            assert patched(client, made, *operations).body["scimType"] == "invalidPath", path


@pytest.mark.parametrize(
    "path",
    [f"{CUSTOM}:tag", f"{CUSTOM}.tag", CUSTOM, f"{CUSTOM}:title", f'{CUSTOM}:tags[type eq "a" and b pr].value',
     f"{CUSTOM}:tags[not (type eq 1)]"],
)  # fmt: skip
def test_attributes_of_an_unsupported_schema_are_left_out(client: Client, path: str) -> None:
    made = created(client)
    custom = {"op": "add", "path": path, "value": "blue"}

    assert patched(client, made, custom).body == made
    assert patched(client, made, custom, {"op": "add", "path": "title", "value": "Lead"}).body["title"] == "Lead"


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "value": {"favouriteColour": "red"}},
        {"op": "replace", "path": "name", "value": {"nickname": "x"}},
        {"op": "add", "path": "emails", "value": [{"verified": True}]},
        {"op": "add", "value": {ENTERPRISE: {"shoeSize": 4}}},
    ],
    ids=str,
)
def test_a_patch_of_which_nothing_remains_is_refused(client: Client, operation: Json) -> None:
    made = created(client)

    assert patched(client, made, operation).body["scimType"] == "invalidPath"
    mixed = patched(client, made, operation, {"op": "add", "path": "title", "value": "Lead"})
    assert (mixed.status, mixed.body["title"]) == (200, "Lead")


def test_another_name_for_the_state_does_no_harm_where_active_is_said(client: Client) -> None:
    made = created(client)

    for value in (
        {"status": "gone"},
        {"isActive": True},
        {ENTERPRISE: {"status": "gone"}},
        {"account": {"enabled": 1}},
    ):
        answer = patched(client, made, {"op": "replace", "value": value | {"Active": False}})
        assert (answer.status, answer.body["active"]) == (200, False)


@pytest.mark.parametrize("name", ["schemas", "id", "meta", "externalId"])
def test_common_attributes_are_left_out_of_an_extension(client: Client, name: str) -> None:
    made = created(client)
    value = {name: [ENTERPRISE], "department": "D"}

    for operation in (
        {"op": "add", "path": ENTERPRISE, "value": value},
        {"op": "replace", "value": {ENTERPRISE: value}},
    ):
        assert patched(client, made, operation).body[ENTERPRISE] == {"department": "D"}
    assert patched(client, made, {"op": "add", "value": {ENTERPRISE: {"title": "T"}}}).status == 400


def test_the_name_of_the_manager_drops_its_own_operation_only(client: Client) -> None:
    made = created(client)
    name = {"op": "replace", "path": f"{ENTERPRISE}:manager.displayName", "value": "Ines"}

    mixed = patched(client, made, name, {"op": "add", "path": "title", "value": "Lead"})

    assert (mixed.status, mixed.body["title"]) == (200, "Lead")
    assert ENTERPRISE not in mixed.body
    assert patched(client, made, name).body["scimType"] == "mutability"
    assert patched(client, made, name, {"op": "replace", "path": "id", "value": "x"}).body["scimType"] == "mutability"


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "active"},
        {"op": "Remove", "path": f"{CORE}:Active"},
        {"op": "remove", "path": f"{CORE}.active"},
        {"op": "replace", "path": "active", "value": None},
        {"op": "add", "path": "active", "value": []},
        {"op": "replace", "path": "active", "value": [None]},
        {"op": "replace", "value": {"ACTIVE": None}},
        {"op": "replace", "value": {"active": [], "title": "Lead"}},
        {"op": "replace", "value": {f"{CORE}:active": None}},
        {"op": "replace", "value": {CORE: {"active": None}}},
        {"op": "replace", "path": "active", "value": ""},
        {"op": "replace", "path": "active", "value": {}},
        {"op": "replace", "value": {"active": {}}},
    ],
    ids=str,
)
def test_a_patch_that_removes_active_lets_no_user_in(client: Client, operation: Json) -> None:
    made = created(client, active=False)

    answer = patched(client, made, operation)

    assert answer.status in (200, 400)
    assert read(client, made)["active"] is False


@pytest.mark.parametrize("value", [None, [], {}, [None], [[]], [{}], "", "null", 0])
def test_a_put_that_does_not_say_that_a_user_is_active_lets_no_user_in(client: Client, value: object) -> None:
    made = created(client, active=False)

    silent = {name: member for name, member in made.items() if name != "active"}

    for body in (silent | {"active": value}, silent | {f"{CORE}:active": value}):
        assert client.call("PUT", f"/Users/{made['id']}", body).status in (200, 400)
        assert read(client, made)["active"] is False


def test_an_operation_after_it_may_let_the_user_in(client: Client) -> None:
    made = created(client, active=False)

    answer = patched(client, made, {"op": "remove", "path": "active"}, {"op": "add", "path": "active", "value": True})

    assert answer.body["active"] is True

"""Bad input about groups: a 4xx that names it and a group as it was, or a success that did what it says; never a 5xx.

After each request the memberships are the same from both sides, and no id of another account is anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from domain.limits import MAX_GROUP_BODY_BYTES, MAX_GROUP_MEMBERS
from local.service import LocalService
from support.group_client import GROUP, GroupClient, add, group, remove, values
from support.people import PATCH_OP, UNKNOWN_ID, bulk, patch, user
from support.scim_http import Answer, Json, ScimClient

REFUSED = {400, 413}
BOTH_MODES = pytest.mark.parametrize("mode", ["tolerant", "strict"])


def in_mode(service: LocalService, groups: GroupClient, mode: Any) -> GroupClient:
    """The same account in that mode."""
    service.accounts.configure(groups.scim.key.split("_")[1], mode=mode)
    return GroupClient(replace(groups.scim, strict=mode == "strict"))


def raw(**members: str) -> bytes:
    """The text of a group's body whose members are given as JSON text."""
    texts = {"schemas": json.dumps([GROUP]), "displayName": '"Engineering"'} | members
    return ("{" + ", ".join(f'"{name}": {text}' for name, text in texts.items()) + "}").encode()


# Body, status, what the detail says. In both modes.
BODIES: dict[str, tuple[Any, int, str]] = {
    "nothing": (b"", 400, "JSON"),
    "not-json": (b"{", 400, "JSON"),
    "array": ([], 400, "object"),
    "null": (b"null", 400, "object"),
    "invalid-utf-8": (b'{"displayName": "\xff"}', 400, "UTF-8"),
    "no-displayName": ({"schemas": [GROUP]}, 400, "displayName"),
    "displayName-null": (group(displayName=None), 400, "displayName"),
    "displayName-empty": (group(displayName=""), 400, "displayName"),
    "displayName-blank": (group(displayName="   "), 400, "displayName"),
    "displayName-number": (group(displayName=5), 400, "displayName"),
    "displayName-true": (group(displayName=True), 400, "displayName"),
    "displayName-object": (group(displayName={"value": 1}), 400, "displayName"),
    "displayName-array": (group(displayName=["a", "b"]), 400, "displayName"),
    "a-long-name": (group("x" * 1_025), 400, "displayName has more than 1024"),
    "a-run-of-marks": (group("e" + "\u0301" * 31), 400, "displayName has more than 30"),
    "half-a-surrogate": (raw(externalId='"\\ud800"'), 400, "surrogate"),
    "externalId-number": (group(externalId=5), 400, "externalId"),
    "externalId-object": (group(externalId={}), 201, ""),
    "externalId-array": (group(externalId=["a", "b"]), 400, "externalId"),
    "schemas-number": (group(schemas=5), 400, "schemas"),
    "members-number": (group(members=7), 400, "members"),
    "members-true": (group(members=True), 400, "members"),
    "members-of-empty-arrays": (group(members=[[[]]]), 400, "members"),
    "member-number": (group(members=[5]), 400, "members[0] must be an object"),
    "member's-value-number": (group(members=[{"value": 5}]), 400, "members[0].value must"),
    "member's-value-object": (group(members=[{"value": {"value": "x"}}]), 400, "members[0].value must"),
    "member's-type-number": (group(members=[{"value": UNKNOWN_ID, "type": 5}]), 400, "members[0].type must"),
    "member-of-type-group": (group(members=[{"value": UNKNOWN_ID, "type": "Group"}]), 400, "nested"),
    "member's-reference-number": (group(members=[{"value": UNKNOWN_ID, "$ref": 5}]), 400, "members[0].$ref must"),
    "member's-display-number": (group(members=[{"value": UNKNOWN_ID, "display": 5}]), 400, "display"),
    "a-member-of-two-bodies": (raw(x='1, "displayName": "b"'), 400, "twice"),
    "nested-40": (raw(members="[" * 40 + "]" * 40), 400, "nested"),
    "larger-than-a-body": (group(externalId="x" * MAX_GROUP_BODY_BYTES), 413, "bytes"),
    "many-members": (group(members=values(*map(str, range(MAX_GROUP_MEMBERS + 1)))), 413, str(MAX_GROUP_MEMBERS)),
    "many-members-of-nothing": (group(members=[{}] * 90_000), 413, ""),
    "7-mb": (group(externalId="x" * 7_000_000), 413, ""),
}


@BOTH_MODES
@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_refused_by_a_create_and_by_a_replace(
    service: LocalService, groups: GroupClient, mode: str, name: str
) -> None:
    groups = in_mode(service, groups, mode)
    body, status, says = BODIES[name]
    before = groups.create("Before", groups.new_user("ana"))

    for answer in (groups.post(body), groups.put(before["id"], body)):
        if status == 201:
            assert answer.status in (201, 200, 409), answer.text
            continue
        assert answer.status == status, answer.text
        assert says in answer.json["detail"]
        assert status != 400 or answer.json["scimType"] in ("invalidSyntax", "invalidValue")
        assert groups.listing()["Resources"] == [before]


PATCHES: dict[str, tuple[Any, int]] = {
    "nothing": (b"", 400),
    "array": ([], 400),
    "no-operations": ({"schemas": [PATCH_OP]}, 400),
    "operation-null": (patch(None), 400),
    "no-op": (patch({"path": "members", "value": []}), 400),
    "unknown-op": (patch({"op": "move", "path": "members"}), 400),
    "path-number": (patch({"op": "add", "path": 1, "value": []}), 400),
    "path-malformed": (patch({"op": "add", "path": "members[", "value": []}), 400),
    "path-of-a-user": (patch({"op": "add", "path": "emails", "value": []}), 400),
    "path-into-nothing": (patch({"op": "replace", "path": "members.nothing", "value": "x"}), 400),
    "path-into-a-filter-of-nothing": (patch({"op": "remove", "path": 'members[nothing eq "x"]'}), 400),
    "remove-without-path": (patch({"op": "remove"}), 400),
    "displayName-removed": (patch({"op": "remove", "path": "displayName"}), 400),
    "displayName-emptied": (patch({"op": "replace", "path": "displayName", "value": " "}), 400),
    "displayName-number": (patch({"op": "replace", "path": "displayName", "value": 5}), 400),
    "id-replaced": (patch({"op": "replace", "path": "id", "value": UNKNOWN_ID}), 400),
    "meta-replaced": (patch({"op": "replace", "path": "meta.created", "value": "2020-01-01T00:00:00Z"}), 400),
    "nested-group": (patch({"op": "add", "path": "members", "value": [{"value": "x", "type": "Group"}]}), 400),
    "member-number": (patch({"op": "add", "path": "members", "value": [5]}), 400),
    "second-of-two": (
        patch({"op": "remove", "path": "members"}, {"op": "replace", "path": "displayName", "value": ""}),
        400,
    ),
    "many-operations": (patch(*[{"op": "remove", "path": "externalId"}] * 1_001), 400),
    "many-members": (patch(add(*map(str, range(MAX_GROUP_MEMBERS + 1)))), 413),
    "many-members-in-two-operations": (
        patch(
            add(*(f"a{n}" for n in range(MAX_GROUP_MEMBERS // 2 + 1))),
            add(*(f"b{n}" for n in range(MAX_GROUP_MEMBERS // 2 + 1))),
        ),
        413,
    ),
    "too-large": (patch({"op": "replace", "path": "externalId", "value": "x" * MAX_GROUP_BODY_BYTES}), 413),
}


@BOTH_MODES
@pytest.mark.parametrize("name", PATCHES)
def test_a_bad_patch_changes_nothing(service: LocalService, groups: GroupClient, mode: str, name: str) -> None:
    groups = in_mode(service, groups, mode)
    body, status = PATCHES[name]
    before = groups.create("Engineering", groups.new_user("ana"), externalId="1")

    answer = groups.scim.request("PATCH", f"/Groups/{before['id']}", body=body)

    assert answer.status == status, answer.text
    assert groups.read(before["id"]) == before


SHAPES: dict[str, Callable[[str], Any]] = {
    "null": lambda _id: None,
    "true": lambda _id: True,
    "number": lambda _id: 5,
    "fraction": lambda _id: 1.5,
    "empty-text": lambda _id: "",
    "text": lambda _id: "x",
    "id": lambda id_: id_,
    "upper-case-id": lambda id_: id_.upper(),
    "empty-list": lambda _id: [],
    "empty-object": lambda _id: {},
    "list-in-list": lambda id_: [[id_]],
    "list-of-null": lambda _id: [None],
    "list-of-empty-object": lambda _id: [{}],
    "list-of-ids": lambda id_: [id_, id_],
    "object": lambda id_: {"value": id_},
    "object-with-null": lambda _id: {"value": None},
    "object-with-number": lambda _id: {"value": 5},
    "object-with-list": lambda id_: {"value": [id_]},
    "object-in-object": lambda id_: {"value": {"value": id_}},
    "other-member": lambda id_: {"id": id_},
    "display-alone": lambda _id: [{"display": "x"}],
    "reference-alone": lambda id_: [{"$ref": f"https://scim.example.com/scim/v2/Users/{id_}"}],
    "reference-of-a-group": lambda id_: [{"value": id_, "$ref": f"../Groups/{id_}"}],
    "null-reference": lambda id_: [{"value": id_, "$ref": None}],
    "type-of-a-user": lambda id_: [{"value": id_, "type": "user"}],
    "type-of-a-group": lambda id_: [{"value": id_, "type": "Group"}],
    "type-null": lambda id_: [{"value": id_, "type": None}],
    "unknown-sub-attribute": lambda id_: [{"value": id_, "role": "owner"}],
    "operation": lambda id_: [{"value": id_, "operation": "delete"}],
    "primary": lambda id_: [{"value": id_, "primary": True}],
    "twice": lambda id_: [{"value": id_}, {"value": id_, "display": "x"}],
    "with-unknown": lambda id_: [{"value": id_}, {"value": UNKNOWN_ID}],
}

PLACES: dict[str, Callable[[GroupClient, str, Any], Answer]] = {
    "post": lambda groups, _id, value: groups.post(group("New", members=value)),
    "put": lambda groups, group_id, value: groups.put(group_id, group(members=value)),
    "add": lambda groups, group_id, value: groups.patch(group_id, {"op": "add", "path": "members", "value": value}),
    "replace": lambda groups, group_id, value: groups.patch(
        group_id, {"op": "replace", "path": "members", "value": value}
    ),
    "remove": lambda groups, group_id, value: groups.patch(
        group_id, {"op": "remove", "path": "members", "value": value}
    ),
    "add-without-path": lambda groups, group_id, value: groups.patch(
        group_id, {"op": "add", "value": {"members": value}}
    ),
    "replace-without-path": lambda groups, group_id, value: groups.patch(
        group_id, {"op": "replace", "value": {"members": value}}
    ),
    "add-value": lambda groups, group_id, value: groups.patch(
        group_id, {"op": "add", "path": "members.value", "value": value}
    ),
    "replace-value": lambda groups, group_id, value: groups.patch(
        group_id, {"op": "replace", "path": "members.value", "value": value}
    ),
    "replace-selected": lambda groups, group_id, value: groups.patch(
        group_id, {"op": "replace", "path": 'members[type eq "User"]', "value": value}
    ),
    "add-selected": lambda groups, group_id, value: groups.patch(
        group_id, {"op": "add", "path": f'members[value eq "{UNKNOWN_ID}"]', "value": value}
    ),
    "replace-type": lambda groups, group_id, value: groups.patch(
        group_id, {"op": "replace", "path": "members.type", "value": value}
    ),
    "urn-path": lambda groups, group_id, value: groups.patch(
        group_id, {"op": "add", "path": f"{GROUP}:members", "value": value}
    ),
}


# On the twin, as so many requests are about the bodies: what they store is what others store in the table.
@pytest.mark.parametrize("service", ["twin"], indirect=True, scope="module")
@BOTH_MODES
@pytest.mark.parametrize("place", PLACES)
def test_any_json_where_members_belong_is_done_or_refused_whole(
    service: LocalService, groups: GroupClient, mode: str, place: str
) -> None:
    groups = in_mode(service, groups, mode)
    ana, ben = groups.new_users(2)
    made: Json = {}
    for name, shape in SHAPES.items():
        made = made or groups.create("Engineering", ben)

        answer = PLACES[place](groups, made["id"], shape(ana))

        said = f"{name}: {answer.status} {answer.text}"
        assert answer.status in {200, 201, 204} | REFUSED, said
        after = groups.listing()["Resources"]
        check_both_sides(groups, after, said)
        if answer.status in REFUSED:
            assert answer.json["scimType"], said
            assert after == [made], said
        if after != [made]:
            assert {groups.delete(found["id"]).status for found in after} == {204}
            made = {}


def check_both_sides(groups: GroupClient, found: list[Json], said: str) -> None:
    """The members of groups are users of the account, each once, and have the groups among their own."""
    users = groups.scim.get("/Users", "attributes=groups").json["Resources"]
    theirs = {(group["value"], user["id"]) for user in users for group in user.get("groups", [])}
    members = [(group["id"], member) for group in found for member in group.get("members", [])]
    assert {(group_id, member["value"]) for group_id, member in members} == theirs, said
    assert len(members) == len(theirs), said
    for _, member in members:
        assert member["type"] == "User", said
        assert member["$ref"].endswith(f"/Users/{member['value']}"), said


def test_each_way_to_name_a_member_is_understood(groups: GroupClient) -> None:
    """The contract's: `add` with a list, an object or a bare id."""
    ana, ben = groups.new_users(2)
    for value in (values(ana), {"value": ana}, ana, [ana]):
        made = groups.create("Engineering", ben)
        assert groups.patch(made["id"], {"op": "add", "path": "members", "value": value}).status == 204
        assert groups.members(made["id"]) == [ana, ben]
        groups.delete(made["id"])


# Unknown users, users of others, groups as members.


def test_an_unknown_member_is_left_out_in_tolerant_mode(groups: GroupClient) -> None:
    ana, ben = groups.new_users(2)
    made = groups.create("Engineering", ana, UNKNOWN_ID)
    assert groups.members(made["id"]) == [ana]

    assert groups.patch(made["id"], add(UNKNOWN_ID, ben)).status == 204
    assert groups.members(made["id"]) == [ana, ben]
    version = groups.read(made["id"])["meta"]["version"]
    assert groups.patch(made["id"], add(UNKNOWN_ID)).status == 204
    assert groups.read(made["id"])["meta"]["version"] == version
    assert groups.put(made["id"], group("Engineering", ben, UNKNOWN_ID)).status == 200
    assert groups.members(made["id"]) == [ben]


def test_an_unknown_member_is_refused_by_name_in_strict_mode(strict_groups: GroupClient) -> None:
    groups = strict_groups
    ana, ben = groups.new_users(2)
    made = groups.create("Engineering", ana)

    for answer in (
        groups.post(group("New", ben, UNKNOWN_ID)),
        groups.put(made["id"], group("Engineering", ben, UNKNOWN_ID)),
        groups.patch(made["id"], add(ben, UNKNOWN_ID)),
        groups.patch(made["id"], {"op": "replace", "path": "members", "value": values(ben, UNKNOWN_ID)}),
    ):
        assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
        assert UNKNOWN_ID in answer.json["detail"]
    assert groups.listing()["Resources"] == [made]


@BOTH_MODES
def test_a_user_of_another_account_is_an_unknown_one(service: LocalService, groups: GroupClient, mode: str) -> None:
    groups = in_mode(service, groups, mode)
    other = ScimClient(service.base_url, service.new_account().text)
    theirs = other.create(user("theirs"))
    made = groups.create("Engineering")

    for operation in (add(theirs["id"]), {"op": "replace", "path": "members", "value": values(theirs["id"])}):
        answer = groups.patch(made["id"], operation)
        unknown = groups.patch(made["id"], json.loads(json.dumps(operation).replace(theirs["id"], UNKNOWN_ID)))
        assert (answer.status, answer.text.replace(theirs["id"], UNKNOWN_ID)) == (unknown.status, unknown.text)
    assert groups.read(made["id"]) == made
    assert other.get(f"/Users/{theirs['id']}").json == theirs


@BOTH_MODES
def test_a_group_is_no_member_of_another_one(service: LocalService, groups: GroupClient, mode: str) -> None:
    groups = in_mode(service, groups, mode)
    inner, outer, ana = groups.create("Inner"), groups.create("Outer"), groups.new_user("ana")

    for member in (
        {"value": inner["id"], "type": "Group"},
        {"value": inner["id"], "type": "group"},
        {"value": inner["id"], "$ref": inner["meta"]["location"]},
        {"value": inner["id"], "$ref": f"../Groups/{inner['id']}"},
    ):
        for answer in (
            groups.patch(outer["id"], {"op": "add", "path": "members", "value": [{"value": ana}, member]}),
            groups.put(outer["id"], group("Outer", members=[{"value": ana}, member])),
            groups.post(group("New", members=[member])),
        ):
            assert (answer.status, answer.json["scimType"]) == (400, "invalidValue"), member
            assert "nested groups are not supported" in answer.json["detail"].lower()

    for group_id in (inner["id"], outer["id"]):
        answer = groups.patch(outer["id"], add(group_id))
        assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    assert groups.read(outer["id"]) == outer
    assert groups.read(inner["id"]) == inner


def test_two_accounts_have_groups_of_one_name(service: LocalService, groups: GroupClient) -> None:
    key = service.new_account()
    service.accounts.configure(key.account, groups=True)
    others = GroupClient(ScimClient(service.base_url, key.text))
    mine, theirs = groups.create("Engineering"), others.create("Engineering", others.new_user("ana"))

    assert groups.listing()["Resources"] == [mine]
    assert others.listing()["Resources"] == [theirs]
    assert groups.get(theirs["id"]).status == groups.delete(theirs["id"]).status == 404
    assert groups.put(theirs["id"], group()).status == groups.patch(theirs["id"], add()).status == 404
    assert groups.find(f'id eq "{theirs["id"]}"') == groups.find(f'members eq "{theirs["members"][0]["value"]}"') == []
    assert others.read(theirs["id"]) == theirs


def test_a_deleted_user_leaves_every_group_at_once(groups: GroupClient) -> None:
    ana, ben = groups.new_users(2)
    made = [groups.create(f"Group {number}", ana, ben) for number in range(3)]

    assert groups.scim.delete(ana).status == 204

    for each in made:
        after = groups.read(each["id"])
        assert [member["value"] for member in after["members"]] == [ben]
        assert after["meta"]["version"] != each["meta"]["version"]
    assert groups.find(f'members.value eq "{ana}"') == []
    assert groups.patch(made[0]["id"], remove(ana)).status == 204
    assert groups.patch(made[0]["id"], add(ana)).status == 204
    assert groups.members(made[0]["id"]) == [ben]


def test_a_deleted_group_touches_no_user(groups: GroupClient) -> None:
    ana = groups.new_user("ana")
    kept = groups.create("Kept", ana)
    before = groups.scim.get(f"/Users/{ana}").json
    made = groups.create("Engineering", ana)
    groups.delete(made["id"])

    assert groups.scim.get(f"/Users/{ana}").json == before
    of_user = groups.scim.get(f"/Users/{ana}", "attributes=groups").json["groups"]
    assert [entry["value"] for entry in of_user] == [kept["id"]]
    assert groups.scim.find(f'groups eq "{made["id"]}"') == []


@pytest.mark.parametrize("group_id", ["1", "not-an-id", "0" * 2000, "%00", "a%2Fb", "%ff", ".", "*", UNKNOWN_ID])
def test_a_malformed_or_unknown_id_is_not_found(groups: GroupClient, group_id: str) -> None:
    for answer in (
        groups.get(group_id),
        groups.put(group_id, group()),
        groups.patch(group_id, add()),
        groups.delete(group_id),
    ):
        assert answer.status == 404


def test_an_id_of_a_user_is_no_groups_and_the_other_way_round(groups: GroupClient) -> None:
    ana = groups.new_user("ana")
    made = groups.create("Engineering", ana)

    assert groups.get(ana).status == groups.delete(ana).status == groups.put(ana, group()).status == 404
    assert groups.scim.get(f"/Users/{made['id']}").status == groups.scim.delete(made["id"]).status == 404
    assert groups.members(made["id"]) == [ana]


# Versions.


def test_every_change_of_attributes_or_members_has_a_version_of_its_own(groups: GroupClient) -> None:
    ana, ben = groups.new_users(2)
    made = groups.create("Engineering")
    versions = [made["meta"]["version"]]
    for operation in (
        add(ana),
        {"op": "replace", "path": "displayName", "value": "Research"},
        add(ben),
        remove(ana),
        {"op": "replace", "path": "members", "value": values(ana)},
        {"op": "remove", "path": "members"},
    ):
        answer = groups.patch(made["id"], operation)
        assert answer.status == 204
        read = groups.get(made["id"])
        # Where only members change, others may change them at the same moment, and the version is not known.
        assert answer.headers.get("etag", read.headers["etag"]) == read.headers["etag"]
        assert read.headers["etag"] == read.json["meta"]["version"]
        versions.append(read.headers["etag"])

    assert len(set(versions)) == len(versions)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("members", [False, True], ids=["attributes", "members"])
def test_another_version_is_not_changed(groups: GroupClient, method: str, members: bool) -> None:
    ana, ben = groups.new_users(2)
    made = groups.create("Engineering", ana)
    operation = add(ben) if members else {"op": "replace", "path": "displayName", "value": "x"}
    body = {"PUT": group("x", ana, *([ben] if members else [])), "PATCH": patch(operation), "DELETE": None}[method]
    path = f"/Groups/{made['id']}"

    refused = groups.scim.request(method, path, body=body, headers={"If-Match": 'W/"9"'})
    assert refused.status == 412
    assert groups.read(made["id"]) == made

    done = groups.scim.request(method, path, body=body, headers={"If-Match": made["meta"]["version"]})
    assert done.status in (200, 204)
    again = groups.scim.request(method, path, body=body, headers={"If-Match": made["meta"]["version"]})
    assert again.status == (404 if method == "DELETE" else 412)


def test_an_unchanged_group_is_not_sent_again(groups: GroupClient) -> None:
    made = groups.create("Engineering")
    path, seen = f"/Groups/{made['id']}", {"If-None-Match": made["meta"]["version"]}

    unchanged = groups.scim.request("GET", path, headers=seen)
    assert (unchanged.status, unchanged.text) == (304, "")
    groups.patch(made["id"], add(groups.new_user("ana")))
    assert groups.scim.request("GET", path, headers=seen).status == 200


# What is asked for.


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"schemas", "id", "displayName", "externalId", "members", "meta"}),
        ("attributes=members", {"schemas", "id", "members"}),
        ("attributes=members.value", {"schemas", "id", "members"}),
        ("attributes=MEMBERS", {"schemas", "id", "members"}),
        (f"attributes={GROUP}:members", {"schemas", "id", "members"}),
        (f"attributes={GROUP}:members.value", {"schemas", "id", "members"}),
        ("attributes=displayName", {"schemas", "id", "displayName"}),
        ("attributes=displayName,members", {"schemas", "id", "displayName", "members"}),
        ("attributes=nothing", {"schemas", "id"}),
        ("attributes=userName", {"schemas", "id"}),
        ("attributes=meta.version", {"schemas", "id", "meta"}),
        ("excludedAttributes=members", {"schemas", "id", "displayName", "externalId", "meta"}),
        (f"excludedAttributes={GROUP}:members", {"schemas", "id", "displayName", "externalId", "meta"}),
        ("excludedAttributes=members.display", {"schemas", "id", "displayName", "externalId", "members", "meta"}),
        ("excludedAttributes=members,meta", {"schemas", "id", "displayName", "externalId"}),
        ("excludedAttributes=id", {"schemas", "id", "displayName", "externalId", "members", "meta"}),
    ],
)
def test_the_attributes_asked_for_are_answered(groups: GroupClient, query: str, expected: set[str]) -> None:
    ana = groups.new_user("ana")
    made = groups.create("Engineering", ana, externalId="1")
    change = patch({"op": "replace", "path": "externalId", "value": "1"})

    one = groups.get(made["id"], query)
    (listed,) = groups.listing(query)["Resources"]
    put = groups.scim.request("PUT", f"/Groups/{made['id']}", query, group("Engineering", ana, externalId="1"))
    patched = groups.scim.request("PATCH", f"/Groups/{made['id']}", query, change)

    assert one.json.keys() == expected
    assert listed == one.json == put.json
    if query:
        assert (patched.status, patched.json) == (200, one.json)
    else:
        assert (patched.status, patched.text) == (204, "")
    if "members" in expected:
        assert [member["value"] for member in one.json["members"]] == [ana]


def test_asking_for_and_leaving_out_at_once_is_refused(groups: GroupClient) -> None:
    made = groups.create()

    answer = groups.get(made["id"], "attributes=members&excludedAttributes=members")

    assert answer.status == 400


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ('members pr', {"A", "B"}),
        ('not (members pr)', {"C"}),
        ('members[value eq "{ana}"]', {"A", "B"}),
        ('members.value eq "{ben}"', {"B"}),
        ('members eq "{ben}"', {"B"}),
        ('members.value eq "{ana}" and members.value eq "{ben}"', {"B"}),
        ('members.value eq "{ben}" or displayName eq "c"', {"B", "C"}),
        ('members[value eq "{ana}" and type eq "User"] and displayName sw "a"', {"A"}),
        ('displayName co "A" or displayName gt "b"', {"A", "C"}),
        ('id eq "{A}" and members eq "{ana}"', {"A"}),
        ('id eq "{C}" and members eq "{ana}"', set()),
        ('externalId eq "x"', {"A", "B"}),
        ('externalId eq "X"', set()),
        ('meta.resourceType eq "Group"', {"A", "B", "C"}),
        ('meta.resourceType eq "User"', set()),
        (f'schemas eq "{GROUP}"', {"A", "B", "C"}),
    ],
)  # fmt: skip
def test_filters_over_every_attribute(groups: GroupClient, filter_: str, found: set[str]) -> None:
    ana, ben = groups.new_users(2)
    made = {
        "A": groups.create("A", ana, externalId="x"),
        "B": groups.create("B", ana, ben, externalId="x"),
        "C": groups.create("C"),
    }
    for name, value in {"ana": ana, "ben": ben, **{name: each["id"] for name, each in made.items()}}.items():
        filter_ = filter_.replace("{" + name + "}", value)

    for query in ("", "excludedAttributes=members", "sortBy=displayName", "count=100"):
        assert {each["displayName"] for each in groups.find(filter_, query)} == found, query


@pytest.mark.parametrize("filter_", ['userName eq "x"', "members eq", 'members[value "x"]', "members.nothing pr", "("])
def test_a_bad_filter_is_refused(groups: GroupClient, filter_: str) -> None:
    groups.create()

    answer = groups.scim.request("POST", "/Groups/.search", body={"filter": filter_})

    assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter")


@pytest.mark.parametrize("filter_", ['groups.value eq "{id}"', 'groups[value eq "{id}"]', 'groups eq "{id}"'])
def test_users_are_found_by_their_groups(groups: GroupClient, filter_: str) -> None:
    ana, ben = groups.new_users(2)
    made = groups.create("Engineering", ben)

    (found,) = groups.scim.find(filter_.replace("{id}", made["id"]))

    assert found["id"] == ben
    assert groups.scim.find(filter_.replace("{id}", UNKNOWN_ID)) == []
    assert groups.scim.find(filter_.replace("{id}", ana)) == []


def test_the_groups_of_a_user_come_when_they_are_asked_for(groups: GroupClient) -> None:
    ana = groups.new_user("ana")
    made = groups.create("Engineering", ana)

    assert "groups" not in groups.scim.get(f"/Users/{ana}").json
    assert "groups" not in groups.scim.all()[0]
    (entry,) = groups.scim.get(f"/Users/{ana}", "attributes=userName,groups").json["groups"]
    assert entry == {
        "value": made["id"],
        "$ref": made["meta"]["location"],
        "display": "Engineering",
        "type": "direct",
    }
    (listed,) = groups.scim.get("/Users", "attributes=groups").json["Resources"]
    assert listed["groups"] == [entry]


def test_groups_in_the_body_of_a_user_are_ignored(groups: GroupClient) -> None:
    made = groups.create("Engineering")

    created = groups.scim.create(user("ana", groups=[{"value": made["id"]}]))

    assert groups.members(made["id"]) == []
    assert "groups" not in groups.scim.get(f"/Users/{created['id']}", "attributes=groups").json


# Pages.


def test_a_cursor_of_users_or_of_another_account_is_none_of_groups(service: LocalService, groups: GroupClient) -> None:
    key = service.new_account()
    service.accounts.configure(key.account, groups=True)
    others = GroupClient(ScimClient(service.base_url, key.text))
    for client in (groups, others):
        for number in range(2):
            client.create(f"Group {number}")
            client.new_user(f"user{number}")
    mine = groups.listing("cursor=&count=1")["nextCursor"]
    of_users = groups.scim.get("/Users", "cursor=&count=1").json["nextCursor"]
    theirs = others.listing("cursor=&count=1")["nextCursor"]

    assert len(groups.listing(f"cursor={mine}&count=1")["Resources"]) == 1
    for path, cursor in (("/Groups", of_users), ("/Groups", theirs), ("/Users", mine)):
        answer = groups.scim.get(path, f"cursor={cursor}&count=1")
        assert (answer.status, answer.json["scimType"]) == (400, "invalidCursor")


@pytest.mark.parametrize("query", ["", "&sortBy=displayName", "&sortBy=displayName&sortOrder=descending"])
def test_a_crawl_by_cursor_sees_each_group_once(groups: GroupClient, query: str) -> None:
    names = [groups.create(f"Group {number}")["displayName"] for number in range(5)]

    seen, cursor = [], ""
    for _ in range(5):
        page = groups.listing(f"cursor={cursor}&count=2{query}")
        assert page["totalResults"] == 5
        seen += [found["displayName"] for found in page["Resources"]]
        if "nextCursor" not in page:
            break
        cursor = page["nextCursor"]

    assert sorted(seen) == names
    if query:
        assert seen == sorted(names, reverse="desc" in query)


def test_the_root_search_finds_users_and_groups(groups: GroupClient) -> None:
    ana = groups.new_user("ana")
    made = groups.create("Engineering", ana)

    everything = groups.scim.request("POST", "/.search", body={})
    by_id = groups.scim.request("POST", "/.search", body={"filter": f'id eq "{made["id"]}"'})

    assert {found["id"] for found in everything.json["Resources"]} == {ana, made["id"]}
    assert everything.json["totalResults"] == 2
    assert by_id.json["Resources"] == [made]


# Bulk.


def test_a_bulk_request_makes_users_and_the_group_that_they_are_in(groups: GroupClient) -> None:
    members = [{"value": "bulkId:ana"}, {"value": "bulkId:ben"}]
    answer = groups.scim.request(
        "POST",
        "/Bulk",
        body=bulk(
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group("Engineering", members=members)},
            {"method": "POST", "path": "/Users", "bulkId": "ana", "data": user("ana")},
            {"method": "POST", "path": "/Users", "bulkId": "ben", "data": user("ben")},
            {"method": "PATCH", "path": "/Groups/bulkId:g", "data": patch(remove("bulkId:ben"))},
        ),
    )

    assert answer.status == 200
    assert [each["status"] for each in answer.json["Operations"][:3]] == ["201"] * 3
    (made,) = groups.listing()["Resources"]
    ana = groups.scim.find('userName eq "ana@example.com"')[0]["id"]
    assert ana in groups.members(made["id"])


def test_groups_that_name_each_other_in_a_bulk_request_are_refused(groups: GroupClient) -> None:
    def of(name: str, member: str) -> Json:
        data = group(name, members=[{"value": f"bulkId:{member}"}])
        return {"method": "POST", "path": "/Groups", "bulkId": name, "data": data}

    for operations in ([of("a", "b"), of("b", "a")], [of("c", "c")], [of("d", "unknown")]):
        answer = groups.scim.request("POST", "/Bulk", body=bulk(*operations))
        assert answer.status == 200, answer.text
        results = answer.json["Operations"]
        assert {each["status"] for each in results} <= {"400", "409"}
        # What was created before its reference was found wrong is named, as among users.
        left = groups.listing()["Resources"]
        assert {found["id"] for found in left} == {
            each["location"].rsplit("/", 1)[1] for each in results if "location" in each
        }
        for found in left:
            assert "members" not in found
            groups.delete(found["id"])


def test_bulk_operations_on_a_group_are_refused_one_by_one(groups: GroupClient) -> None:
    ana = groups.new_user("ana")
    made = groups.create("Engineering", ana)
    path = f"/Groups/{made['id']}"

    answer = groups.scim.request(
        "POST",
        "/Bulk",
        body=bulk(
            {"method": "PATCH", "path": path, "version": 'W/"9"', "data": patch({"op": "remove", "path": "members"})},
            {"method": "POST", "path": "/Groups", "bulkId": "b", "data": group("engineering")},
            {"method": "PUT", "path": f"/Groups/{UNKNOWN_ID}", "data": group("New")},
            {"method": "PUT", "path": "/Groups", "data": group("New")},
            {"method": "PUT", "path": path, "data": group("Research", ana)},
            {"method": "DELETE", "path": f"/Groups/{UNKNOWN_ID}"},
        ),
    )

    statuses = [each["status"] for each in answer.json["Operations"]]
    assert [statuses[0], statuses[1], statuses[2], statuses[4], statuses[5]] == ["412", "409", "404", "200", "404"]
    assert statuses[3].startswith("4")
    assert groups.read(made["id"])["displayName"] == "Research"
    assert groups.members(made["id"]) == [ana]


def test_bulk_operations_on_groups_are_refused_where_groups_are_off(client: ScimClient) -> None:
    created = {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group()}

    answer = client.request("POST", "/Bulk", body=bulk(created))

    assert answer.status == 200
    assert answer.json["Operations"][0]["status"].startswith("4")


@pytest.mark.parametrize("by_bulk", [False, True], ids=["delete", "bulk"])
def test_a_user_deleted_while_groups_are_off_is_a_member_of_none_afterwards(
    service: LocalService, groups: GroupClient, by_bulk: bool
) -> None:
    ana, bob = groups.new_user("ana"), groups.new_user("bob")
    made = groups.create("Engineering", ana, bob)
    account = groups.scim.key.split("_")[1]

    service.accounts.configure(account, groups=False)
    if by_bulk:
        groups.scim.request("POST", "/Bulk", body=bulk({"method": "DELETE", "path": f"/Users/{ana}"}))
    else:
        groups.scim.request("DELETE", f"/Users/{ana}")
    service.accounts.configure(account, groups=True)

    assert groups.members(made["id"]) == [bob]


# Size.


def test_a_thousand_members_in_one_request(groups: GroupClient) -> None:
    made = groups.create("Everybody")
    people = []
    for start in range(0, 1000, 200):
        operations = [
            {"method": "POST", "path": "/Users", "bulkId": str(n), "data": user(f"person{n}")}
            for n in range(start, start + 200)
        ]
        answer = groups.scim.request("POST", "/Bulk", body=bulk(*operations))
        people += [each["location"].rsplit("/", 1)[1] for each in answer.json["Operations"]]
    assert len(set(people)) == 1000

    assert groups.patch(made["id"], add(*people)).status == 204
    assert groups.members(made["id"]) == sorted(people)
    assert groups.patch(made["id"], {"op": "remove", "path": "members", "value": values(*people[:700])}).status == 204
    assert groups.members(made["id"]) == sorted(people[700:])
    assert groups.patch(made["id"], {"op": "replace", "path": "members", "value": values(*people[:900])}).status == 204
    assert groups.members(made["id"]) == sorted(people[:900])
    assert groups.put(made["id"], group("Everybody", members=[])).status == 200
    assert groups.members(made["id"]) == []

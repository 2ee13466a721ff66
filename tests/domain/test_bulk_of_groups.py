"""Bulk requests over users and groups: references between both, in any order and in circles; failures by endpoint."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from domain.changes.bulk import BulkJob
from domain.changes.users import Users
from domain.messages import BULK_REQUEST_URN
from domain.resources.user_schema import CORE_URN as USER_URN
from domain.resources.user_schema import USER
from domain.tolerances import reader_for
from support.made_groups import NOW, Account, Json, group, patch, values
from support.samples import Patience

BOTH = pytest.mark.parametrize("tolerant", [False, True], ids=["strict", "tolerant"])


def job(account: Account, *, tolerant: bool = True, groups: bool = True, deadline: Patience | None = None) -> BulkJob:
    ids = count(1)
    reader = reader_for(USER, tolerant=tolerant, noted=account.noted)
    users = Users(account.users, Patience(), lambda: NOW, lambda: f"user-{next(ids)}", reader, account.effects)
    changes: dict[str, Any] = {"/Users": users} | ({"/Groups": account.groups} if groups else {})
    return BulkJob(changes, reader, deadline or Patience(), lambda endpoint, each: f"{endpoint}/{each}", lambda _: None)


def run(account: Account, *operations: Json, tolerant: bool = True, **members: Any) -> list[Json]:
    body = {"schemas": [BULK_REQUEST_URN], "Operations": list(operations)} | members
    answered: list[Json] = job(account, tolerant=tolerant).run(body)["Operations"]
    return answered


def user(bulk_id: str, **attributes: Any) -> Json:
    data = {"schemas": [USER_URN], "userName": f"{bulk_id}@example.com"} | attributes
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data}


def made(bulk_id: str, *members: str) -> Json:
    data = group(bulk_id, members=values(*members))
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data}


@BOTH
def test_members_refer_to_users_of_the_same_request_before_and_after_them(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)

    answer = run(account, user("u1"), made("g", "bulkId:u1", "bulkId:u2", "ada"), user("u2"), tolerant=tolerant)

    assert [each["status"] for each in answer] == ["201"] * 3
    assert [each["location"] for each in answer] == ["/Users/user-1", "/Groups/group-1", "/Users/user-2"]
    assert account.members("group-1") == {"user-1", "user-2", "ada"}


@BOTH
def test_a_patch_of_a_new_group_adds_new_users(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    add = patch({"op": "add", "path": "members", "value": values("bulkId:u", "ada")})

    answer = run(
        account,
        {"method": "PATCH", "path": "/Groups/bulkId:g", "data": add},
        made("g"),
        user("u"),
        tolerant=tolerant,
    )

    assert [each["status"] for each in answer] == ["200", "201", "201"]
    assert account.members("group-1") == {"user-1", "ada"}
    assert answer[0]["location"] == "/Groups/group-1"
    assert "version" not in answer[0]


@BOTH
def test_every_method_goes_to_groups_with_versions(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made("ada")
    other = account.made(name="Other")
    rename = patch({"op": "replace", "path": "displayName", "value": "New"})

    answer = run(
        account,
        {"method": "PATCH", "path": f"/Groups/{group_id}", "data": rename, "version": 'W/"1"'},
        {"method": "PUT", "path": f"/Groups/{group_id}", "data": group("Newer", members=values("bob"))},
        {"method": "DELETE", "path": f"/Groups/{other}", "version": 'W/"9"'},
        {"method": "DELETE", "path": f"/Groups/{other}"},
        {"method": "DELETE", "path": "/Users/ada"},
        tolerant=tolerant,
    )

    assert [each["status"] for each in answer] == ["200", "200", "412", "204", "204"]
    assert [each.get("version") for each in answer] == ['W/"2"', 'W/"3"', None, None, None]
    assert account.members(group_id) == {"bob"}


@BOTH
def test_a_user_and_a_group_that_name_each_other_are_both_made(tolerant: bool) -> None:
    """`groups` of a user is readOnly and ignored, but it refers to the group all the same."""
    account = Account(tolerant=tolerant)

    answer = run(
        account,
        user("u", groups=[{"value": "bulkId:g"}]),
        made("g", "bulkId:u", "ada"),
        tolerant=tolerant,
    )

    assert [each["status"] for each in answer] == ["201", "201"]
    assert account.members("group-1") == {"user-1", "ada"}


@BOTH
def test_groups_within_groups_are_refused_by_reference_too(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)

    answer = run(account, made("inner"), made("outer", "bulkId:inner"), made("self", "bulkId:self"), tolerant=tolerant)

    assert [each["status"] for each in answer] == ["201", "400", "400"]
    for failed in answer[1:]:
        assert "nested groups are not supported" in failed["response"]["detail"]


def test_a_member_who_was_not_made_fails_the_group_alone() -> None:
    account = Account()

    answer = run(
        account, user("bad", userName=5), made("g", "bulkId:bad"), made("h", "bulkId:no-one"), made("fine", "ada")
    )

    assert [each["status"] for each in answer] == ["400", "409", "409", "201"]


def test_failures_name_endpoint_and_id() -> None:
    account = Account()
    bulk = job(account)

    bulk.run({
        "schemas": [BULK_REQUEST_URN],
        "Operations": [
            {"method": "PATCH", "path": "/Groups/no-one", "data": patch({"op": "remove", "path": "members"})},
            {"method": "DELETE", "path": "/Users/no-one"},
            {"method": "DELETE", "path": "/Devices/no-one"},
            made("g", "bulkId:none"),
        ],
    })  # fmt: skip

    assert [(each.position, each.endpoint, each.resource_id) for each in bulk.failures] == [
        (0, "/Groups", "no-one"),
        (1, "/Users", "no-one"),
        (2, None, None),
        (3, "/Groups", None),
    ]


@pytest.mark.parametrize("path", ["/Devices", "/Groups/x", "/", "", "Groups/x/y", "/groups"])
def test_a_post_elsewhere_is_not_found(path: str) -> None:
    account = Account()

    [answer] = run(account, made("g") | {"path": path})

    assert answer["status"] == "404"
    assert "a POST goes to /Users or /Groups." in answer["response"]["detail"]


def test_without_groups_nothing_is_at_their_endpoint() -> None:
    account = Account()
    body = {"schemas": [BULK_REQUEST_URN], "Operations": [made("g"), user("u")]}

    answer = job(account, groups=False).run(body)["Operations"]

    assert [each["status"] for each in answer] == ["404", "201"]
    assert "Groups are off for this account." in answer[0]["response"]["detail"]
    assert "location" not in answer[0]

"""How many members a body may name: many where they are a group's, as few as of any other array elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from domain.errors import InvalidValue, PayloadTooLarge
from domain.limits import MAX_BULK_PAYLOAD, MAX_GROUP_MEMBERS, MAX_VALUES
from domain.messages import BULK_REQUEST_URN
from domain.resources.attributes import ResourceType
from domain.resources.group_schema import CORE_URN, GROUP
from domain.resources.user_schema import USER
from handlers.http import HttpRequest
from support.people import patch

Body = dict[str, Any]
Make = Callable[[list[Body]], Body]

GROUPS: dict[str, Make] = {
    "create or replace": lambda values: {"schemas": [CORE_URN], "displayName": "g", "members": values},
    "in another case": lambda values: {"schemas": [CORE_URN], "displayName": "g", "MEMBERS": values},
    "path": lambda values: patch({"op": "add", "path": "members", "value": values}),
    "path in another case": lambda values: patch({"op": "add", "path": "Members", "value": values}),
    "path with URN": lambda values: patch({"op": "add", "path": f"{CORE_URN}:members", "value": values}),
    "path with filter": lambda values: patch({"op": "remove", "path": 'members[type eq "User"]', "value": values}),
    "operation in another case": lambda values: patch({"Op": "Add", "Path": "members", "Value": values}),
    "no path": lambda values: patch({"op": "add", "value": {"members": values}}),
    "no path, with URN": lambda values: patch({"op": "add", "value": {f"{CORE_URN}:members": values}}),
}
OTHERS: dict[str, Make] = {
    "another attribute": lambda values: {"displayName": "g", "emails": values},
    "another path": lambda values: patch({"op": "add", "path": "emails", "value": values}),
    "another name that ends so": lambda values: {"displayName": "g", "remembers": values},
    "an inner array": lambda values: {"displayName": "g", "members": [{"value": "a", "roles": values}]},
    "no path": lambda values: patch({"op": "add", "value": values}),
}


def people(count: int) -> list[Body]:
    return [{"value": str(UUID(int=number))} for number in range(count)]


def bulk(data: Body) -> Body:
    operation = {"method": "POST", "path": "/Groups", "bulkId": "1", "data": data}
    return {"schemas": [BULK_REQUEST_URN], "Operations": [operation]}


def read(body: Body, *types: ResourceType, max_bytes: int | None = None) -> Body:
    content = json.dumps(body, separators=(",", ":")).encode()
    request = HttpRequest("POST", "/", None, {}, {}, content, "https://scim.example.com", None, "")
    return request.json_object(*types, max_bytes=max_bytes)


@pytest.mark.parametrize("make", GROUPS.values(), ids=GROUPS)
def test_a_request_may_name_ten_thousand_members_and_no_more(make: Make) -> None:
    largest = make(people(MAX_GROUP_MEMBERS))

    assert read(largest, GROUP) == largest
    with pytest.raises(PayloadTooLarge, match="10001 values") as refused:
        read(make(people(MAX_GROUP_MEMBERS + 1)), GROUP)
    assert refused.value.attribute == "members"


@pytest.mark.parametrize("make", GROUPS.values(), ids=GROUPS)
def test_a_bulk_operation_may_name_as_many(make: Make) -> None:
    largest = bulk(make(people(MAX_GROUP_MEMBERS)))

    assert read(largest, USER, GROUP, max_bytes=MAX_BULK_PAYLOAD) == largest
    with pytest.raises(PayloadTooLarge, match="10001 values"):
        read(bulk(make(people(MAX_GROUP_MEMBERS + 1))), USER, GROUP, max_bytes=MAX_BULK_PAYLOAD)


@pytest.mark.parametrize("types", [(GROUP,), (USER, GROUP)], ids=["group", "both"])
@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_any_other_array_is_as_short_as_ever(make: Make, types: tuple[ResourceType, ...]) -> None:
    read(make(people(MAX_VALUES)), *types)
    with pytest.raises(InvalidValue, match="501 values"):
        read(make(people(MAX_VALUES + 1)), *types)


@pytest.mark.parametrize("make", GROUPS.values(), ids=GROUPS)
def test_members_in_a_request_about_a_user_are_as_short_as_ever(make: Make) -> None:
    with pytest.raises(InvalidValue, match="501 values"):
        read(make(people(MAX_VALUES + 1)), USER)

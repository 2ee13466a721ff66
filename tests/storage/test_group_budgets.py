"""Budgets of DynamoDB calls and units for groups, as the second table of docs/data-model.md promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from adapters.dynamodb import DynamoDBAccount, Table, Usage
from domain.messages import PATCH_OP_URN
from domain.ports import MemberChange
from domain.resources.group_schema import CORE_URN, DISPLAY_NAME
from domain.resources.stored_group import StoredGroup
from storage.budgets import budgets
from support.engines import ENGINES, OneAtATime, make_table, new_client
from support.in_process import Answer
from support.loading import load
from support.samples import LATER, Groups, Patience, person_of, with_name
from support.served import Request, served

BUDGETS = budgets("### Groups")
CROWD = 700
SIZES = (10, 600)
"""Members of the groups whose budgets are the same."""


@dataclass
class Scene:
    """A crowd of users, a small and a large group of them, and an account whose calls are counted."""

    table: Table
    ids: list[str]
    groups: dict[int, StoredGroup]
    make: Groups
    numbers: Iterator[int]
    has_units: bool

    def account(self, usage: Usage | None = None) -> DynamoDBAccount:
        return self.table.account("default", Patience(), usage)

    def current(self, size: int) -> StoredGroup:
        current = self.account().groups.get(self.groups[size].id)
        assert current is not None
        return current

    def outsider(self) -> str:
        """A user who is in no group, another one each time."""
        return self.ids[SIZES[1] + next(self.numbers)]


Work = Callable[[DynamoDBAccount], object]


def change(scene: Scene, size: int, user_id: str, *, joins: bool) -> Work:
    def work(account: DynamoDBAccount) -> None:
        current = account.groups.get(scene.groups[size].id)
        assert current is not None
        found = account.groups.candidates(current, [user_id])
        if joins is (user_id in found.members):
            return
        members = MemberChange((user_id,)) if joins else MemberChange((), (user_id,))
        account.groups.change(current, current.touched(LATER), members)

    return work


def leave(scene: Scene, size: int) -> Work:
    user_id = scene.outsider()
    change(scene, size, user_id, joins=True)(scene.account())
    return change(scene, size, user_id, joins=False)


def patch(scene: Scene, size: int) -> Work:
    def work(account: DynamoDBAccount) -> None:
        current = account.groups.get(scene.groups[size].id)
        assert current is not None
        renumbered = with_name(current, current.display_name, externalId=f"e{next(scene.numbers)}")
        account.groups.change(current, renumbered, MemberChange())

    return work


def delete_user(scene: Scene, size: int, *, joins: bool) -> Work:
    user_id = scene.outsider()
    if joins:
        change(scene, size, user_id, joins=True)(scene.account())

    def work(account: DynamoDBAccount) -> None:
        user = account.users.get(user_id)
        assert user is not None
        account.users.delete(user)
        assert account.groups.leave_all(user_id) == joins

    return work


def create(scene: Scene, size: int) -> Work:
    group = scene.make(f"New {next(scene.numbers)}", external_id="1")
    return lambda account: account.groups.create(group)


def name_of(scene: Scene, size: int) -> str:
    return scene.groups[size].display_name


OPERATIONS: dict[str, Callable[[Scene, int], Work]] = {
    "get without members": lambda scene, size: lambda account: account.groups.get(scene.groups[size].id),
    "get with 10 members": lambda scene, size: lambda account: account.groups.whole(scene.groups[SIZES[0]].id),
    "look-up by displayName": lambda scene, size: (
        lambda account: account.groups.find(DISPLAY_NAME, name_of(scene, size))
    ),
    "create without members": create,
    "patch of externalId": patch,
    "add one member": lambda scene, size: change(scene, size, scene.outsider(), joins=True),
    "remove one member": leave,
    "add one member who is there": lambda scene, size: change(scene, size, scene.ids[0], joins=True),
    "is a user a member": lambda scene, size: (
        lambda account: account.members.among(scene.groups[size].id, [scene.ids[0]])
    ),
    "groups of a user who is in one": lambda scene, size: lambda account: account.groups_of_users.of(scene.ids[500]),
    "delete of a user who is in no group": lambda scene, size: delete_user(scene, size, joins=False),
    "delete of a user who is in one group": lambda scene, size: delete_user(scene, size, joins=True),
}


def to_group(scene: Scene, size: int) -> str:
    return f"/Groups/{scene.groups[size].id}"


def patching(operation: str, choose: Callable[[Scene, int], str]) -> Callable[[Scene, int], Request]:
    """A PATCH that adds or removes one user, as Entra ID sends it."""

    def request(scene: Scene, size: int) -> Request:
        user_id = choose(scene, size)
        if operation == "remove":
            change(scene, size, user_id, joins=True)(scene.account())
        operations = [{"op": operation, "path": "members", "value": [{"$ref": None, "value": user_id}]}]
        return Request("PATCH", to_group(scene, size), body={"schemas": [PATCH_OP_URN], "Operations": operations})

    return request


def listing(resources: str, filter_: str, **more: str) -> Callable[[Scene, int], Request]:
    """A GET with a filter, in which `{group}`, `{name}` and `{user}` stand for what the scene has."""

    def request(scene: Scene, size: int) -> Request:
        group = scene.groups[size]
        text = filter_.format(group=group.id, name=group.display_name, user=scene.ids[0])
        return Request("GET", f"/{resources}", urlencode({"filter": text, **more}))

    return request


def deleting_user(scene: Scene, size: int, *, joins: bool) -> Request:
    user_id = scene.outsider()
    if joins:
        change(scene, size, user_id, joins=True)(scene.account())
    return Request("DELETE", f"/Users/{user_id}")


def renumbering(scene: Scene, size: int) -> Request:
    operations = [{"op": "replace", "path": "externalId", "value": f"e{next(scene.numbers)}"}]
    return Request("PATCH", to_group(scene, size), body={"schemas": [PATCH_OP_URN], "Operations": operations})


REQUESTS: dict[str, Callable[[Scene, int], Request]] = {
    "get without members": lambda scene, size: Request("GET", to_group(scene, size), "excludedAttributes=members"),
    "get with 10 members": lambda scene, size: Request("GET", to_group(scene, SIZES[0])),
    "look-up by displayName": listing("Groups", 'displayName eq "{name}"', excludedAttributes="members"),
    "create without members": lambda scene, size: Request(
        "POST", "/Groups", body={"schemas": [CORE_URN], "displayName": f"New {next(scene.numbers)}", "externalId": "1"}
    ),
    "patch of externalId": renumbering,
    "add one member": patching("add", lambda scene, size: scene.outsider()),
    "remove one member": patching("remove", lambda scene, size: scene.outsider()),
    "add one member who is there": patching("add", lambda scene, size: scene.ids[0]),
    "look-up of a group by id and member, as Entra ID asks": listing(
        "Groups", 'id eq "{group}" and members eq "{user}"', excludedAttributes="members"
    ),
    "get of a user with the one group": lambda scene, size: Request(
        "GET", f"/Users/{scene.ids[500]}", "attributes=groups"
    ),
    "groups of a user by `members.value`": listing(
        "Groups", 'members[value eq "{user}"]', excludedAttributes="members"
    ),
    "a page of 100 users of a group by `groups.value`": listing("Users", 'groups.value eq "{group}"', count="100"),
    "two groups of 10 and 600 members, with them": lambda scene, size: Request("GET", "/Groups", "count=2"),
    "a page of 100 users with their groups": lambda scene, size: Request(
        "GET", "/Users", "count=100&attributes=groups"
    ),
    "delete of a user who is in no group": lambda scene, size: deleting_user(scene, size, joins=False),
    "delete of a user who is in one group": lambda scene, size: deleting_user(scene, size, joins=True),
}


@pytest.fixture(scope="module", params=ENGINES)
def scene(request: pytest.FixtureRequest) -> Scene:
    on_moto = request.param == "moto"
    if on_moto:
        request.getfixturevalue("mocked")
    table = make_table(OneAtATime(new_client()) if on_moto else request.getfixturevalue("local_client"))
    users = [person_of(number) for number in range(CROWD)]
    load(table, "default", users)
    ids, make, groups = [user.id for user in users], Groups(), {}
    for size in SIZES:
        made = make(f"Group of {size}", external_id=str(size))
        groups[size] = StoredGroup.new(made.id, {"schemas": [CORE_URN], **made.attributes}, made.created)
        table.account("default", Patience()).groups.create(groups[size], ids[:size])
    scene = Scene(table, ids, groups, make, count(), not on_moto)
    for size in SIZES:
        patch(scene, size)(scene.account())  # until then the item names those who joined by the last write
    return scene


@pytest.fixture
def client(scene: Scene, tmp_path: Path) -> Iterator[Callable[[Request], tuple[Answer, dict[str, Any]]]]:
    """Sends requests to the service over the scene's table."""
    with served(tmp_path / "log") as service:
        service.use(scene.table, Patience())
        client = service.service.account("default", groups=True, deprovisioning_limit=None)
        yield lambda request: service.send(client, request)


def test_every_budget_of_groups_in_the_document_is_measured() -> None:
    assert set(BUDGETS) == OPERATIONS.keys() | REQUESTS.keys()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_about_groups_stays_within_its_budget(
    scene: Scene, client: Callable[[Request], tuple[Answer, dict[str, Any]]], name: str, size: int
) -> None:
    request, budget = REQUESTS[name](scene, size), BUDGETS[name]

    answer, line = client(request)

    assert answer.status < 300, answer.text
    assert line["dynamodb_calls"] <= budget.calls
    if scene.has_units:
        assert line["dynamodb_units"] <= budget.units_of_dynamodb_local


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_store_of_groups_stays_within_its_budget(scene: Scene, name: str, size: int) -> None:
    work, usage, budget = OPERATIONS[name](scene, size), Usage(), BUDGETS[name]

    work(scene.account(usage))

    assert usage.retries == 0
    assert usage.calls <= budget.calls
    if scene.has_units:
        assert usage.units <= budget.units_of_dynamodb_local


def test_the_budget_of_one_member_is_that_of_the_contract() -> None:
    for name in ("add one member", "remove one member"):
        assert BUDGETS[name].calls <= 3
        assert BUDGETS[name].write_units <= 10

"""Writes of groups that stop at any call, or are overtaken there: seen whole or not at all, and recorded once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from adapters.dynamodb import DynamoDBAccount, Table
from domain.errors import ServiceUnavailable
from domain.ports import MemberChange, VersionMismatch
from domain.resources.stored_group import StoredGroup
from support.engines import make_table
from support.invariants import assert_items_agree
from support.loading import load
from support.samples import LATER, Groups, Patience, Users, with_name

ACTIONS = 12
"""Of a transaction here: three users join with a part, so that a few users are a large change."""
CROWD = 10
"""Users, some more than two parts of a job let join."""
FIRST = 3
"""Of them are members before."""
JOINING = 7
"""The position of one who joins with the second part."""


class Killed(BaseException):
    """The end of a function in the middle of its work."""


def kill() -> None:
    raise Killed


@dataclass
class Watched:
    """A client that interrupts one call, and remembers what its transactions said of members."""

    client: Any
    at: int = -1
    after: bool = False
    act: Callable[[], None] = kill
    calls: int = 0
    joined: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self.client, name)

        def call(**parameters: Any) -> Any:
            number, self.calls = self.calls, self.calls + 1
            if number == self.at and not self.after:
                self.act()
            answer = operation(**parameters)
            for action in parameters.get("TransactItems", ()):
                for each in action.values():
                    values = each.get("ExpressionAttributeValues") or each.get("Item") or {}
                    self.joined.update((values.get(":joined") or values.get("joined") or {}).get("SS", ()))
                    self.left.update((values.get(":left") or values.get("left") or {}).get("SS", ()))
            if number == self.at and self.after:
                self.act()
            return answer

        return call if callable(operation) else operation


@dataclass
class Scene:
    """A directory of a crowd and two groups, made again for each point of interruption."""

    client: Any
    table: Table
    everybody: list[str]
    engineers: StoredGroup
    sales: StoredGroup
    watched: Watched

    @classmethod
    def on(cls, client: Any) -> Scene:
        table, groups = make_table(client, max_actions=ACTIONS), Groups()
        users = Users().numbered(CROWD)
        load(table, "default", users)
        engineers, sales = groups("Engineers"), groups("Sales")
        everybody = sorted(user.id for user in users)
        account = table.account("default", Patience())
        account.groups.create(engineers, everybody[:FIRST])
        account.groups.create(sales, everybody[:1])
        return cls(client, table, everybody, engineers, sales, Watched(client))

    def account(self) -> DynamoDBAccount:
        """The account as another process has it."""
        return self.table.account("default", Patience())

    def interrupted(self) -> DynamoDBAccount:
        """The account as the process has it that is watched."""
        table = replace(self.table, client=self.watched)  # type: ignore[arg-type]  # a client by its calls
        return table.account("default", Patience())

    def members(self, group: StoredGroup) -> tuple[str, ...] | None:
        whole = self.account().groups.whole(group.id)
        return None if whole is None else whole.members


Write = Callable[[DynamoDBAccount, Scene], object]


def join(account: DynamoDBAccount, scene: Scene) -> None:
    account.groups.change(scene.engineers, scene.engineers.touched(LATER), MemberChange(tuple(scene.everybody[FIRST:])))


def exchange(account: DynamoDBAccount, scene: Scene) -> None:
    members = MemberChange(tuple(scene.everybody[FIRST:]), tuple(scene.everybody[:FIRST]))
    account.groups.change(scene.engineers, with_name(scene.engineers, "Builders"), members, exactly=True)


def join_one(account: DynamoDBAccount, scene: Scene) -> None:
    members = MemberChange((scene.everybody[JOINING],), (scene.everybody[0],))
    account.groups.change(scene.engineers, scene.engineers.touched(LATER), members)


def create(account: DynamoDBAccount, scene: Scene) -> None:
    account.groups.create(Groups(random=new_random())("New"), scene.everybody)


def new_random() -> Any:
    from random import Random

    return Random(99)


def interruptions(client: Any, write: Write) -> Iterator[Scene]:
    """A scene for each call of a write, interrupted before it; and one for the end of the last call."""
    whole = Scene.on(client)
    write(whole.interrupted(), whole)
    for at in range(whole.watched.calls):
        scene = Scene.on(client)
        scene.watched.at = at
        yield scene
    scene = Scene.on(client)
    scene.watched.at, scene.watched.after = whole.watched.calls - 1, True
    yield scene


@pytest.mark.parametrize("write", [join, exchange, join_one], ids=lambda write: write.__name__)
def test_a_change_that_is_killed_happens_whole_or_not_at_all(client: Any, write: Write) -> None:
    outcomes = set()
    for scene in interruptions(client, write):
        with pytest.raises(Killed):
            write(scene.interrupted(), scene)
        scene.watched.at = -1

        found = scene.interrupted().groups.whole(scene.engineers.id)

        assert found is not None
        before = tuple(scene.everybody[:FIRST])
        if found.group.version == 1:
            assert (found.members, found.group) == (before, scene.engineers)
            assert not scene.watched.joined + scene.watched.left
        else:
            assert found.group.version == 2
            assert set(found.members) == (set(before) | set(scene.watched.joined)) - set(scene.watched.left)
            assert scene.watched.joined.keys() == set(found.members) - set(before)
            assert set((scene.watched.joined + scene.watched.left).values()) == {1}
        outcomes.add(found.group.version)
        assert_items_agree(scene.table)
    assert outcomes == {1, 2}


def test_a_group_whose_creation_is_killed_is_there_with_all_members_or_not_at_all(client: Any) -> None:
    new = Groups(random=new_random())("New")
    outcomes = set()
    for scene in interruptions(client, create):
        with pytest.raises(Killed):
            create(scene.interrupted(), scene)

        members = scene.members(new)

        assert members in (None, tuple(scene.everybody))
        outcomes.add(members is None)
        assert_items_agree(scene.table)
    assert outcomes == {True, False}


def test_a_group_whose_deletion_is_killed_leaves_no_memberships_that_count(client: Any) -> None:
    def delete(account: DynamoDBAccount, scene: Scene) -> None:
        account.groups.delete(scene.engineers)

    for scene in interruptions(client, delete):
        with pytest.raises(Killed):
            delete(scene.interrupted(), scene)

        members = scene.members(scene.engineers)

        assert members in (None, tuple(scene.everybody[:FIRST]))
        if members is None:
            assert scene.account().groups_of_users.of(scene.everybody[1]) == []
            scene.account().groups.clear(scene.engineers.id)
        assert_items_agree(scene.table)


def test_a_user_whose_leaving_is_killed_leaves_with_the_next_call(client: Any) -> None:
    def leave_all(account: DynamoDBAccount, scene: Scene) -> None:
        account.groups.leave_all(scene.everybody[0])

    for scene in interruptions(client, leave_all):
        users = scene.account().users
        user = users.get(scene.everybody[0])
        assert user is not None
        users.delete(user)
        with pytest.raises(Killed):
            leave_all(scene.interrupted(), scene)
        scene.watched.at = -1

        leave_all(scene.interrupted(), scene)

        assert scene.members(scene.engineers) == tuple(scene.everybody[1:FIRST])
        assert scene.members(scene.sales) == ()
        assert scene.watched.left == {scene.everybody[0]: 2}
        assert_items_agree(scene.table)


def test_a_process_that_wakes_up_late_brings_back_no_member(client: Any) -> None:
    for scene in interruptions(client, join):

        def overtake(scene: Scene = scene) -> None:
            current = scene.account().groups.whole(scene.engineers.id)
            assert current is not None
            if current.group.version == 2:
                gone = MemberChange((), (scene.everybody[JOINING],))
                scene.account().groups.change(current.group, current.group.touched(LATER), gone)

        scene.watched.act = overtake

        join(scene.interrupted(), scene)

        whole = scene.account().groups.whole(scene.engineers.id)
        assert whole is not None
        was_decided = whole.group.version == 3
        assert whole.members == tuple(
            user_id for user_id in scene.everybody if not (was_decided and user_id == scene.everybody[JOINING])
        )
        assert_items_agree(scene.table)


@pytest.mark.parametrize("number", [1, JOINING])
def test_a_user_who_is_deleted_during_a_change_is_no_member(client: Any, number: int) -> None:
    """One who is a member already, and one who is to join."""
    for scene in interruptions(client, join):

        def delete(scene: Scene = scene) -> None:
            account = scene.account()
            user = account.users.get(scene.everybody[number])
            assert user is not None
            account.users.delete(user)
            account.groups.leave_all(user.id)

        scene.watched.act = delete

        join(scene.interrupted(), scene)

        others = tuple(user_id for user_id in scene.everybody if user_id != scene.everybody[number])
        assert scene.members(scene.engineers) == others
        assert_items_agree(scene.table)


def test_a_group_that_is_deleted_during_a_change_stays_deleted(client: Any) -> None:
    for scene in interruptions(client, join):

        def delete(scene: Scene = scene) -> None:
            current = scene.account().groups.get(scene.engineers.id)
            assert current is not None
            scene.account().groups.delete(current)

        scene.watched.act = delete

        try:
            join(scene.interrupted(), scene)
        except VersionMismatch:
            assert scene.watched.at == 0

        assert scene.members(scene.engineers) is None
        assert_items_agree(scene.table)


def test_a_group_that_is_deleted_while_a_user_leaves_stays_deleted(client: Any) -> None:
    def leave_all(account: DynamoDBAccount, scene: Scene) -> None:
        user = account.users.get(scene.everybody[0])
        assert user is not None
        account.users.delete(user)
        account.groups.leave_all(user.id)

    for scene in interruptions(client, leave_all):

        def delete(scene: Scene = scene) -> None:
            for group in (scene.engineers, scene.sales):
                while (current := scene.account().groups.get(group.id)) is not None:
                    with suppress(VersionMismatch):  # the user leaves several groups at once
                        scene.account().groups.delete(current)

        scene.watched.act = delete

        leave_all(scene.interrupted(), scene)

        assert scene.account().groups.total() == 0
        assert_items_agree(scene.table)


def test_a_change_that_was_decided_counts_as_done_when_the_time_is_over(client: Any) -> None:
    for scene in interruptions(client, join):
        time_left = Patience()
        account = replace(scene.table, client=scene.watched).account("default", time_left)  # type: ignore[arg-type]  # a client by its calls
        scene.watched.act = lambda time_left=time_left: time_left.spend(9.0)  # type: ignore[misc]  # mypy infers no type for the lambda's default

        join(account, scene)

        assert scene.members(scene.engineers) == tuple(scene.everybody)
        assert_items_agree(scene.table)


def test_a_publisher_leaves_a_change_to_the_process_that_is_at_it(client: Any) -> None:
    scene = Scene.on(client)
    scene.watched.at = 1
    with pytest.raises(Killed):
        join(scene.interrupted(), scene)
    publisher = Scene(client, scene.table, scene.everybody, scene.engineers, scene.sales, Watched(client, 3))
    publisher.watched.act = lambda: scene.account().groups.finish(scene.engineers.id)

    publisher.interrupted().groups.finish(scene.engineers.id)

    assert publisher.watched.calls == 4
    assert scene.members(scene.engineers) == tuple(scene.everybody)
    assert_items_agree(scene.table)


def test_a_change_whose_items_were_removed_by_hand_is_reported(client: Any) -> None:
    scene = Scene.on(client)
    scene.watched.at = 1
    with pytest.raises(Killed):
        join(scene.interrupted(), scene)
    for item in client.scan(TableName=scene.table.table_name)["Items"]:
        if item["pk"]["S"].endswith("#GROUPJOB"):
            client.delete_item(TableName=scene.table.table_name, Key={name: item[name] for name in ("pk", "sk")})

    with pytest.raises(ServiceUnavailable, match="incomplete") as refusal:
        scene.account().groups.whole(scene.engineers.id)

    assert "table check" in refusal.value.remedy

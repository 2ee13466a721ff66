"""The check of an account's groups: what it finds, and what is right after a repair."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from adapters.dynamodb import Table, keys
from adapters.dynamodb.keys import Collection, Entry
from domain.errors import ServiceUnavailable
from domain.ports import MemberChange
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser
from operations.consistency.check import Problem
from support.invariants import assert_items_agree, assert_sound, findings
from support.samples import LATER, Groups, Patience, Users


@dataclass
class Scene:
    table: Table
    people: list[StoredUser]
    group: StoredGroup

    def remove(self, entry: Entry) -> None:
        self.table.client.delete_item(TableName=self.table.table_name, Key=keys.key("default", *entry))

    def put(self, entry: Entry, **more: dict[str, str]) -> None:
        self.table.client.put_item(TableName=self.table.table_name, Item={**keys.key("default", *entry), **more})


@pytest.fixture
def scene(table: Table, users: Users, groups: Groups) -> Scene:
    account = table.account("default", Patience())
    people = [users("ada"), users("bob")]
    for user in people:
        account.users.create(user)
    group = groups("Engineers", external_id="1")
    account.groups.create(group, [people[0].id])
    return Scene(table, people, group)


def test_a_sound_account_has_no_findings(scene: Scene) -> None:
    assert_sound(scene.table)


def faults(scene: Scene) -> dict[str, tuple[Problem, Entry]]:
    ada, bob = (user.id for user in scene.people)
    group = scene.group.id
    return {
        "no member": (Problem.MEMBERSHIP, (Collection.MEMBER, keys.of_pair(group, ada))),
        "no group of user": (Problem.MEMBERSHIP, (Collection.GROUP_OF, keys.of_pair(ada, group))),
        "no user": (Problem.MEMBERSHIP, (Collection.USER, ada)),
        "no name": (Problem.MISSING, (Collection.GROUP_NAME, "engineers")),
        "no externalId": (Problem.MISSING, (Collection.GROUP_EXTERNAL_ID, f"1#{group}")),
        "no counter": (Problem.COUNTER, (Collection.GROUP_RANK, group[:2])),
        "only a group of user": (Problem.MEMBERSHIP, (Collection.GROUP_OF, keys.of_pair(bob, group))),
        "a name of none": (Problem.ORPHAN, (Collection.GROUP_NAME, "nobody")),
        "a job of none": (Problem.JOB, (Collection.GROUP_JOB, f"{group}#job#0000")),
    }


@pytest.mark.parametrize("name", ["no member", "no group of user", "no name", "no externalId", "no counter"])
def test_a_missing_item_is_found_and_repaired(scene: Scene, name: str) -> None:
    problem, entry = faults(scene)[name]
    scene.remove(entry)

    assert {finding.problem for finding in findings(scene.table)} == {problem}
    assert [(each.problem, each.repaired) for each in findings(scene.table, repair=True)] == [(problem, True)]
    assert findings(scene.table) == []
    assert_items_agree(scene.table)


@pytest.mark.parametrize("name", ["only a group of user", "a name of none", "a job of none"])
def test_an_item_too_many_is_found_and_removed(scene: Scene, name: str) -> None:
    problem, entry = faults(scene)[name]
    scene.put(entry, groupId={"S": scene.group.id})

    assert [(each.problem, each.collection, each.sort_key) for each in findings(scene.table)] == [(problem, *entry)]
    assert [each.repaired for each in findings(scene.table, repair=True)] == [True]
    assert_sound(scene.table)


def test_memberships_of_a_user_who_is_gone_are_removed(scene: Scene) -> None:
    account = scene.table.account("default", Patience())
    account.users.delete(scene.people[0])

    assert {each.problem for each in findings(scene.table)} == {Problem.MEMBERSHIP}
    findings(scene.table, repair=True)

    assert_sound(scene.table)


def test_a_change_that_is_not_finished_is_finished(scene: Scene, users: Users) -> None:
    account = scene.table.account("default", Patience())
    crowd = users.numbered(60)
    for user in crowd:
        account.users.create(user)
    time_left = Patience()
    times = iter([9.0])
    time_left.remaining = lambda: next(times, 0.0)  # type: ignore[method-assign]  # time for one call, the decision
    members = MemberChange(tuple(user.id for user in crowd))
    scene.table.account("default", time_left).groups.change(scene.group, scene.group.touched(LATER), members)

    assert {each.problem for each in findings(scene.table)} == {Problem.JOB}
    findings(scene.table, repair=True)

    assert_sound(scene.table)
    whole = account.groups.whole(scene.group.id)
    assert whole is not None
    assert len(whole.members) == 61


@pytest.mark.parametrize("lost", ["all", "one"])
def test_a_change_whose_items_were_removed_by_hand_is_given_up(scene: Scene, lost: str) -> None:
    """What the error about such a change recommends."""
    job = {"job": {"S": "j"}, "jobSize": {"N": "2"}, "jobDone": {"N": "0"}}
    key = keys.key("default", Collection.GROUP, scene.group.id)
    stored = scene.table.client.get_item(TableName=scene.table.table_name, Key=key)["Item"]
    scene.table.client.put_item(TableName=scene.table.table_name, Item={**stored, **job})
    if lost == "one":
        scene.put((Collection.GROUP_JOB, f"{scene.group.id}#j#0000"), joined={"S": scene.people[1].id})
    account = scene.table.account("default", Patience())
    with pytest.raises(ServiceUnavailable, match="incomplete"):
        account.groups.whole(scene.group.id)

    assert {each.problem for each in findings(scene.table)} == {Problem.JOB}
    assert {each.repaired for each in findings(scene.table, repair=True)} == {True}

    assert_sound(scene.table)
    whole = account.groups.whole(scene.group.id)
    assert whole is not None
    assert whole.members == (scene.people[0].id,)


def test_a_group_that_cannot_be_read_is_a_finding(scene: Scene) -> None:
    scene.put((Collection.GROUP, scene.group.id), document={"S": "{"})

    found = findings(scene.table, repair=True)

    assert [(each.problem, each.collection, each.repaired) for each in found] == [
        (Problem.UNREADABLE, Collection.GROUP, False)
    ]

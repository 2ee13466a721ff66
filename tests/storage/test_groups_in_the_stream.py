"""Groups of the real store, read from the table's stream: the events, and the work that a crash left."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import DynamoDBAccount, Table
from adapters.events.event_bus import EventBus
from adapters.logs.log import Log
from domain.documents import Json
from domain.events.kinds import EventKind
from domain.ports import MemberChange
from domain.resources.stored_group import StoredGroup
from handlers.jobs.publisher import Publisher
from operations.table_creation import table_definition
from support.engines import OneAtATime, new_client
from support.event_schemas import validate
from support.membership import MembershipConsumer
from support.samples import Users, new_id

NOW = "2030-02-01T08:30:00.250Z"
SUCCESS: Json = {"batchItemFailures": []}


class Killed(BaseException):
    """The process is gone: nothing catches it."""


@dataclass
class Deployment:
    """A table on moto with its stream, the publisher of that stream, and an application that reads the events."""

    client: Any
    table: Table
    events: list[tuple[EventKind, Json]] = field(default_factory=list)
    consumer: MembershipConsumer = field(default_factory=MembershipConsumer)
    calls: list[str] = field(default_factory=list)
    """The calls of the table that the publisher made."""
    writes_left: int | None = None
    """Transactions until the process is killed."""
    iterator: str = ""
    """Where the stream is read next."""

    def put_events(self, Entries: list[Json]) -> Json:
        """Act as EventBridge."""
        for entry in Entries:
            kind, detail = EventKind(entry["DetailType"]), json.loads(entry["Detail"])
            validate(kind, detail)
            self.events.append((kind, detail))
            self.consumer.read(kind, detail)
        return {"Entries": [{"EventId": "1"} for _ in Entries]}

    @property
    def account(self) -> DynamoDBAccount:
        return self.table.account("acme", MonotonicDeadline.after(60))

    def records(self) -> list[Json]:
        """The records that are new in the stream, of users and groups alone, as Lambda hands them over."""
        # moto knows the streams by the address without the account.
        without = Config(account_id_endpoint_mode="disabled")
        streams: Any = boto3.client("dynamodbstreams", region_name=self.client.meta.region_name, config=without)
        if not self.iterator:
            [stream] = streams.list_streams(TableName=self.table.table_name)["Streams"]
            [shard] = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
            place = {"StreamArn": stream["StreamArn"], "ShardId": shard["ShardId"]}
            self.iterator = streams.get_shard_iterator(**place, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        read: list[Any] = []
        while True:
            page = streams.get_records(ShardIterator=self.iterator)
            self.iterator = page["NextShardIterator"]
            if not page["Records"]:
                break
            read += page["Records"]
        wanted = [one for one in read if one["dynamodb"]["Keys"]["pk"]["S"].endswith(("#USER", "#GROUP"))]
        records: list[Json] = json.loads(json.dumps(wanted, default=datetime.timestamp))
        return records

    def deliver(self) -> None:
        """Publish until nothing new comes, in batches of a hundred."""
        bus: Any = self
        publisher = Publisher(
            EventBus(bus, "users"),
            lambda account, deadline: self.table.account(account, deadline).groups,
            "https://scim.example.com",
            False,
            Log.to_output(),
        )
        while records := self.records():
            for start in range(0, len(records), 100):
                batch = records[start : start + 100]
                assert publisher.publish(batch, "request", MonotonicDeadline.after(60)) == SUCCESS

    def count(self, model: Any, **_: object) -> None:
        self.calls.append(model.name)
        if model.name == "TransactWriteItems" and self.writes_left is not None:
            if self.writes_left == 0:
                raise Killed
            self.writes_left -= 1

    def users(self, count: int, seed: int = 1) -> list[str]:
        users = Users(Random(seed)).numbered(count)
        for user in users:
            self.account.users.create(user)
        return [user.id for user in users]

    def group(self, name: str, members: Sequence[str] = ()) -> StoredGroup:
        group = StoredGroup.new(new_id(Random(name)), {"displayName": name}, NOW)
        self.account.groups.create(group, members)
        return group

    def kept(self) -> dict[str, set[str]]:
        """The members of each group that has any, as the table has them."""
        groups = self.account.groups
        found = {each.id: whole.members for each in groups.scan() if (whole := groups.whole(each.id))}
        return {group_id: set(members) for group_id, members in found.items() if members}

    def kinds(self, group_id: str) -> list[str]:
        return [kind.value for kind, detail in self.events if detail.get("groupId") == group_id]


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with mock_aws():
        client = new_client()
        definition: Any = table_definition("users")
        stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        client.create_table(**(definition | {"StreamSpecification": stream}))
        made = Deployment(client, Table(OneAtATime(client), "users"))  # type: ignore[arg-type]  # wraps the client
        client.meta.events.register("before-call.dynamodb", made.count)
        yield made


def test_the_life_of_a_group_is_published_in_order(deployment: Deployment) -> None:
    ada, bob, cyd = deployment.users(3)
    groups = deployment.account.groups
    created = deployment.group("Guides", [ada, bob])
    renamed = created.changed_to({"displayName": "Scouts"}, NOW)
    groups.change(created, renamed, MemberChange(joined=(cyd,), left=(ada,)))
    groups.delete(renamed)

    deployment.deliver()

    said = [(kind.value, detail.get("members")) for kind, detail in deployment.events if "groupId" in detail]
    assert said == [
        ("GroupProvisioned", None),
        ("GroupMembersAdded", sorted([ada, bob])),
        ("GroupMembersRemoved", [ada]),
        ("GroupUpdated", None),
        ("GroupMembersAdded", [cyd]),
        ("GroupDeprovisioned", None),
    ]


@pytest.mark.parametrize("parts", [0, 1, 2])
def test_a_large_change_whose_process_was_killed_is_finished_by_the_record_of_the_group_alone(
    deployment: Deployment, parts: int
) -> None:
    """Killed after the change was decided, and after one or two parts of it."""
    users = deployment.users(120)
    group = deployment.group("Guides", users[:10])
    deployment.deliver()
    deployment.writes_left = 1 + parts
    wanted = MemberChange(joined=tuple(users[10:]), left=tuple(users[:5]))

    with pytest.raises(Killed):
        deployment.account.groups.change(group, group.touched(NOW), wanted)
    deployment.writes_left = None
    deployment.deliver()

    stored = deployment.account.groups.get(group.id)
    assert stored is not None
    assert (stored.version, stored.under_way) == (2, False)
    assert deployment.kept() == {group.id: set(users[5:])}
    assert deployment.consumer.members == {group.id: set(users[5:])}
    assert {detail["version"] for _, detail in deployment.events if len(detail.get("members", ())) > 10} == {2}


def test_a_removed_user_leaves_every_group_although_the_request_was_killed(deployment: Deployment) -> None:
    ada, bob = deployment.users(2)
    for number in range(GROUPS_OF_A_USER):
        deployment.group(f"Group {number}", [ada, bob])
    deployment.deliver()
    user = deployment.account.users.get(ada)
    assert user is not None
    deployment.account.users.delete(user)

    deployment.deliver()

    assert all(members == {bob} for members in deployment.kept().values())
    assert deployment.consumer.members == deployment.kept()
    assert len(deployment.consumer.members) == GROUPS_OF_A_USER
    assert deployment.account.groups_of_users.of(ada) == []


GROUPS_OF_A_USER = 40


def test_what_is_left_of_a_removed_groups_memberships_is_cleared(deployment: Deployment) -> None:
    users = deployment.users(20)
    group = deployment.group("Guides", users)
    deployment.deliver()
    deployment.writes_left = 1

    with pytest.raises(Killed):
        deployment.account.groups.delete(group)
    deployment.writes_left = None
    deployment.deliver()

    items = deployment.client.scan(TableName="users")["Items"]
    assert [one["sk"]["S"] for one in items if one["pk"]["S"] in ("acme#MEMBER", "acme#GROUPOF")] == []
    assert deployment.consumer.members == {}


def test_events_replayed_in_order_give_exactly_the_members_of_the_table(deployment: Deployment) -> None:
    random = Random(14)
    users = deployment.users(60)
    groups = deployment.account.groups
    live = [deployment.group(f"Group {size}", random.sample(users, size)).id for size in (0, 5, 50)]
    for number in range(20):
        group_id = random.choice(live)
        group = groups.get(group_id)
        assert group is not None
        whole = groups.whole(group_id)
        assert whole is not None
        wanted = set(random.sample(users, random.choice((0, 1, 3, 45))))
        members = MemberChange(
            joined=tuple(sorted(wanted - set(whole.members))), left=tuple(sorted(set(whole.members) - wanted))
        )
        attributes = {"displayName": f"Group {number} renamed"} if random.random() < 0.2 else group.attributes
        changed = group.changed_to(attributes, NOW)
        groups.change(group, group.touched(NOW) if changed is group else changed, members)
        if number == 10:
            leaver = users.pop()
            user = deployment.account.users.get(leaver)
            assert user is not None
            deployment.account.users.delete(user)
            groups.leave_all(leaver)
            deployment.deliver()

    deployment.deliver()

    assert deployment.consumer.members == deployment.kept()


def test_work_that_a_record_did_not_leave_costs_no_call_and_a_removed_user_one_read(deployment: Deployment) -> None:
    [ada] = deployment.users(1)
    group = deployment.group("Guides")
    deployment.account.groups.change(group, group.touched(NOW), MemberChange(joined=(ada,)))
    deployment.calls.clear()
    deployment.deliver()
    assert deployment.calls == []
    deployment.account.groups.leave_all(ada)
    user = deployment.account.users.get(ada)
    assert user is not None
    deployment.account.users.delete(user)
    deployment.calls.clear()

    deployment.deliver()

    assert deployment.calls == ["Query"]

"""What a delete leaves in the table, and the events made from it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from random import Random
from threading import Barrier, Thread
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from adapters.clock import text_of
from adapters.dynamodb import Table
from adapters.dynamodb.account_items import AccountItems, Range
from adapters.dynamodb.items import Gone, Item, gone_of
from adapters.dynamodb.keys import Collection
from adapters.events.replay import replay_of
from adapters.events.stream import change_of
from domain.events.event_detail import detail
from domain.events.lifecycle import events_of
from domain.ports import MemberChange, VersionMismatch
from operations.consistency.check import Inconsistency, check_items
from operations.removals import is_gone
from operations.table_creation import expires
from operations.table_creation import make_table as make_table_with_stream
from support.engines import make_table, new_client
from support.event_schemas import validate
from support.faults import BREAKING, CONTENDED, LOST, Fault, FaultyClient
from support.samples import Groups, Patience, Users, changed, with_name

NOW = 1_900_000_000.25
"""Seconds since 1970."""
NOT_SENT = ("connect time-out", "no connection")
"""Faults of the connection after which it is known that nothing was done."""
MAYBE_DONE = ("TransactionInProgressException", "IdempotentParameterMismatchException")
"""Refusals that may be about an earlier attempt of the same write."""


@pytest.fixture
def table(client: Any) -> Table:
    return make_table(client, now=lambda: NOW)


def gone_items(items: AccountItems, since: str = "") -> list[Item]:
    """The items of what was deleted since, in the order of their keys."""
    return [
        item for page in items.query(Collection.GONE, Range()) for item in page.items if is_gone(items, item, since)
    ]


def left(table: Table, account: str = "default", since: str = "") -> list[Gone]:
    return [gone_of(item) for item in gone_items(table.account(account, Patience()).items, since)]


def test_a_deleted_user_leaves_word_for_thirty_days_and_nothing_personal(table: Table, users: Users) -> None:
    store = table.account("default", Patience()).users
    user = users("hopper", "hopper@example.com", external_id="ext-hopper")
    store.create(user)
    store.replace(user, changed(user, title="Countess"))
    kept = store.get(user.id)
    assert kept is not None

    store.delete(kept)

    assert left(table) == [Gone(Collection.USER, user.id, 2, kept.write_id, text_of(NOW))]
    items = table.client.scan(TableName=table.table_name)["Items"]
    [item] = [each for each in items if each["pk"]["S"] == "default#GONE"]
    assert set(item) == {"pk", "sk", "version", "writeId", "at", "expires", "schemaVersion"}
    assert item["expires"] == {"N": str(int(NOW) + 30 * 86_400)}
    assert "hopper" not in str(items)


def test_a_deleted_group_leaves_word(table: Table, groups: Groups) -> None:
    store = table.account("default", Patience()).groups
    group = groups("Guides")
    store.create(group)
    store.change(group, with_name(group, "Scouts"), MemberChange())
    kept = store.get(group.id)
    assert kept is not None

    store.delete(kept)

    assert left(table) == [Gone(Collection.GROUP, group.id, 2, kept.write_id, text_of(NOW))]


def test_a_delete_that_is_refused_leaves_nothing(table: Table, users: Users) -> None:
    store = table.account("default", Patience()).users
    user = users("ada")
    store.create(user)
    store.replace(user, changed(user, title="Countess"))

    with pytest.raises(VersionMismatch):
        store.delete(user)

    assert left(table) == []


def test_two_deletes_at_once_leave_word_once(table: Table, users: Users, request: pytest.FixtureRequest) -> None:
    user = users("ada")
    table.account("default", Patience()).users.create(user)
    kept = table.account("default", Patience()).users.get(user.id)
    assert kept is not None
    ready, ends = Barrier(2), list[Exception | None]()

    def delete() -> None:
        ready.wait()
        try:
            table.account("default", Patience()).users.delete(kept)
        except Exception as error:
            ends.append(error)
        else:
            ends.append(None)

    threads = [Thread(target=delete) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Both may succeed on DynamoDB: an error that it answers in between leaves it open whose delete it was.
    succeeded = ends.count(None)
    assert succeeded == 1 if request.node.callspec.params["client"] == "moto" else succeeded in (1, 2)
    assert all(end is None or isinstance(end, VersionMismatch) for end in ends), ends
    assert (len(left(table)), table.account("default", Patience()).users.total()) == (1, 0)


@pytest.mark.parametrize(
    ("fault", "is_refused"),
    [
        (None, True),
        *((fault, fault.name not in MAYBE_DONE) for fault in CONTENDED),
        *((fault, fault.name in NOT_SENT) for fault in BREAKING),
    ],
    ids=str,
)
def test_of_two_deletes_the_second_is_refused_unless_it_may_have_been_the_first(
    users: Users, fault: Fault | None, is_refused: bool
) -> None:
    """The second one fails, the first is done meanwhile, and the second one is sent again."""
    with mock_aws():
        faulty = FaultyClient(new_client())
        table = make_table(faulty.client)
        store = table.account("default", Patience()).users
        store.create(users("ada"))
        kept = store.find_by_user_name("ada")
        assert kept is not None
        if fault is None:
            store.delete(kept)
        else:
            faulty.once(fault)
        meanwhile = replace(table, sleep=lambda _: store.delete(kept))
        second = meanwhile.account("default", Patience()).users

        with pytest.raises(VersionMismatch) if is_refused else nullcontext():
            second.delete(kept)

        assert faulty.struck == (fault is not None)
        assert (len(left(table)), store.total()) == (1, 0)


def test_a_user_of_the_same_name_is_another_one(table: Table, users: Users) -> None:
    store = table.account("default", Patience()).users
    for _ in range(3):
        user = users("ada", "ada@example.com")
        store.create(user)
        store.delete(store.get(user.id) or user)
    again = users("ada", "ada@example.com")

    store.create(again)

    assert store.find_by_user_name("ada") == again
    assert again.id not in {gone.id for gone in left(table)}
    assert len(left(table)) == 3


def test_only_what_was_deleted_since_then_and_in_this_account_is_read(client: Any, users: Users) -> None:
    clock = [NOW]
    table = make_table(client, now=lambda: clock[0])
    ids = []
    for second, account in enumerate(["default", "default", "other", "default"]):
        clock[0] = NOW + second
        store = table.account(account, Patience()).users
        user = users(f"user{second}")
        store.create(user)
        store.delete(store.get(user.id) or user)
        ids.append(user.id)

    assert {gone.id for gone in left(table, since=text_of(NOW + 1))} == {ids[1], ids[3]}
    assert {gone.id for gone in left(table)} == {ids[0], ids[1], ids[3]}


@pytest.mark.parametrize("fault", LOST, ids=str)
@pytest.mark.parametrize("forget_tokens", [False, True])
def test_a_delete_whose_answer_was_lost_leaves_word_once(fault: Fault, forget_tokens: bool) -> None:
    with mock_aws():
        faulty = FaultyClient(new_client())
        table = make_table(faulty.client)
        store = table.account("default", Patience()).users
        user = Users(Random(3))("ada")
        store.create(user)
        kept = store.get(user.id)
        assert kept is not None
        faulty.once(fault, forget_tokens=forget_tokens)

        store.delete(kept)

        assert faulty.struck == 1
        assert [(gone.id, gone.write_id) for gone in left(table)] == [(user.id, kept.write_id)]


def test_the_table_forgets_what_has_expired() -> None:
    with mock_aws():
        client = new_client()
        make_table_with_stream(client, "users")
        make_table_with_stream(client, "users")  # as at the next start

        assert expires(client, "users")


def streamed(client: Any, table_name: str) -> list[dict[str, Any]]:
    """The records of moto's stream as Lambda passes them on."""
    # moto knows the streams by the address without the account.
    without = Config(account_id_endpoint_mode="disabled")
    streams: Any = boto3.client("dynamodbstreams", region_name=client.meta.region_name, config=without)
    [stream] = streams.list_streams(TableName=table_name)["Streams"]
    [shard] = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
    place = {"StreamArn": stream["StreamArn"], "ShardId": shard["ShardId"]}
    iterator = streams.get_shard_iterator(**place, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    records: list[dict[str, Any]] = streams.get_records(ShardIterator=iterator)["Records"]
    for record in records:
        at: datetime = record["dynamodb"]["ApproximateCreationDateTime"]
        record["dynamodb"]["ApproximateCreationDateTime"] = at.timestamp()
    return records


def test_an_event_from_the_table_has_the_id_of_the_event_from_the_stream() -> None:
    with mock_aws():
        client = new_client()
        make_table_with_stream(client, "users")
        account = Table(client, "users").account("acme", Patience())
        everyone = Users(Random(5)).numbered(4)
        assert account.users.create_all(everyone[:3]) == []  # by one write
        account.users.create(everyone[3])
        group = Groups()("Guides")
        account.groups.create(group, [user.id for user in everyone])
        account.users.replace(everyone[0], changed(everyone[0], title="Lead"))
        for user in everyone:
            account.users.delete(account.users.get(user.id) or user)
            account.groups.leave_all(user.id)
        account.groups.delete(account.groups.get(group.id) or group)

        changes = [change for record in streamed(client, "users") if (change := change_of(record)) is not None]
        published = [event for change in changes for event in events_of(change)]
        from_stream = [event for event in published if event.change.after is None]
        [*batch] = replay_of({"Replay": [{"Item": item} for item in gone_items(account.items)]})
        from_table = [event for one in batch for event in one.events]

        assert len({event.id for event in published}) == len(published)
        assert len(from_stream) == 5
        assert {event.id for event in from_table} == {event.id for event in from_stream}
        first = {event.id: detail(event, "https://scim.example.com", True) for event in from_stream}
        for event in from_table:
            again = detail(event, "https://scim.example.com", True)
            validate(event.kind, again)
            same = ("idempotencyId", "account", "previousVersion", *(name for name in again if name.endswith("Id")))
            assert {name: again[name] for name in same} == {name: first[event.id][name] for name in same}
            assert again["changedAttributes"] == []


def test_a_check_finds_nothing_wrong_after_deletes(table: Table, users: Users, groups: Groups) -> None:
    account = table.account("default", Patience())
    user, group = users("ada", "ada@example.com"), groups("Guides")
    account.users.create(user)
    account.groups.create(group, [user.id])
    account.users.delete(account.users.get(user.id) or user)
    account.groups.leave_all(user.id)
    account.groups.delete(account.groups.get(group.id) or group)

    assert [one for one in check_items(account.items) if isinstance(one, Inconsistency)] == []


def test_who_exists_all_the_same_is_not_said_to_be_gone(table: Table, users: Users) -> None:
    account = table.account("default", Patience())
    user = users("ada")
    account.users.create(user)
    item = account.items.get(Collection.USER, user.id)
    assert item is not None
    account.users.delete(account.users.get(user.id) or user)
    account.items.put(item)  # by hand

    assert left(table) == []

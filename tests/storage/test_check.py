"""The checker finds each way in which items can disagree, and repairs what has one right way."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table, items, keys
from adapters.dynamodb.keys import Collection
from domain.resources import user_schema
from domain.resources.stored_user import StoredUser
from operations.consistency.check import Inconsistency, Problem, Progress, check_items
from support.invariants import assert_sound, findings
from support.people import UNKNOWN_ID
from support.samples import Patience, Users, changed, ids, renamed

NAME = (Collection.USER_NAME, "ada")
EMAIL = (Collection.EMAIL, "ada@example.com")
EXTERNAL_ID = (Collection.EXTERNAL_ID, "1#{id}")
LONG = "n" * 950


@pytest.fixture
def ada(table: Table, users: Users) -> StoredUser:
    """A user in a table that has two others."""
    store = table.account("default", Patience()).users
    ada = users("Ada", "ada@example.com", external_id="1")
    for user in (ada, users("bob", "bob@example.com"), users("eve", "eve@example.com", "e@example.com")):
        store.create(user)
    return ada


def put(table: Table, entry: tuple[Collection, str], user_id: str) -> None:
    item = items.index_item("default", entry, entry[1], items.USER_OWNER, user_id)
    table.client.put_item(TableName=table.table_name, Item=item)


def remove(table: Table, entry: tuple[Collection, str]) -> None:
    table.client.delete_item(TableName=table.table_name, Key=keys.key("default", *entry))


def test_a_consistent_account_has_no_findings(table: Table, ada: StoredUser) -> None:
    assert_sound(table)


def test_progress_covers_all_checked_items(table: Table, ada: StoredUser) -> None:
    progress = [step for step in check_items(table.account("default", Patience()).items) if isinstance(step, Progress)]

    assert {step.stage: (step.done, step.expected) for step in progress} == {
        "users": (3, 3),
        "USERNAME": (3, 3),
        "EMAIL": (4, 4),
        "EXTERNALID": (1, 3),
    }


@pytest.mark.parametrize("entry", [NAME, EMAIL, EXTERNAL_ID])
def test_a_missing_index_item_is_repaired(table: Table, ada: StoredUser, entry: tuple[Collection, str]) -> None:
    entry = (entry[0], entry[1].format(id=ada.id))
    remove(table, entry)

    assert findings(table) == [Inconsistency(Problem.MISSING, *entry, (ada.id,))]
    assert findings(table, repair=True) == [Inconsistency(Problem.MISSING, *entry, (ada.id,), repaired=True)]
    assert_sound(table)


@pytest.mark.parametrize(
    "entry",
    [
        (Collection.USER_NAME, "nobody"),
        (Collection.USER_NAME, keys.sort_key(LONG)),
        (Collection.EMAIL, "nobody@example.com"),
        (Collection.EXTERNAL_ID, "2#{id}"),
    ],
    ids=["userName", "long userName", "address", "externalId"],
)
@pytest.mark.parametrize("exists", [True, False])
def test_an_index_item_without_its_value_is_removed(
    table: Table, ada: StoredUser, entry: tuple[Collection, str], exists: bool
) -> None:
    owner = ada.id if exists else UNKNOWN_ID
    entry = (entry[0], entry[1].format(id=owner))
    put(table, entry, owner)

    assert findings(table) == [Inconsistency(Problem.ORPHAN, *entry, (owner,))]
    assert findings(table, repair=True) == [Inconsistency(Problem.ORPHAN, *entry, (owner,), repaired=True)]
    assert_sound(table)


def test_a_missing_index_item_of_a_value_too_long_for_a_key_is_repaired(
    table: Table, ada: StoredUser, users: Users
) -> None:
    long = users(LONG)
    table.account("default", Patience()).users.create(long)
    remove(table, (Collection.USER_NAME, keys.sort_key(LONG)))

    assert [finding.problem for finding in findings(table, repair=True)] == [Problem.MISSING]
    assert_sound(table)
    assert ids(table.account("default", Patience()).users.entries_starting(user_schema.USER_NAME, LONG)) == [long.id]


@pytest.mark.parametrize("entry", [NAME, EMAIL, EXTERNAL_ID])
def test_an_index_item_with_the_wrong_user_is_repaired(
    table: Table, ada: StoredUser, entry: tuple[Collection, str]
) -> None:
    entry = (entry[0], entry[1].format(id=ada.id))
    wrong = "fff00000-0000-4000-8000-000000000000"
    put(table, entry, wrong)

    assert findings(table) == [Inconsistency(Problem.WRONG_OWNER, *entry, (ada.id, wrong))]
    assert findings(table, repair=True) == [Inconsistency(Problem.WRONG_OWNER, *entry, (ada.id, wrong), repaired=True)]
    assert_sound(table)


def test_a_value_of_two_users_is_left_to_an_operator(table: Table, ada: StoredUser, users: Users) -> None:
    twin = users("ada", "twin@example.com")
    table.account("default", Patience()).users.create(changed(twin, userName="other"))
    table.client.put_item(TableName=table.table_name, Item=items.user_item("default", twin, "by hand"))
    remove(table, (Collection.USER_NAME, "other"))

    assert findings(table, repair=True) == [Inconsistency(Problem.SHARED, *NAME, (twin.id, ada.id))]
    assert table.account("default", Patience()).users.find_by_user_name("ada") == ada


@pytest.mark.parametrize(
    "spoil",
    [
        {"UpdateExpression": "REMOVE document"},
        {"UpdateExpression": "SET document = :text", "ExpressionAttributeValues": {":text": {"S": '{"userName": "a'}}},
        {"UpdateExpression": "SET document = :text", "ExpressionAttributeValues": {":text": {"S": '["ada"]'}}},
        {"UpdateExpression": "SET version = :text", "ExpressionAttributeValues": {":text": {"S": "two"}}},
    ],
    ids=["no document", "no JSON", "no object", "no version"],
)
def test_an_unreadable_user_is_reported_and_its_index_items_are_kept(
    table: Table, ada: StoredUser, spoil: dict[str, Any]
) -> None:
    key = keys.key("default", Collection.USER, ada.id)
    table.client.update_item(TableName=table.table_name, Key=key, **spoil)
    found = Inconsistency(Problem.UNREADABLE, Collection.USER, ada.id, (ada.id,))

    assert findings(table) == [found]
    assert findings(table, repair=True) == [found]
    table.client.put_item(TableName=table.table_name, Item=items.user_item("default", ada, "restored"))
    assert_sound(table)


@pytest.mark.parametrize("drift", ["5", "-5"])
def test_a_wrong_counter_is_repaired(table: Table, ada: StoredUser, drift: str) -> None:
    rank, counter = keys.rank_of(ada.id)
    table.client.update_item(
        TableName=table.table_name,
        Key=keys.key("default", Collection.RANK, rank),
        UpdateExpression="ADD #counter :drift",
        ExpressionAttributeNames={"#counter": counter},
        ExpressionAttributeValues={":drift": {"N": drift}},
    )

    assert findings(table) == [Inconsistency(Problem.COUNTER, Collection.RANK, rank)]
    assert findings(table, repair=True) == [Inconsistency(Problem.COUNTER, Collection.RANK, rank, repaired=True)]
    assert_sound(table)


def test_missing_counters_are_recreated(table: Table, ada: StoredUser) -> None:
    remove(table, (Collection.RANK, ada.id[:2]))

    assert [finding.problem for finding in findings(table, repair=True)] == [Problem.COUNTER]
    assert_sound(table)
    assert table.account("default", Patience()).users.total() == 3


def test_counters_without_users_are_set_to_zero(table: Table, ada: StoredUser) -> None:
    rank = next(f"{number:02x}" for number in range(256) if not in_use(table, f"{number:02x}"))
    table.client.put_item(
        TableName=table.table_name,
        Item=keys.key("default", Collection.RANK, rank) | {"3": {"N": "2"}},
    )

    assert findings(table, repair=True) == [Inconsistency(Problem.COUNTER, Collection.RANK, rank, repaired=True)]
    assert_sound(table)


def in_use(table: Table, rank: str) -> bool:
    return any(user.id.startswith(rank) for user in table.account("default", Patience()).users.scan())


def test_a_repair_during_writes_repairs_every_fault_and_reverts_no_write(
    table: Table, ada: StoredUser, users: Users
) -> None:
    remove(table, NAME)
    put(table, (Collection.EMAIL, "nobody@example.com"), UNKNOWN_ID)
    remove(table, (Collection.RANK, ada.id[:2]))
    crowds = [
        [users(f"user{writer}.{number}", f"u{writer}.{number}@example.com") for number in range(8)]
        for writer in range(4)
    ]
    began = Barrier(len(crowds) + 1)

    def write(crowd: list[StoredUser]) -> None:
        store = Table(table.client, table.table_name).account("default", MonotonicDeadline.after(60)).users
        began.wait()
        for user in crowd:
            store.create(user)
            other = renamed(user, f"new.{user.attributes['userName']}", f"new.{user.id[:8]}@example.com")
            store.replace(user, other)
            if user is not crowd[-1]:
                store.delete(other)

    found: list[Inconsistency] = []
    with ThreadPoolExecutor(len(crowds)) as threads:
        at_work = [threads.submit(write, crowd) for crowd in crowds]
        began.wait()
        while not found or not all(writer.done() for writer in at_work):
            steps = check_items(
                Table(table.client, table.table_name).account("default", MonotonicDeadline.after(60)).items, repair=True
            )
            found += [step for step in steps if isinstance(step, Inconsistency)]
        for writer in at_work:
            writer.result()

    assert {finding.problem for finding in found} == {Problem.MISSING, Problem.ORPHAN, Problem.COUNTER}
    assert [finding.collection for finding in found].count(Collection.USER_NAME) == 1
    assert findings(table, repair=True) == []
    assert_sound(table)
    assert table.account("default", Patience()).users.total() == 3 + len(crowds)


class Meddling:
    """A client that lets something else happen once, just before a call of the checker's."""

    def __init__(self, client: Any, operation: str, meddle: Iterator[None]) -> None:
        self._client, self._operation, self._meddle = client, operation, meddle

    def __getattr__(self, name: str) -> Any:
        if name == self._operation:
            next(self._meddle, None)
        return getattr(self._client, name)


@pytest.mark.parametrize("before", ["batch_get_item", "transact_get_items", "transact_write_items", "update_item"])
def test_a_write_during_a_check_is_neither_reported_nor_reverted(
    table: Table, ada: StoredUser, users: Users, before: str
) -> None:
    store = table.account("default", Patience()).users
    new = users("new", "new@example.com")
    remove(table, NAME)
    rank, counter = keys.rank_of(ada.id)
    table.client.update_item(
        TableName=table.table_name,
        Key=keys.key("default", Collection.RANK, rank),
        UpdateExpression="ADD #counter :one",
        ExpressionAttributeNames={"#counter": counter},
        ExpressionAttributeValues={":one": {"N": "1"}},
    )

    def meddle() -> Iterator[None]:
        store.create(new)
        store.replace(ada, changed(ada, title="Lead"))
        yield
        store.delete(new)
        yield

    meddled = Table(Meddling(table.client, before, meddle()), table.table_name, sleep=lambda seconds: None)  # type: ignore[arg-type]  # a stand-in for the client
    problems = [
        step.problem
        for step in check_items(meddled.account("default", Patience()).items, repair=True)
        if isinstance(step, Inconsistency)
    ]

    assert problems == [Problem.MISSING, Problem.COUNTER]
    assert_sound(table)
    assert store.find_by_user_name("ada") == changed(ada, title="Lead")

"""The copy in a relational database is what the table is, whatever happens to the events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest

from keep_copy import Copy, connect
from local.embedded_aws import REGION
from reading import User, Users
from receiving import Event, Unavailable, parse
from support.adversary import Consumer, run
from support.published_changes import TABLE_NAME, Customer, Publishing, publishing


@pytest.fixture(scope="module")
def published() -> Iterator[Publishing]:
    """A table in which a change of more than a few members is a large one."""
    with publishing(max_actions=14) as running:
        yield running


def open_copy(database: Path) -> Copy:
    client = boto3.client("dynamodb", region_name=REGION)
    copy = Copy(connect(str(database)), lambda account: Users(TABLE_NAME, account, client))
    copy.create_tables()
    return copy


def contents(copy: Copy, account: str) -> tuple[Any, Any]:
    """What the copy has of the users and groups of an account who are there."""
    sql = copy.connection.cursor()
    users = sql.execute(
        "SELECT id, version, active, user_name, document FROM scim_users WHERE account = ? AND NOT gone", (account,)
    ).fetchall()
    groups = sql.execute(
        "SELECT id, version, display_name, document FROM scim_groups WHERE account = ? AND NOT gone", (account,)
    ).fetchall()
    members = sql.execute("SELECT group_id, user_id FROM scim_members WHERE account = ?", (account,)).fetchall()
    return (
        {row[0]: (row[1], bool(row[2]), row[3], json.loads(row[4])) for row in users},
        {
            row[0]: (row[1], row[2], json.loads(row[3]), sorted(user for group, user in members if group == row[0]))
            for row in groups
        },
    )


class TwoWorkers(Consumer):
    """Two connections to one database, which take events by turns that nobody knows."""

    def __init__(self, database: Path, account: str) -> None:
        self.account = account
        self.random = Random(account)
        self.copies = [open_copy(database), open_copy(database)]

    def handle(self, text: str) -> None:
        self.random.choice(self.copies).handle(parse(text))

    def require_equal(self, customer: Customer) -> None:
        assert contents(self.copies[0], self.account) == customer.contents()


def test_repeated_reordered_lost_and_replayed_events_end_equal_to_the_table(
    published: Publishing, tmp_path: Path
) -> None:
    run(published, lambda account: TwoWorkers(tmp_path / "copy.db", account))


class Killed(BaseException):
    """The process is gone: nothing catches it."""


@dataclass(frozen=True)
class Interrupted(Users):
    """A reader of the table in which something happens after a look at a user."""

    then: Callable[[], None]

    def by_id(self, user_id: str) -> User | None:
        found = super().by_id(user_id)
        self.then()
        return found


def interrupted(copy: Copy, then: Callable[[], None]) -> Copy:
    """The copy with such a reader."""
    client = boto3.client("dynamodb", region_name=REGION)
    return Copy(copy.connection, lambda account: Interrupted(TABLE_NAME, account, client, then))


@pytest.fixture
def customer(published: Publishing) -> Customer:
    return published.customer()


def test_a_crash_between_reading_and_commit_leaves_the_row_as_it_was(
    published: Publishing, customer: Customer, tmp_path: Path
) -> None:
    copy = open_copy(tmp_path / "copy.db")
    account = customer.name
    ada = customer.create()
    [provisioned] = map(parse, published.publish())
    copy.handle(provisioned)
    before = contents(copy, account)
    customer.change(ada, title="Guide")
    [updated] = map(parse, published.publish())

    def die() -> None:
        raise Killed

    with pytest.raises(Killed):
        interrupted(copy, die).handle(updated)

    assert contents(open_copy(tmp_path / "copy.db"), account) == before
    copy.handle(updated)
    assert contents(copy, account) == customer.contents()


def test_a_worker_that_read_before_another_cannot_write_after_it(
    published: Publishing, customer: Customer, tmp_path: Path
) -> None:
    """The first worker stands between reading and writing while the user changes and the second one handles it."""
    second = open_copy(tmp_path / "copy.db")
    second.connection.execute("PRAGMA busy_timeout = 0")
    ada = customer.create()
    [provisioned] = map(parse, published.publish())
    waited: list[Event] = []

    def meanwhile() -> None:
        customer.delete(ada)
        [gone] = map(parse, published.publish())
        with pytest.raises(Unavailable, match="locked"):
            second.handle(gone)
        waited.append(gone)

    first = open_copy(tmp_path / "copy.db")
    interrupted(first, meanwhile).handle(provisioned)
    assert list(contents(first, customer.name)[0]) == [ada.id]
    second.handle(waited[0])

    assert contents(first, customer.name) == customer.contents() == ({}, {})


def test_workers_in_threads_of_their_own_end_equal_to_the_table(
    published: Publishing, customer: Customer, tmp_path: Path
) -> None:
    users = [customer.create(active=number % 3 > 0) for number in range(6)]
    group = customer.create_group(*users)
    customer.delete(users[0])
    customer.change(users[1], title="Guide")
    customer.set_members(group, users[3:])
    events = published.publish() * 2
    open_copy(tmp_path / "copy.db")

    def work(seed: int) -> None:
        copy = open_copy(tmp_path / "copy.db")
        for text in Random(seed).sample(events, len(events)):
            copy.handle(parse(text))
        copy.connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))

    assert contents(open_copy(tmp_path / "copy.db"), customer.name) == customer.contents()


@pytest.mark.parametrize("early", [0, 1])
def test_a_fill_and_the_events_since_the_queue_began_leave_no_gap(
    published: Publishing, customer: Customer, tmp_path: Path, early: int
) -> None:
    """While the account is listed, users come, change and go, and their events are handled or wait in the queue."""
    copy, worker = open_copy(tmp_path / "copy.db"), open_copy(tmp_path / "copy.db")
    account = customer.name
    ada, bob, cyd, dan = [customer.create() for _ in range(4)]
    group = customer.create_group(ada, bob)
    published.publish()  # before there was a queue

    class Listing(Users):
        def all(self, after: str = "") -> Iterator[User]:
            listed = list(super().all(after))
            customer.delete(ada)
            customer.change(bob, title="Guide")
            customer.create()
            customer.set_members(group, [cyd, dan])
            waiting.extend(published.publish())
            for text in waiting[early::2]:
                worker.handle(parse(text))
            yield from listed

    waiting: list[str] = []
    client = copy.users_of(account).client
    Copy(copy.connection, lambda name: Listing(TABLE_NAME, name, client)).fill(account)
    for text in waiting[1 - early :: 2]:
        worker.handle(parse(text))

    assert contents(copy, account) == customer.contents()


def test_a_fill_repairs_a_copy_whose_events_were_lost_and_follows_a_restored_table(
    published: Publishing, customer: Customer, tmp_path: Path
) -> None:
    copy = open_copy(tmp_path / "copy.db")
    account = customer.name
    ada, bob = customer.create(), customer.create()
    group = customer.create_group(ada, bob)
    copy.fill(account)
    customer.delete(ada)
    after = customer.change(bob, title="Guide")
    published.publish()  # and none of it arrives
    copy.fill(account)
    assert contents(copy, account) == customer.contents()

    # As from a backup: Ada is back, and Bob's version is an earlier one.
    customer.account.users.create(ada)
    customer.account.users.delete(after)
    customer.account.users.create(bob)
    copy.fill(account)

    assert contents(copy, account) == customer.contents()
    assert {user_id: row[0] for user_id, row in contents(copy, account)[0].items()} == {ada.id: 1, bob.id: 1}
    assert group.id in contents(copy, account)[1]


def test_a_fill_sees_that_a_restored_table_has_another_state_of_the_same_version(
    published: Publishing, customer: Customer, tmp_path: Path
) -> None:
    copy = open_copy(tmp_path / "copy.db")
    ada = customer.create()
    after = customer.change(ada, title="Guide")
    copy.fill(customer.name)
    customer.account.users.delete(after)
    customer.account.users.create(ada)  # as from a backup
    customer.change(ada, active=False)
    published.publish()

    copy.fill(customer.name)

    assert contents(copy, customer.name) == customer.contents()


def test_a_replay_follows_a_restored_table(published: Publishing, customer: Customer, tmp_path: Path) -> None:
    """As from a backup: who was removed is back, and versions are earlier ones."""
    copy = open_copy(tmp_path / "copy.db")
    ada, bob = customer.create(), customer.create()
    group = customer.create_group(ada)
    customer.rename_group(group)
    customer.delete(ada)
    after = customer.change(bob, title="Guide")
    for text in published.publish():
        copy.handle(parse(text))
    customer.delete_group(group)
    customer.account.users.delete(after)
    published.publish()
    customer.account.users.create(ada)
    customer.account.users.create(bob)
    customer.account.groups.create(group, [ada.id])

    for text in published.replay(customer):
        if "Deprovisioned" not in text:
            copy.handle(parse(text))

    assert contents(copy, customer.name) == customer.contents()


def test_an_event_of_the_copys_version_of_a_group_is_looked_at(
    published: Publishing, customer: Customer, tmp_path: Path
) -> None:
    """A large change of members is published in parts, all of one version."""
    copy = open_copy(tmp_path / "copy.db")
    customer.create_group(*[customer.create() for _ in range(10)])
    *_, last = map(parse, published.publish())
    copy.fill(customer.name)
    copy.connection.execute("DELETE FROM scim_members")
    copy.connection.commit()

    copy.handle(last)

    assert contents(copy, customer.name) == customer.contents()


def test_of_a_user_who_is_gone_nothing_personal_stays(
    published: Publishing, customer: Customer, tmp_path: Path
) -> None:
    copy = open_copy(tmp_path / "copy.db")
    ada = customer.create(title="Guide")
    created = published.publish()
    customer.delete(ada)
    for text in created + published.publish() + created:
        copy.handle(parse(text))

    [row] = copy.connection.execute(
        "SELECT id, gone, active, user_name, document FROM scim_users WHERE account = ?", (customer.name,)
    )
    assert row == (ada.id, 1, 0, None, None)


def test_events_of_other_accounts_are_passed_over_without_reading(
    published: Publishing, customer: Customer, tmp_path: Path
) -> None:
    def nothing(account: str) -> Users:
        raise AssertionError("it read")

    customer.create()
    copy = Copy(connect(str(tmp_path / "copy.db")), nothing, ["another"])
    copy.create_tables()

    for text in published.publish():
        copy.handle(parse(text))

    assert contents(copy, customer.name) == ({}, {})


def test_an_event_that_is_not_newer_costs_no_reading(published: Publishing, customer: Customer, tmp_path: Path) -> None:
    copy = open_copy(tmp_path / "copy.db")
    ada = customer.create()
    customer.change(ada, title="Guide", active=False)
    first, *later = map(parse, published.publish())
    copy.handle(first)

    def nothing(account: str) -> Users:
        raise AssertionError("it read")

    for event in [first, *later]:
        Copy(copy.connection, nothing).handle(event)

    assert contents(copy, customer.name) == customer.contents()

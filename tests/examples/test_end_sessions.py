"""Sessions end with the event of a deactivation, in any order of events, and none begins at that moment."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import boto3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.resources.stored_user import StoredUser
from end_sessions import FOREVER, LIFETIME, Session, SqlSessions, handle_for, handler_for, log_in
from local.embedded_aws import REGION
from reading import User, Users
from receiving import parse, work
from support.examples import examples
from support.published_changes import TABLE_NAME, Customer, Publishing, publishing

NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def published() -> Iterator[Publishing]:
    with publishing() as running:
        yield running


@pytest.fixture
def store() -> SqlSessions:
    return SqlSessions(sqlite3.connect(":memory:"))


@pytest.fixture
def customer(published: Publishing) -> Customer:
    return published.customer()


def users_of(customer: Customer) -> Users:
    return Users(TABLE_NAME, customer.name, boto3.client("dynamodb", region_name=REGION))


def switched(customer: Customer, user: StoredUser) -> StoredUser:
    return customer.change(user, active=not user.attributes.get("active", True))


@dataclass
class Life:
    """One user, the sessions that began, and what the truth about them is."""

    publishing: Publishing
    customer: Customer
    store: SqlSessions
    user: StoredUser
    sessions: list[Session] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    events: list[str] = field(default_factory=list)

    def step(self, what: str) -> None:
        """Let one thing happen."""
        if what == "log in":
            session = log_in(self.store, users_of(self.customer), self.user.id, lambda: NOW)
            assert (session is not None) is self.user.attributes.get("active", True)
            self.sessions += [session] if session else []
        elif what == "update":
            titles = [self.user.attributes.get("title"), "Guide", "Scout"]
            self.user = self.customer.change(self.user, title=next(one for one in titles[1:] if one != titles[0]))
        else:
            self.user = switched(self.customer, self.user)
            if not self.user.attributes["active"]:
                self.ended.update(session.id for session in self.sessions)
        self.events += self.publishing.publish()

    def remove(self) -> None:
        self.customer.delete(self.user)
        self.ended.update(session.id for session in self.sessions)
        self.events += self.publishing.publish()

    def valid(self) -> set[str]:
        return {session.id for session in self.sessions if self.store.find(session.id, NOW)}


STEPS = st.lists(st.sampled_from(["log in", "switch", "switch", "update"]), min_size=1, max_size=8)


@settings(max_examples=examples(20, thorough=500))
@given(steps=STEPS, removed=st.booleans(), early=st.randoms(use_true_random=False))
def test_a_session_ends_exactly_when_its_user_was_deactivated_after_it(
    published: Publishing, steps: list[str], removed: bool, early: Random
) -> None:
    """Each event comes at some time after its change, twice, and not in order."""
    life = new_life(published)
    handle = handle_for(life.store)
    for what in steps:
        life.step(what)
        if life.events and early.random() < 0.5:
            handle(parse(early.choice(life.events)))
    if removed:
        life.remove()
    for text in early.sample(life.events * 2, 2 * len(life.events)):
        handle(parse(text))

    assert life.valid() == {session.id for session in life.sessions} - life.ended


@settings(max_examples=examples(10, thorough=300))
@given(steps=STEPS, removed=st.booleans(), lost=st.randoms(use_true_random=False))
@example(steps=["log in", "update"], removed=False, lost=Random(0))
def test_after_lost_events_a_replay_ends_the_sessions_of_all_who_may_not_sign_in(
    published: Publishing, steps: list[str], removed: bool, lost: Random
) -> None:
    life = new_life(published)
    handle = handle_for(life.store)
    for what in steps:
        life.step(what)
    if removed:
        life.remove()
    arrived = [text for text in life.events if lost.random() < 0.5]
    again = published.replay(life.customer)
    for text in lost.sample(arrived + again, len(arrived) + len(again)):
        handle(parse(text))

    if removed or not life.user.attributes.get("active", True):
        assert life.valid() == set()
    # And a replay ends no session of a user who may sign in and was never deactivated.
    assert life.valid() >= {session.id for session in life.sessions} - life.ended


def new_life(published: Publishing) -> Life:
    customer = published.customer()
    life = Life(published, customer, SqlSessions(sqlite3.connect(":memory:")), customer.create())
    life.events += published.publish()
    return life


@dataclass(frozen=True)
class Interrupted(Users):
    """A reader in which something happens before and after it reads a user."""

    before: Callable[[], None]
    after: Callable[[], None]

    def by_id(self, user_id: str) -> User | None:
        self.before()
        found = super().by_id(user_id)
        self.after()
        return found


def nothing() -> None:
    pass


@pytest.mark.parametrize("reactivated", [False, True])
@pytest.mark.parametrize("when", ["before", "between writing and reading", "between reading and confirming", "after"])
def test_a_log_in_at_the_moment_of_the_deactivation_leaves_no_session(
    published: Publishing, customer: Customer, store: SqlSessions, when: str, reactivated: bool
) -> None:
    """The change and its event come at any moment; a session that is valid was checked after the reactivation."""
    user = customer.create()
    published.publish()
    users = users_of(customer)

    def deactivate() -> None:
        off = switched(customer, user)
        if reactivated:
            switched(customer, off)
        for text in published.publish():
            handle_for(store)(parse(text))

    moments = {
        "between writing and reading": (deactivate, nothing),
        "between reading and confirming": (nothing, deactivate),
    }
    if when == "before":
        deactivate()
    before, after = moments.get(when, (nothing, nothing))
    session = log_in(
        store, Interrupted(users.table_name, users.account, users.client, before, after), user.id, lambda: NOW
    )
    if when == "after":
        deactivate()

    valid = session is not None and store.find(session.id, NOW)
    if not reactivated or when in ("between reading and confirming", "after"):
        assert not valid
    else:
        assert not valid or valid.version == 3
    count = store._connection.execute("SELECT count(*) FROM sessions").fetchone()
    assert count == (1 if valid else 0,)


def test_an_event_that_was_written_before_the_session_and_comes_after_it_is_seen_by_the_reading(
    published: Publishing, customer: Customer, store: SqlSessions
) -> None:
    user = customer.create()
    published.publish()
    switched(customer, user)
    late = published.publish()

    session = log_in(store, users_of(customer), user.id, lambda: NOW)
    for text in late:
        handle_for(store)(parse(text))

    assert session is None


def test_a_late_deactivation_spares_the_session_that_began_after_the_reactivation(
    published: Publishing, customer: Customer, store: SqlSessions
) -> None:
    user = customer.create()
    old = log_in(store, users_of(customer), user.id, lambda: NOW)
    switched(customer, switched(customer, user))
    new = log_in(store, users_of(customer), user.id, lambda: NOW)
    assert old is not None
    assert new is not None
    assert (old.version, new.version) == (1, 3)

    for text in reversed(published.publish()):
        handle_for(store)(parse(text))

    assert store.find(old.id, NOW) is None
    assert store.find(new.id, NOW) == new


class Counting(SqlSessions):
    """A store that counts what is asked of it."""

    calls = 0

    def _do(self, statement: str, *values: object) -> tuple[list[tuple[Any, ...]], int]:
        self.calls += 1
        return super()._do(statement, *values)


@dataclass
class Signed:
    """A user with two sessions, and the event that ends them."""

    store: Counting
    sessions: list[Session]
    event: str

    def left(self) -> int:
        return sum(self.store.find(session.id, NOW) is not None for session in self.sessions)


@pytest.fixture
def signed(published: Publishing, customer: Customer, monkeypatch: pytest.MonkeyPatch) -> Signed:
    store = Counting(sqlite3.connect(":memory:"))
    user = customer.create()
    found = [log_in(store, users_of(customer), user.id, lambda: NOW) for _ in range(2)]
    published.publish()
    switched(customer, user)
    [event] = published.publish()
    made = Signed(store, [session for session in found if session], event)
    assert made.left() == 2
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("it slept"))
    store.calls = 0
    return made


def test_one_event_ends_all_sessions_in_the_call_that_brings_it(signed: Signed) -> None:
    """Two statements and nothing else: no reading of the table, no pause, no second round."""
    handle_for(signed.store)(parse(signed.event))

    assert signed.store.calls == 2
    assert signed.left() == 0


def test_the_function_behind_the_rule_ends_them_in_one_invocation(signed: Signed) -> None:
    assert handler_for(signed.store)(json.loads(signed.event), None) == {}

    assert signed.store.calls == 2
    assert signed.left() == 0


def test_the_function_behind_the_queue_reports_only_what_failed(signed: Signed) -> None:
    records = [{"messageId": "bad", "body": "{}"}, {"messageId": "good", "body": signed.event}]

    answer = handler_for(signed.store)({"Records": records}, None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert signed.left() == 0


def test_the_worker_of_the_queue_ends_them_with_the_first_answer(signed: Signed) -> None:
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.create_queue(QueueName="loss-of-access")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=signed.event)
    received: list[str] = []
    sqs.meta.events.register("before-call.sqs.ReceiveMessage", lambda model, **_: received.append(model.name))

    assert work(sqs, url, handle_for(signed.store)) == 1

    assert received == ["ReceiveMessage"]
    assert signed.left() == 0


def test_a_signed_token_of_an_earlier_version_is_refused(store: SqlSessions) -> None:
    assert not store.is_refused("acme", "u1", 2)
    store.end("acme", "u1", 3)
    store.end("acme", "u1", 2)  # late

    assert [store.is_refused("acme", "u1", version) for version in (1, 2, 3, 4)] == [True, True, False, False]
    assert not store.is_refused("globex", "u1", 2)
    store.end("acme", "u1", FOREVER)
    assert store.is_refused("acme", "u1", 10**9)


def test_a_session_ends_by_itself(published: Publishing, customer: Customer, store: SqlSessions) -> None:
    session = log_in(store, users_of(customer), customer.create().id, lambda: NOW)
    assert session is not None

    assert store.find(session.id, NOW + LIFETIME - 1) == session
    assert store.find(session.id, NOW + LIFETIME) is None


def test_nobody_is_signed_in_when_the_table_does_not_answer(customer: Customer, store: SqlSessions) -> None:
    def fail() -> None:
        raise ConnectionError

    users = users_of(customer)
    user = customer.create()
    with pytest.raises(ConnectionError):
        log_in(store, Interrupted(users.table_name, users.account, users.client, fail, nothing), user.id, lambda: NOW)

    [(session_id,)] = store._connection.execute("SELECT id FROM sessions").fetchall()
    assert store.find(session_id, NOW) is None


def test_a_user_of_another_account_is_not_signed_in(
    published: Publishing, customer: Customer, store: SqlSessions
) -> None:
    stranger = published.customer().create()

    assert log_in(store, users_of(customer), stranger.id, lambda: NOW) is None

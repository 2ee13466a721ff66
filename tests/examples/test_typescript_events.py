"""examples/typescript: the copy is what the table is, and sessions end, whatever happens to the events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reading
from local.embedded_aws import REGION, LocalAws
from local.service import serve
from reading import Users
from support import adversary, node
from support.examples import examples as number_of
from support.published_changes import TABLE_NAME, Customer, Publishing, publishing
from support.reading_form import ACCOUNT, RECORDED
from support.typescript import Examples, as_in_typescript, driver

node.require()


@pytest.fixture(scope="module")
def published() -> Iterator[Publishing]:
    """A table in which a change of more than a few members is a large one."""
    with publishing(max_actions=14) as running:
        yield running


@pytest.fixture(scope="module")
def examples(published: Publishing, typescript: Path) -> Iterator[Examples]:
    """The examples, which read that table over HTTP."""
    with ExitStack() as running:
        address = serve(LocalAws(), 0, 4, running)
        yield running.enter_context(driver(typescript, TABLE_NAME, address))


class Copied(adversary.Consumer):
    """A copy to which several events come at the same moment."""

    def __init__(self, examples: Examples) -> None:
        self.examples = examples
        self.waiting: list[str] = []

    def handle(self, text: str) -> None:
        self.waiting.append(text)
        if len(self.waiting) == 3:
            self.flush()

    def flush(self) -> None:
        self.examples("copy", self.waiting)
        self.waiting = []

    def require_equal(self, customer: Customer) -> None:
        self.flush()
        assert copied(self.examples) == customer.contents()


def copied(examples: Examples) -> Any:
    """What the copy has of the users and groups who are there."""
    found = examples("copied")
    members = [(each["group_id"], each["user_id"]) for each in found["members"]]
    return (
        {
            user["id"]: (user["version"], bool(user["active"]), user["user_name"], json.loads(user["document"]))
            for user in found["users"]
        },
        {
            group["id"]: (
                group["version"],
                group["display_name"],
                json.loads(group["document"]),
                sorted(user for of, user in members if of == group["id"]),
            )
            for group in found["groups"]
        },
    )


def test_repeated_reordered_lost_and_replayed_events_end_equal_to_the_table(
    published: Publishing, examples: Examples
) -> None:
    adversary.run(published, lambda account: Copied(examples.of(account)), few=3)


@pytest.fixture
def customer(published: Publishing) -> Customer:
    return published.customer()


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.json")), ids=lambda path: path.stem)
def test_recorded_items_are_read_as_in_python(published: Publishing, examples: Examples, path: Path) -> None:
    """With a large change of members half done, which counts as done."""
    client = boto3.client("dynamodb", region_name=REGION)
    for item in json.loads(path.read_text(encoding="utf-8")):
        client.put_item(TableName=TABLE_NAME, Item=item)
    python, typescript = Users(TABLE_NAME, ACCOUNT, client), examples.of(ACCOUNT)
    groups, users = list(python.all_groups()), list(python.all())

    assert typescript("allGroups") == [as_in_typescript(group) for group in groups]
    assert typescript("all") == [as_in_typescript(user) for user in users]
    for group in groups:
        assert typescript("membersOf", group.id) == python.members_of(group.id)
    for user in users:
        assert typescript("groupsOf", user.id) == [as_in_typescript(group) for group in python.groups_of(user.id)]
        assert typescript("byUserName", user.user_name)["id"] == user.id
        assert typescript("addresses", as_in_typescript(user)) == reading.addresses(user)


def test_a_worker_that_read_before_another_cannot_write_after_it(
    published: Publishing, customer: Customer, examples: Examples
) -> None:
    here = examples.of(customer.name)
    ada = customer.create()
    here("copy", published.publish())
    guide = customer.change(ada, title="Guide")
    here("hold", published.publish()[-1])
    customer.change(guide, title="Scout")
    here("copy", published.publish())

    here("letGo")

    assert copied(here) == customer.contents()


def test_a_fill_makes_the_copy_what_the_table_is_though_every_event_was_lost(
    published: Publishing, customer: Customer, examples: Examples
) -> None:
    here = examples.of(customer.name)
    ada, bob, eve = (customer.create() for _ in range(3))
    staff, board = customer.create_group(ada, bob), customer.create_group(ada)
    here("fill")
    assert copied(here) == customer.contents()

    customer.change(ada, active=False)
    customer.delete(bob)
    customer.set_members(staff, [eve])
    customer.delete_group(board)
    here("fill")

    assert copied(here) == customer.contents()
    assert len(copied(here)[0]) == 2


def test_nothing_personal_is_left_of_who_is_gone(published: Publishing, customer: Customer, examples: Examples) -> None:
    here = examples.of(customer.name)
    ada = customer.create(title="Guide")
    here("copy", published.publish())
    customer.delete(ada)
    here("copy", published.publish())

    assert here("forgotten") == [
        {"id": ada.id, "version": 1, "gone": 1, "active": 0, "user_name": None, "document": None}
    ]


@settings(max_examples=number_of(10, thorough=300))
@given(removed=st.booleans(), order=st.randoms(use_true_random=False))
def test_a_session_ends_exactly_when_its_user_was_deactivated_after_it(
    published: Publishing, examples: Examples, removed: bool, order: Random
) -> None:
    """Each event comes twice, in any order, and a log-in that was checked before comes to its session after it."""
    customer = published.customer()
    here = examples.of(customer.name)
    ada = customer.create()
    checked = here("byId", ada.id)
    before = here("begun", checked)
    inactive = customer.change(ada, active=False)
    assert here("begun", here("byId", ada.id)) is None
    active = customer.change(inactive, active=True)
    after = here("begun", here("byId", ada.id))
    if removed:
        customer.delete(active)

    events = published.publish()
    here("endSessions", order.sample(events * 2, 2 * len(events)))

    assert not here("isSignedIn", before)
    assert here("isSignedIn", after) is not removed
    assert here("begun", checked) is None

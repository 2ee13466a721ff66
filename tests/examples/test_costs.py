"""What each question of an application costs, as the table of docs/use-it.md promises; units are the real engine's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

import questions
from login import Roles, sign_in
from reading import Users
from support.application import application
from support.engines import ENGINES, new_client
from support.loading import load
from support.reading_form import PAGE
from support.samples import person_of

BUDGETS = {
    name: (int(calls), int(units))
    for name, calls, units in re.findall(
        r"^\| ([^|]+) \| (\d+) \| (\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
}
ID = person_of(7).id
ALONE = person_of(8).id


@dataclass(frozen=True)
class Crowd:
    """A hundred users, one of whom is in three groups, and the one of these that has ten members."""

    users: Users
    group_id: str


OPERATIONS: dict[str, list[Callable[[Crowd], object]]] = {
    "by id; is my copy current": [
        lambda crowd: crowd.users.by_id(ID),
        lambda crowd: questions.is_current(crowd.users, ID, 1),
    ],
    "by userName": [lambda crowd: questions.may_sign_in_as(crowd.users, "USER7")],
    "by e-mail address": [lambda crowd: questions.may_sign_in_with_email(crowd.users, "user7@example.com")],
    "by externalId": [lambda crowd: questions.may_sign_in_with_external_id(crowd.users, "ext-7")],
    "one of these four, if there is no such user": [
        lambda crowd: crowd.users.by_id("nobody") is None,
        lambda crowd: crowd.users.by_user_name("nobody") is None,
        lambda crowd: crowd.users.by_email("nobody@example.com") is None,
        lambda crowd: crowd.users.by_external_id("nobody") == [],
    ],
    "groups of a user who is in none": [lambda crowd: crowd.users.groups_of(ALONE) == []],
    "groups of a user who is in three": [lambda crowd: len(crowd.users.groups_of(ID)) == 3],
    "a log-in by userName, with three groups": [lambda crowd: sign_in(crowd.users, Roles({}), "userName", "user7")],
    "members of a group of ten": [lambda crowd: len(crowd.users.members_of(crowd.group_id)) == 10],
    "all of 100 users": [lambda crowd: len(list(questions.active_users(crowd.users))) == 100],
}


@dataclass
class Meter:
    """The calls of a client, and the read units that the engine names for them."""

    calls: int = 0
    units: float = 0


@contextmanager
def metered(client: Any) -> Iterator[Meter]:
    """Count what a client does until the end of the block."""
    meter, events = Meter(), client.meta.events

    def ask(params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def count(parsed: dict[str, Any], **_: Any) -> None:
        meter.calls += 1
        used = parsed.get("ConsumedCapacity", [])
        meter.units += sum(each["CapacityUnits"] for each in (used if isinstance(used, list) else [used]))

    events.register("before-parameter-build.dynamodb", ask)
    events.register("after-call.dynamodb", count)
    try:
        yield meter
    finally:
        events.unregister("before-parameter-build.dynamodb", ask)
        events.unregister("after-call.dynamodb", count)


@pytest.fixture(scope="module", params=ENGINES)
def crowd(request: pytest.FixtureRequest) -> Iterator[Crowd]:
    """The crowd, on each engine."""
    endpoint = None if request.param == "moto" else request.getfixturevalue("dynamodb_local")
    with application(client=None if endpoint is None else new_client(endpoint)) as app:
        here = app.of("crowd")
        people = [person_of(number) for number in range(100)]
        load(here.table, "crowd", people)
        joining = [person.id for person in people if person.id != ALONE]
        others = [each for each in joining if each != ID]
        group_id = here.create_group("Ten", ID, *others[:9])
        here.create_group("Two", ID, others[0])
        here.create_group("One", ID)
        yield Crowd(here.users, group_id)


def test_every_cost_in_the_page_is_measured() -> None:
    assert list(BUDGETS) == list(OPERATIONS)


@pytest.mark.parametrize("question", OPERATIONS)
def test_a_question_costs_what_the_page_says(crowd: Crowd, question: str, request: pytest.FixtureRequest) -> None:
    calls, units = BUDGETS[question]

    for ask in OPERATIONS[question]:
        with metered(crowd.users.client) as meter:
            assert ask(crowd)

        assert meter.calls == calls
        if "dynamodb-local" in request.node.callspec.id:
            assert meter.units <= units

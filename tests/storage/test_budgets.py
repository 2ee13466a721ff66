"""What each operation may ask of DynamoDB, as docs/data-model.md promises; units only the real engine tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from random import Random

import pytest

from adapters.dynamodb import Table, Usage
from adapters.dynamodb.users import DynamoDBUsers
from domain.stored_user import StoredUser
from storage.engines import ENGINES, client_of, make_table
from storage.loading import load
from storage.samples import Patience, Users, changed, renamed

CROWD = 1_000
NOTE = "n" * 900
"""Fills a user up to 1.2 KB, about what identity providers send."""


@dataclass
class Measured:
    """A directory, and what operations on it cost."""

    table: Table
    crowd: list[StoredUser]
    has_units: bool

    def cost(self, operation: Callable[[DynamoDBUsers], object]) -> Usage:
        """Calls and units of an operation."""
        usage = Usage()
        operation(self.table.users("default", Patience(), usage))
        assert usage.retries == 0
        return usage

    def within(self, operation: Callable[[DynamoDBUsers], object], *, calls: int, units: float) -> None:
        """Hold an operation to its budget."""
        usage = self.cost(operation)
        assert usage.calls <= calls
        if self.has_units:
            # DynamoDB Local counts nothing for a query that finds nothing.
            assert usage.units <= units


def make_crowd() -> list[StoredUser]:
    make = Users(Random(11))
    crowd = [make(f"user{at}", f"user{at}@example.com", external_id=f"{at}", note=NOTE) for at in range(CROWD)]
    return sorted(crowd, key=lambda user: user.id)


@pytest.fixture(scope="module", params=ENGINES)
def measured(request: pytest.FixtureRequest) -> Iterator[Measured]:
    crowd = make_crowd()
    for client in client_of(request.param, request):
        table = make_table(client)
        load(table, "default", crowd)
        yield Measured(table, crowd, has_units=request.param != "moto")


def test_get_is_one_call(measured: Measured) -> None:
    measured.within(lambda store: store.get(measured.crowd[5].id), calls=1, units=1)


def test_a_look_up_is_two_calls(measured: Measured) -> None:
    user = measured.crowd[7]

    measured.within(lambda store: store.find_by_user_name(user.attributes["userName"]), calls=2, units=2)
    measured.within(lambda store: store.find_by_email(user.attributes["emails"][0]["value"]), calls=2, units=2)
    measured.within(lambda store: store.find_by_external_id(user.attributes["externalId"]), calls=2, units=2)


def test_a_look_up_that_finds_nobody_is_one_call(measured: Measured) -> None:
    measured.within(lambda store: store.find_by_user_name("nobody"), calls=1, units=1)
    measured.within(lambda store: store.find_by_external_id("nobody"), calls=1, units=1)


def test_a_shared_external_id_is_two_calls(measured: Measured) -> None:
    store, make = measured.table.users("shared", Patience()), Users()
    for number in range(5):
        store.create(make(f"user{number}", external_id="shared"))
    usage = Usage()

    assert len(measured.table.users("shared", Patience(), usage).find_by_external_id("shared")) == 5

    assert usage.calls == 2


def test_writes_are_one_call_each(measured: Measured) -> None:
    user = Users(Random(12))("new", "new@example.com", external_id="new", note=NOTE)
    titled = changed(user, title="Lead")
    moved = renamed(titled, "moved", "moved@example.com")

    measured.within(lambda store: store.create(user), calls=1, units=12)
    measured.within(lambda store: store.replace(user, titled), calls=1, units=2)
    measured.within(lambda store: store.replace(titled, moved), calls=1, units=12)
    measured.within(lambda store: store.delete(moved), calls=1, units=12)


def test_the_total_is_one_call(measured: Measured) -> None:
    measured.within(lambda store: store.total(), calls=1, units=16)


@pytest.mark.parametrize("start", [1, 2, CROWD // 2, CROWD - 99, CROWD])
def test_a_page_of_a_hundred_is_two_calls_wherever_it_starts(measured: Measured, start: int) -> None:
    measured.within(lambda store: store.page(start, 100), calls=2, units=60)


def test_a_page_behind_the_last_user_is_one_call(measured: Measured) -> None:
    measured.within(lambda store: store.page(CROWD + 1, 100), calls=1, units=16)


def test_a_page_of_all_is_one_call_more_for_each_megabyte(measured: Measured) -> None:
    megabytes = ceil(sum(len(user.document) + 300 for user in measured.crowd) / 1_000_000)

    measured.within(lambda store: store.page(1, CROWD), calls=2 + megabytes, units=16 + megabytes * 256)
    measured.within(lambda store: store.page_after(None, CROWD), calls=1 + megabytes, units=megabytes * 256)


def test_a_page_by_cursor_is_one_call(measured: Measured) -> None:
    measured.within(lambda store: store.page_after(measured.crowd[500].id, 100), calls=1, units=45)


def test_reading_everything_costs_little_more_than_its_megabytes(measured: Measured) -> None:
    megabytes = ceil(sum(len(user.document) + 300 for user in measured.crowd) / 1_000_000)

    measured.within(lambda store: list(store.scan()), calls=2 * megabytes + 2, units=16 + megabytes * 256)


def test_many_are_one_call_for_each_hundred(measured: Measured) -> None:
    measured.within(lambda store: store.get_many([user.id for user in measured.crowd[:150]]), calls=2, units=150)


def test_what_cannot_be_a_key_costs_nothing(measured: Measured) -> None:
    assert measured.cost(lambda store: (store.get(""), store.get("x" * 2000), store.get_many([]))).calls == 0

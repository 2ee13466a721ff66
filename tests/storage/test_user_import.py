"""The importer on each store: users whole or not at all, however often it is throttled or stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Barrier, Lock
from typing import Any

import pytest

from adapters.clock import new_id
from adapters.dynamodb import Table
from domain.errors import TooManyRequests
from domain.ports import UserStore
from domain.resources.stored_user import StoredUser
from operations.roster import RosterRow
from operations.user_import import RowOutcome, RowResult, UserImport
from support.engines import ENGINES, make_table, new_client
from support.faults import CONTENDED, LOST, THROTTLING, Fault, FaultyClient
from support.invariants import assert_sound
from support.memory import InMemoryUsers
from support.samples import NOW, Patience, attributes

ROWS = [RosterRow(number + 2, attributes(f"user{number}", f"user{number}@example.com")) for number in range(30)]


def importer(store: Callable[[], UserStore], **options: Any) -> UserImport:
    return UserImport(store, new_id, lambda: NOW, **options)


def counts(outcomes: list[RowOutcome]) -> dict[RowResult, int]:
    return dict(Counter(outcome.result for outcome in outcomes))


def run_until_error(work: UserImport, rows: list[RosterRow]) -> tuple[list[RowOutcome], Exception | None]:
    """The outcomes up to the error that ended the run, if one did."""
    outcomes: list[RowOutcome] = []
    try:
        outcomes.extend(work.run(rows))
    except TooManyRequests as error:
        return outcomes, error
    return outcomes, None


@dataclass
class Throttled:
    """A table whose client faults can strike, and whose pauses cost no time but the deadline's."""

    table: Table
    faults: FaultyClient
    patience: Patience

    def store(self) -> UserStore:
        return self.table.account("default", self.patience).users


@pytest.fixture(params=ENGINES)
def throttled(request: pytest.FixtureRequest) -> Throttled:
    if request.param == "moto":
        request.getfixturevalue("mocked")
        client = new_client()
    else:
        client = new_client(request.getfixturevalue("local_client").meta.endpoint_url)
    patience = Patience(20)
    table = Table(client, make_table(client).table_name, patience.spend)
    return Throttled(table, FaultyClient(client), patience)


@pytest.mark.parametrize("fault", [THROTTLING[0], *CONTENDED[1:4]], ids=str)
def test_a_transaction_in_progress_is_repeated_after_a_pause(throttled: Throttled, fault: Fault) -> None:
    throttled.faults.once(*[fault] * 5)

    outcomes = list(importer(throttled.store, workers=1).run(ROWS[:6]))

    assert counts(outcomes) == {RowResult.CREATED: 6}
    assert len(throttled.patience.slept) == 5
    assert_sound(throttled.table)


def test_an_import_pauses_longer_while_throttled_then_stops_and_can_be_continued(throttled: Throttled) -> None:
    throttled.faults.always(THROTTLING[0])

    outcomes, error = run_until_error(importer(throttled.store, workers=1), ROWS)

    slept = throttled.patience.slept
    assert outcomes == []
    assert isinstance(error, TooManyRequests)
    assert max(slept[:2]) <= 0.1 < max(slept) <= 1
    assert sum(slept) > 10
    throttled.faults.calm()
    throttled.patience.left = 20
    again = list(importer(throttled.store, workers=1).run(ROWS))
    assert counts(again) == {RowResult.CREATED: len(ROWS)}
    assert_sound(throttled.table)


@pytest.mark.parametrize("fault", LOST, ids=str)
def test_a_write_with_a_lost_answer_is_not_done_twice(throttled: Throttled, fault: Fault) -> None:
    throttled.faults.once(fault)

    outcomes = list(importer(throttled.store, workers=1).run(ROWS[:6]))

    assert counts(outcomes) == {RowResult.CREATED: 6}
    assert throttled.table.account("default", Patience()).users.total() == 6
    assert_sound(throttled.table)


@pytest.mark.parametrize(("claimed", "transactions"), [(False, [33, 7]), (True, [24, 16])])
def test_a_transaction_has_as_many_users_as_fit_into_a_hundred_actions(
    throttled: Throttled, claimed: bool, transactions: list[int]
) -> None:
    of_all = {"externalId": "x"} if claimed else {}
    rows = [RosterRow(number + 2, attributes(f"u{number}", f"u{number}@example.com") | of_all) for number in range(40)]
    sent: list[int] = []

    def listen(params: dict[str, Any], **_: Any) -> None:
        sent.append(sum("document" in action.get("Put", {"Item": {}})["Item"] for action in params["TransactItems"]))

    throttled.faults.client.meta.events.register("provide-client-params.dynamodb.TransactWriteItems", listen)

    list(importer(throttled.store, workers=1).run(rows))

    assert sent == transactions
    assert_sound(throttled.table)


class FailsAt(InMemoryUsers):
    """Accepts a limited number of users."""

    def __init__(self, users: int) -> None:
        super().__init__()
        self.left = users
        self._counting = Lock()

    def create(self, user: StoredUser) -> None:
        with self._counting:
            self.left -= 1
            if self.left < 0:
                raise TooManyRequests("Slower.")
        super().create(user)


def test_an_interrupted_import_reports_every_created_user_and_continues_from_there() -> None:
    rows = [RosterRow(number + 2, attributes(f"user{number}")) for number in range(5000)]
    store = FailsAt(1234)

    outcomes, error = run_until_error(importer(lambda: store), rows)

    assert isinstance(error, TooManyRequests)
    assert counts(outcomes) == {RowResult.CREATED: 1234}
    assert {outcome.row.attributes["userName"] for outcome in outcomes} == {
        user.attributes["userName"] for user in store.scan()
    }
    store.left = 5000
    assert counts(list(importer(lambda: store).run(rows))) == {
        RowResult.UNCHANGED: 1234,
        RowResult.CREATED: 5000 - 1234,
    }


def test_concurrent_writes_are_bounded_and_rows_are_read_on_demand() -> None:
    workers, users = 4, 200
    in_flight: list[int] = []
    ahead: list[int] = []
    outcomes: list[RowOutcome] = []
    together, lock = Barrier(workers), Lock()

    class Crowded(InMemoryUsers):
        def create(self, user: StoredUser) -> None:
            with lock:
                in_flight.append(in_flight[-1] + 1 if in_flight else 1)
            together.wait(timeout=60)  # breaks when the workers do not work at the same time
            super().create(user)
            with lock:
                in_flight.append(in_flight[-1] - 1)

    def rows() -> Iterator[RosterRow]:
        for number in range(users):
            ahead.append(number - len(outcomes))
            yield RosterRow(number + 2, attributes(f"user{number}"))

    store = Crowded()

    for outcome in importer(lambda: store, workers=workers).run(rows()):
        outcomes.append(outcome)

    assert counts(outcomes) == {RowResult.CREATED: users}
    assert max(in_flight) == workers
    assert max(ahead) <= 3 * workers

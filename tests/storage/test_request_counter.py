"""The used part of an account's rate, counted over all containers: on the twin and on every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from moto import mock_aws

from adapters.dynamodb import Table, Usage
from domain.accounts.rate import BURST, MOST_AT_ONCE, SLACK, UNBELIEVABLE, Rate, RequestCounter
from domain.errors import ServiceUnavailable, TooManyRequests
from support.engines import ENGINES, client_of, make_table, new_client
from support.faults import BREAKING, LOST, THROTTLING, Fault, FaultyClient
from support.memory import InMemoryRequestCounter

RATE = Rate(25)


@dataclass
class Clock:
    """A wall clock that tests set."""

    seconds: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Counted:
    """A way to the counter of each account."""

    counter: Callable[[str], RequestCounter]
    clock: Clock

    def let_in(self, tries: int, account: str = "default", rate: Rate = RATE) -> int:
        """Return how many of the given number of requests are let in when each is settled by itself."""
        return sum(self.counter(account).settle(1, rate).accepted for _ in range(tries))


@pytest.fixture(params=["memory", *ENGINES])
def counted(request: pytest.FixtureRequest) -> Iterator[Counted]:
    clock = Clock()
    if request.param == "memory":
        kept: dict[str, InMemoryRequestCounter] = {}
        yield Counted(lambda account: kept.setdefault(account, InMemoryRequestCounter(clock)), clock)
        return
    for client in client_of(request.param, request):
        table = replace(make_table(client), now=clock)
        yield Counted(table.request_counter, clock)


def test_a_returning_account_has_a_burst_and_then_its_rate(counted: Counted) -> None:
    assert counted.let_in(60) == BURST * RATE.per_second + 1

    counted.clock.seconds += 0.4

    assert counted.let_in(20) == 10


def test_an_account_at_its_rate_is_never_refused(counted: Counted) -> None:
    for _ in range(20):
        assert counted.let_in(5) == 5
        counted.clock.seconds += 0.2


def test_unused_rate_accumulates_only_up_to_burst_and_slack(counted: Counted) -> None:
    counted.let_in(1)
    for idle in (SLACK, BURST + SLACK, 3600.0):
        counted.clock.seconds += idle

        assert counted.let_in(90) <= (BURST + SLACK) * RATE.per_second + 1


def test_the_remaining_room_is_returned(counted: Counted) -> None:
    counter = counted.counter("default")

    assert [round(counter.settle(20, RATE).room, 3) for _ in range(3)] == [1.2, 0.4, -0.4]
    refused = counter.settle(1, RATE)

    assert (refused.accepted, round(refused.room, 3)) == (False, -0.4)


def test_the_total_of_settled_requests_is_returned(counted: Counted) -> None:
    assert [counted.counter("default").settle(20, RATE).total for _ in range(3)] == [20, 40, 60]
    counted.counter("default").settle(20, RATE)
    counted.clock.seconds += 3600

    assert counted.counter("default").settle(1, RATE).total == 61


def test_a_refused_settlement_is_not_counted(counted: Counted) -> None:
    counted.let_in(70)
    counted.clock.seconds += 0.4

    assert counted.let_in(20) == 10


def test_an_expensive_request_is_admitted_once_and_then_delays_the_next_for_a_bounded_time(counted: Counted) -> None:
    assert counted.counter("default").settle(1_000_000, RATE).accepted

    counted.clock.seconds += MOST_AT_ONCE - BURST - 0.1
    assert counted.let_in(1) == 0

    counted.clock.seconds += 0.2
    assert counted.let_in(1) == 1


def test_each_account_has_its_own_rate(counted: Counted) -> None:
    counted.let_in(60, "noisy")

    assert counted.let_in(51, "quiet") == 51
    counted.clock.seconds += 0.42
    assert counted.let_in(30, "noisy", Rate(50)) == 20


def test_a_wrong_clock_does_not_lock_an_account_out(counted: Counted) -> None:
    counted.clock.seconds += 86_400
    counted.let_in(1)
    counted.clock.seconds -= 86_400

    assert counted.let_in(1) == 1

    counted.clock.seconds -= BURST + UNBELIEVABLE + 1
    assert counted.let_in(1) == 1


def test_containers_that_settle_at_once_do_not_exceed_the_rate(counted: Counted) -> None:
    with ThreadPoolExecutor(8) as pool:
        let_in = sum(pool.map(lambda _: counted.let_in(10), range(8)))

    assert let_in == BURST * RATE.per_second + 1


@pytest.fixture
def table(client: Any) -> Table:
    return replace(make_table(client), now=Clock())


def test_a_block_costs_one_call_and_a_return_after_a_quiet_time_one_more(table: Table) -> None:
    usage = Usage()
    for _ in range(10):
        table.request_counter("default", usage).settle(5, RATE)

    assert (usage.calls, usage.retries) == (11, 0)


def test_an_account_has_one_item(table: Table) -> None:
    clock = Clock()
    at = replace(table, now=clock)
    for _ in range(5):
        at.request_counter("default").settle(5, RATE)
        clock.seconds += 3600

    items = table.client.scan(TableName=table.table_name)["Items"]

    assert [set(item) for item in items] == [{"pk", "sk", "usedUntil", "settled"}]


@pytest.mark.parametrize(
    ("fault", "error"),
    [(THROTTLING[0], TooManyRequests), (BREAKING[0], ServiceUnavailable), (LOST[0], ServiceUnavailable)],
    ids=str,
)
def test_a_table_that_does_not_answer_gets_one_attempt(fault: Fault, error: type[Exception]) -> None:
    usage = Usage()
    with mock_aws():
        faulty = FaultyClient(new_client())
        table = make_table(faulty.client)
        faulty.always(fault)

        with pytest.raises(error):
            table.request_counter("default", usage).settle(1, RATE)

    assert (usage.calls, faulty.struck) == (1, 1)

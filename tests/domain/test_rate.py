"""An account's rate over many containers: simulated on its own clock; counts only, no measured time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dynamodb.usage import Usage
from domain.accounts.rate import BURST, FREE, FREE_AGAIN, SLACK, Rate, RateLimited, Standing, extra_requests
from domain.errors import ServiceUnavailable
from domain.limits import MAX_REQUESTS_PER_SECOND, MIN_REQUESTS_PER_SECOND
from handlers.container.pace import Pace
from support.memory import InMemoryRequestCounter

CONTAINERS = (1, 20, 200)
RATES = (25, 50)


@dataclass
class Fleet:
    """Containers of one account over one counter; `route` chooses the container of each request."""

    size: int
    rate: Rate
    seed: int = 1
    now: float = 0.0
    calls: int = 0
    silent: bool = False
    let_in: list[float] = field(default_factory=list)
    refused: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._counter = InMemoryRequestCounter(lambda: 1_800_000_000 + self.now)
        self._containers = [Pace(lambda account, usage: self, monotonic=lambda: self.now) for _ in range(self.size)]
        self._next = self._chosen = 0

    def settle(self, requests: int, rate: Rate) -> Standing:
        self.calls += 1
        if self.silent:
            raise ServiceUnavailable("The table does not answer.")
        return self._counter.settle(requests, rate)

    def send(self, *, at_random: bool = True, requests: int = 1) -> bool:
        """One request, to a container by chance or to each in turn."""
        self._next += 1
        self._chosen = self._random.randrange(self.size) if at_random else self._next % self.size
        try:
            self._containers[self._chosen].admit("acme", self.rate, Usage(), requests)
        except RateLimited as refusal:
            self.refused.append((self.now, refusal.retry_after))
            return False
        self.let_in.append(self.now)
        return True

    def charge(self, requests: int) -> None:
        """The cost of the last request beyond its own price."""
        self._containers[self._chosen].charge("acme", requests)

    def send_all(self, times: Iterator[float], *, at_random: bool = True) -> None:
        for self.now in times:
            self.send(at_random=at_random)


def evenly(per_second: float, seconds: float, begin: float = 0.0) -> Iterator[float]:
    return (begin + number / per_second for number in range(int(per_second * seconds)))


def in_bursts(per_second: int, seconds: int, begin: float = 0.0) -> Iterator[float]:
    """All of a second's requests within its first hundredth."""
    return (begin + second + number / (100 * per_second) for second in range(seconds) for number in range(per_second))


def by_chance(per_second: float, seconds: float, seed: int = 2) -> Iterator[float]:
    random = Random(seed)
    return iter(sorted(random.random() * seconds for _ in range(int(per_second * seconds))))


@pytest.mark.parametrize("at_random", [True, False], ids=["by chance", "in turn"])
@pytest.mark.parametrize("per_second", RATES)
@pytest.mark.parametrize("size", CONTAINERS)
def test_requests_at_ten_times_the_rate_are_admitted_at_the_rate(size: int, per_second: int, at_random: bool) -> None:
    fleet = Fleet(size, Rate(per_second))

    fleet.send_all(evenly(10 * per_second, 90), at_random=at_random)

    of_the_last_thirty_seconds = sum(moment >= 60 for moment in fleet.let_in)
    assert 0.8 <= of_the_last_thirty_seconds / (30 * per_second) <= 1.2
    assert len(fleet.let_in) <= 1.2 * 90 * per_second + size * FREE


@pytest.mark.parametrize("times", [evenly, in_bursts, by_chance], ids=lambda times: times.__name__)
@pytest.mark.parametrize("at_random", [True, False], ids=["by chance", "in turn"])
@pytest.mark.parametrize("size", CONTAINERS)
def test_an_account_just_below_its_rate_is_never_refused(
    size: int, at_random: bool, times: Callable[[int, int], Iterator[float]]
) -> None:
    fleet = Fleet(size, Rate(50))

    fleet.send_all(times(45, 120), at_random=at_random)

    assert fleet.refused == []


@pytest.mark.parametrize("times", [evenly, in_bursts], ids=lambda times: times.__name__)
@pytest.mark.parametrize("size", [1, 20])
def test_a_first_synchronisation_at_exactly_the_rate_is_not_refused(
    size: int, times: Callable[[int, int], Iterator[float]]
) -> None:
    fleet = Fleet(size, Rate(50))

    fleet.send_all(times(50, 60))

    assert fleet.refused == []


@pytest.mark.parametrize("size", CONTAINERS)
def test_a_quiet_account_asks_the_table_for_nothing(size: int) -> None:
    fleet = Fleet(size, Rate())
    for day in range(7):
        for hour in (8, 12, 17):
            fleet.now = 86_400 * day + 3600 * hour
            for _ in range(FREE):
                fleet.send()
                fleet.now += 0.1

    assert (fleet.calls, fleet.refused) == (0, [])


def test_a_request_every_forty_seconds_is_quiet_however_long_it_lasts() -> None:
    fleet = Fleet(1, Rate())

    fleet.send_all(evenly(1 / FREE_AGAIN, 86_400))

    assert fleet.calls == 0


@pytest.mark.parametrize("size", [1, 20])
def test_a_busy_account_asks_once_for_several_requests(size: int) -> None:
    fleet = Fleet(size, Rate(50))

    fleet.send_all(evenly(30, 60))

    assert fleet.calls <= len(fleet.let_in) / 3


@pytest.mark.parametrize("size", CONTAINERS)
def test_a_flood_of_requests_makes_few_calls(size: int) -> None:
    fleet = Fleet(size, Rate(50))

    fleet.send_all(evenly(500, 60))

    # A call for each request let in at most, and one a second of each container that is refused.
    assert fleet.calls <= len(fleet.let_in) + 60 * min(size, 500 - 50)


def test_a_refusal_names_whole_seconds_after_which_there_is_room() -> None:
    fleet = Fleet(1, Rate(25))
    fleet.send(requests=FREE)
    fleet.send(requests=200)
    assert not fleet.send()
    _, seconds = fleet.refused[0]
    assert seconds == 6  # 200 requests are 8 seconds of the rate, of which the burst had 2

    fleet.now += seconds

    assert fleet.send()


def test_while_the_table_does_not_answer_every_request_is_admitted_and_the_table_is_tried_once_a_second() -> None:
    fleet = Fleet(1, Rate(25), silent=True)

    fleet.send_all(evenly(250, 10))

    assert fleet.refused == []
    assert fleet.calls <= 11


def test_requests_admitted_while_the_table_did_not_answer_are_counted_afterwards() -> None:
    fleet = Fleet(1, Rate(25), silent=True)
    fleet.send_all(evenly(250, 2))
    fleet.silent = False

    fleet.send_all(evenly(250, 5, begin=2.5))

    assert sum(moment >= 2.5 for moment in fleet.let_in) < 25


def test_the_cpu_of_a_request_is_charged_to_later_requests() -> None:
    fleet = Fleet(1, Rate(25))
    fleet.send()

    fleet.charge(200)

    assert fleet.send()
    assert not fleet.send()


def test_requests_that_burn_a_second_each_get_a_small_part_of_the_executions() -> None:
    """A second of CPU is 3.4 s of a function with 0.29 of a core; twenty of them run at once."""
    fleet = Fleet(20, Rate(50))
    burned = 0.0
    for fleet.now in evenly(50, 60):
        if fleet.send():
            fleet.charge(extra_requests(1.0, 1))
            burned += 1.0

    assert burned / 60 * 3.4 < 20 / 2


def test_an_account_over_its_rate_repays_its_free_requests() -> None:
    fleet = Fleet(200, Rate(50))

    fleet.send_all(evenly(500, 120))

    assert len(fleet.let_in) <= 120 * 50 + (BURST + SLACK) * 50 + 200


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 30)), max_size=60), st.sampled_from([25, 50, 1000]))
def test_admitted_requests_never_exceed_rate_burst_and_free_requests(
    steps: list[tuple[float, int]], per_second: int
) -> None:
    fleet = Fleet(3, Rate(per_second))
    for passed, requests in steps:
        fleet.now += passed
        for _ in range(requests):
            fleet.send()

    room = per_second * (fleet.now + BURST + SLACK)
    unsettled = 3 * (FREE + 1 + max(1, per_second * (BURST + SLACK) / 20))
    free = 3 * fleet.now / FREE_AGAIN * FREE
    assert len(fleet.let_in) <= room + unsettled + free


@pytest.mark.parametrize("per_second", [MIN_REQUESTS_PER_SECOND - 1, 0, -50, MAX_REQUESTS_PER_SECOND + 1])
def test_there_is_no_rate_below_the_floor_or_above_what_can_be_counted(per_second: int) -> None:
    with pytest.raises(ValueError, match="between 25 and 1000"):
        Rate(per_second)

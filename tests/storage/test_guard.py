"""The deprovisioning guard: exact over a rolling hour, on the twin and on every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from adapters.dynamodb import Table, Usage
from adapters.memory import InMemoryGuard, InMemoryUsers
from domain.deprovisioning import MINUTES, DeprovisioningPaused, GuardState, Limit
from domain.ports import DeprovisioningGuard, UserStore
from storage.engines import ENGINES, client_of, make_table
from storage.samples import Patience, Users, changed

HALF_PAST_NINE = 1_800_000_000.0 // 3600 * 3600 + 1800


@dataclass
class Clock:
    """A wall clock that tests set."""

    seconds: float = HALF_PAST_NINE

    def __call__(self) -> float:
        return self.seconds

    def pass_minutes(self, minutes: float) -> None:
        self.seconds += minutes * 60


@dataclass
class Guarded:
    """An account's users and a way to its guard."""

    store: UserStore
    guard: Callable[[Limit], DeprovisioningGuard]
    clock: Clock


@pytest.fixture(params=["memory", *ENGINES])
def guarded(request: pytest.FixtureRequest) -> Iterator[Guarded]:
    clock = Clock()
    if request.param == "memory":
        users = InMemoryUsers()
        guards: dict[str, InMemoryGuard] = {}

        def guard(limit: Limit) -> InMemoryGuard:
            found = guards.setdefault("one", InMemoryGuard(users, limit, clock))
            found.limit = limit
            return found

        yield Guarded(users, guard, clock)
        return
    for client in client_of(request.param, request):
        table = replace(make_table(client), now=clock)
        yield Guarded(
            table.users("default", Patience()), lambda limit, at=table: at.guard("default", limit, Patience()), clock
        )


def let_through(guarded: Guarded, limit: Limit, tries: int) -> int:
    """How many of so many tries get through."""
    passed = 0
    for _ in range(tries):
        try:
            guarded.guard(limit).take()
        except DeprovisioningPaused:
            continue
        passed += 1
    return passed


def test_as_many_as_the_limit_get_through(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(5), 9) == 5


def test_the_hour_rolls(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(4), 3) == 3
    guarded.clock.pass_minutes(30)
    assert let_through(guarded, Limit(4), 3) == 1

    guarded.clock.pass_minutes(29)
    assert let_through(guarded, Limit(4), 1) == 0

    guarded.clock.pass_minutes(2)
    assert let_through(guarded, Limit(4), 9) == 3
    guarded.clock.pass_minutes(30)
    assert let_through(guarded, Limit(4), 9) == 1


def test_a_place_counts_until_the_minute_after_its_hour_begins(guarded: Guarded) -> None:
    taken = guarded.clock.seconds = HALF_PAST_NINE + 59.5
    assert let_through(guarded, Limit(1), 2) == 1

    for moment in (taken + 1, taken + 3599.5, taken + 3600, HALF_PAST_NINE + 3659.9):
        guarded.clock.seconds = moment
        assert let_through(guarded, Limit(1), 1) == 0
        assert guarded.guard(Limit(1)).state().used == 1

    guarded.clock.seconds = HALF_PAST_NINE + 3660
    assert guarded.guard(Limit(1)).state().used == 0
    assert let_through(guarded, Limit(1), 2) == 1


def test_a_place_given_back_can_be_taken_again(guarded: Guarded) -> None:
    guard = guarded.guard(Limit(1))
    guard.take()

    guard.give_back()

    assert let_through(guarded, Limit(1), 2) == 1


def test_a_percentage_of_the_active_users_may_be_more_than_the_number(guarded: Guarded) -> None:
    make = Users()
    active = [make(f"user{number}") for number in range(40)]
    for user in [*active, *(make(f"former{number}", active=False) for number in range(10))]:
        guarded.store.create(user)

    # When two are gone, a fifth of the thirty-eight who are left is seven.
    for user in active[:7]:
        guarded.guard(Limit(2, 20)).take()
        guarded.store.replace(user, changed(user, active=False))

    with pytest.raises(DeprovisioningPaused):
        guarded.guard(Limit(2, 20)).take()


def test_a_number_above_the_percentage_holds(guarded: Guarded) -> None:
    guarded.store.create(Users()("ada"))

    assert let_through(guarded, Limit(3, 10), 9) == 3


def test_a_limit_of_none_lets_nobody_through(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(0), 2) == 0


def test_a_changed_limit_holds_at_once(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(2), 5) == 2
    assert let_through(guarded, Limit(4), 5) == 2
    assert let_through(guarded, Limit(3), 5) == 0


@pytest.fixture(params=ENGINES)
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    for client in client_of(request.param, request):
        yield replace(make_table(client), now=Clock())


def test_a_place_is_one_call_and_a_refusal_too(table: Table) -> None:
    for _ in range(3):
        usage = Usage()
        table.guard("default", Limit(3), Patience(), usage).take()
        assert usage.calls == 1
    usage = Usage()

    with pytest.raises(DeprovisioningPaused):
        table.guard("default", Limit(3), Patience(), usage).take()

    assert usage.calls == 1


def test_its_item_does_not_grow_with_the_years(table: Table) -> None:
    clock = table.now
    assert isinstance(clock, Clock)
    for _ in range(60):
        table.guard("default", Limit(1000), Patience()).take()
        clock.pass_minutes(45)

    item = table.client.get_item(
        TableName=table.table_name, Key={"pk": {"S": "default#GUARD"}, "sk": {"S": "deprovisioning"}}
    )["Item"]
    assert len(item) < 45
    assert table.guard("default", Limit(1000), Patience()).state().used == 1


def taken_at_once(table: Table, limit: Limit, attempts: int, threads: int) -> int:
    """How many of so many attempts the guard lets through."""

    def take(_: int) -> bool:
        try:
            table.guard("default", limit, Patience()).take()
        except DeprovisioningPaused:
            return False
        return True

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(take, range(attempts)))


def test_never_one_too_many_at_the_same_time(table: Table) -> None:
    limit = Limit(40)

    assert taken_at_once(table, limit, attempts=120, threads=16) == 40
    assert table.guard("default", limit, Patience()).state() == GuardState(used=40, allowed=40, is_paused=True)


def test_never_one_too_many_while_the_hour_rolls(table: Table) -> None:
    limit, clock = Limit(10), table.now
    assert isinstance(clock, Clock)
    for _ in range(limit.users):
        table.guard("default", limit, Patience()).take()
    clock.pass_minutes(MINUTES + 1)

    assert taken_at_once(table, limit, attempts=40, threads=8) == limit.users
    assert table.guard("default", limit, Patience()).state() == GuardState(used=10, allowed=10, is_paused=True)


class _Overtaken:
    """A client before whose first sweeping somebody else does something."""

    def __init__(self, client: Any, overtake: Callable[[], object]) -> None:
        self._client = client
        self._overtake: Callable[[], object] | None = overtake

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def update_item(self, **request: Any) -> Any:
        if request["UpdateExpression"].startswith("SET swept") and self._overtake is not None:
            self._overtake, overtake = None, self._overtake
            overtake()
        return self._client.update_item(**request)


def test_a_sweeping_that_comes_late_forgets_nobody(table: Table) -> None:
    limit, clock = Limit(2), table.now
    assert isinstance(clock, Clock)

    def take_all() -> None:
        for _ in range(limit.users):
            table.guard("default", limit, Patience()).take()

    take_all()
    clock.pass_minutes(MINUTES + 1)
    late = replace(table, client=_Overtaken(table.client, take_all))

    with pytest.raises(DeprovisioningPaused):
        late.guard("default", limit, Patience()).take()

    assert table.guard("default", limit, Patience()).state().used == limit.users


def test_one_account_does_not_use_up_anothers(table: Table) -> None:
    table.guard("one", Limit(1), Patience()).take()

    table.guard("other", Limit(1), Patience()).take()

    with pytest.raises(DeprovisioningPaused):
        table.guard("one", Limit(1), Patience()).take()


def test_after_a_person_has_looked_as_many_get_through_again(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(2), 3) == 2
    assert guarded.guard(Limit(2)).state() == GuardState(used=2, allowed=2, is_paused=True)

    guarded.guard(Limit(2)).resume("operator", "2026-01-01T00:00:00Z")

    assert guarded.guard(Limit(2)).state() == GuardState(used=0, allowed=2, is_paused=False)
    assert let_through(guarded, Limit(2), 3) == 2


def test_an_account_whose_number_is_used_up_is_paused_once_the_percentage_is_known_to_be_less(guarded: Guarded) -> None:
    guarded.store.create(Users()("ada"))
    assert let_through(guarded, Limit(2, 50), 2) == 2
    assert not guarded.guard(Limit(2, 50)).state().is_paused

    assert let_through(guarded, Limit(2, 50), 1) == 0

    assert guarded.guard(Limit(2, 50)).state().is_paused


class _AnswersLost:
    """A client whose first update is done and not answered."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lost = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def update_item(self, **request: Any) -> Any:
        answer = self._client.update_item(**request)
        if "ADD used" in request["UpdateExpression"] and not self._lost:
            self._lost = True
            raise ReadTimeoutError(endpoint_url="dynamodb")
        return answer


def test_an_answer_that_was_lost_counts_once(table: Table) -> None:
    broken = replace(table, client=_AnswersLost(table.client))

    broken.guard("default", Limit(3), Patience()).take()

    assert table.guard("default", Limit(3), Patience()).state().used == 1

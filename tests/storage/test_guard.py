"""The deprovisioning guard: exact over a rolling day, on the twin and on every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from adapters.dynamodb import Table, Usage
from domain.accounts.deprovisioning import (
    HOURS,
    MAX_PASSES,
    DeprovisioningGuard,
    DeprovisioningPaused,
    GuardState,
    Limit,
    settled_before,
)
from domain.ports import UserStore
from support.engines import ENGINES, client_of, make_table
from support.memory import InMemoryGuard, InMemoryUsers
from support.samples import Patience, Users, changed

HALF_PAST_NINE = 1_800_000_000.0 // 3600 * 3600 + 1800


@dataclass
class Clock:
    """A wall clock that tests set."""

    seconds: float = HALF_PAST_NINE

    def __call__(self) -> float:
        return self.seconds

    def pass_hours(self, hours: float) -> None:
        self.seconds += hours * 3600

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)


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
            table.account("default", Patience()).users,
            lambda limit, at=table: at.account("default", Patience()).guard(limit),  # type: ignore[misc]  # mypy infers no type for the lambda's default
            clock,
        )


def let_through(guarded: Guarded, limit: Limit, tries: int) -> int:
    """Return how many of the given number of tries get through."""
    passed = 0
    for _ in range(tries):
        try:
            guarded.guard(limit).take()
        except DeprovisioningPaused:
            continue
        passed += 1
    return passed


def test_the_limit_is_the_number_of_losses_of_access(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(5), 9) == 5


def test_the_window_of_the_day_moves_hour_by_hour(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(4), 3) == 3
    guarded.clock.pass_hours(12)
    assert let_through(guarded, Limit(4), 1) == 1

    guarded.clock.pass_hours(13)
    assert guarded.guard(Limit(4)).state().used == 1
    assert let_through(guarded, Limit(4), 3) == 3
    guarded.clock.pass_hours(12)
    assert let_through(guarded, Limit(4), 1) == 1


def test_a_place_counts_until_the_hour_after_its_day_begins(guarded: Guarded) -> None:
    guarded.guard(Limit(2)).take()

    for hours in (1, 23, 0.49):
        guarded.clock.pass_hours(hours)
        assert guarded.guard(Limit(2)).state().used == 1

    guarded.clock.pass_hours(0.01)
    assert guarded.guard(Limit(2)).state().used == 0


def test_a_pause_lasts_a_day_even_if_places_become_free_earlier(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(2), 2) == 2
    guarded.clock.pass_hours(20)
    assert let_through(guarded, Limit(2), 1) == 0
    until = guarded.clock.time + timedelta(hours=24)
    assert guarded.guard(Limit(2)).state() == GuardState(2, 2, is_paused=True, paused_until=until)

    guarded.clock.pass_hours(23.9)
    with pytest.raises(DeprovisioningPaused) as refused:
        guarded.guard(Limit(2)).take()
    assert f"{until:%Y-%m-%dT%H:%MZ}" in refused.value.detail

    guarded.clock.pass_hours(0.2)
    assert guarded.guard(Limit(2)).state() == GuardState(0, 2, is_paused=False)
    assert let_through(guarded, Limit(2), 9) == 2


def test_losses_before_a_pause_do_not_count_after_it(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(2), 3) == 2

    guarded.clock.pass_hours(24.01)

    assert let_through(guarded, Limit(2), 3) == 2


def test_a_slow_but_endless_loss_of_access_is_stopped(guarded: Guarded) -> None:
    passed = 0
    for _ in range(24):
        passed += let_through(guarded, Limit(20), 5)
        guarded.clock.pass_hours(1)

    assert passed == 20


def test_a_returned_place_can_be_taken_again(guarded: Guarded) -> None:
    guard = guarded.guard(Limit(1))

    guard.give_back(guard.take())

    assert let_through(guarded, Limit(1), 2) == 1


DEFAULT = Limit(20, 10)


def crowd(guarded: Guarded, number: int, name: str = "user", age: timedelta | None = None, **more: Any) -> list[Any]:
    """So many users in the account, who have been there for years, or for that long."""
    make = Users(Random(name))
    made = [make(f"{name}{each}", **more) for each in range(number)]
    if age is not None:
        created = settled_before(guarded.clock.time - age + timedelta(days=1))
        made = [replace(user, created=created) for user in made]
    for user in made:
        guarded.store.create(user)
    return made


def emptied(guarded: Guarded, users: list[Any], limit: Limit = DEFAULT, *, by_removal: bool = False) -> int:
    """Return how many of the users can be deactivated, or removed, one after the other."""
    gone = 0
    for user in users:
        try:
            guarded.guard(limit).take(user.id)
        except DeprovisioningPaused:
            continue
        if by_removal:
            guarded.store.delete(user)
        else:
            guarded.store.replace(user, changed(user, active=False))
        gone += 1
    return gone


@pytest.mark.parametrize(("users", "may_go"), [(1, 1), (2, 2), (3, 3), (5, 3), (8, 4), (12, 6), (20, 10), (60, 20)])
def test_half_of_a_small_account_may_lose_access(guarded: Guarded, users: int, may_go: int) -> None:
    assert emptied(guarded, crowd(guarded, users)) == may_go


def test_removed_users_count_for_the_size_of_the_account(guarded: Guarded) -> None:
    assert emptied(guarded, crowd(guarded, 12), by_removal=True) == 6


def test_counted_users_who_are_not_written_yet_do_not_widen_the_limit(guarded: Guarded) -> None:
    users = crowd(guarded, 12)
    for user in users[:6]:
        guarded.guard(DEFAULT).take(user.id)

    with pytest.raises(DeprovisioningPaused):
        guarded.guard(DEFAULT).take(users[6].id)


def test_a_tenth_of_a_large_account_may_lose_access(guarded: Guarded) -> None:
    assert emptied(guarded, crowd(guarded, 230)[:40]) == 23


@pytest.mark.parametrize("more", [{"active": False}, {"age": timedelta(hours=23)}], ids=["inactive", "new"])
def test_inactive_and_new_users_do_not_widen_the_limit(guarded: Guarded, more: dict[str, Any]) -> None:
    users = crowd(guarded, 12)
    crowd(guarded, 100, "other", **more)

    assert emptied(guarded, users) == 6


def test_users_of_more_than_a_day_count_for_the_size_of_the_account(guarded: Guarded) -> None:
    assert emptied(guarded, crowd(guarded, 12, age=timedelta(hours=25))) == 6


def test_the_size_of_an_account_is_used_for_a_day(guarded: Guarded) -> None:
    users = crowd(guarded, 8)
    assert emptied(guarded, users[:4]) == 4
    crowd(guarded, 40, "other")

    assert emptied(guarded, users[4:]) == 0


def test_a_number_above_the_percentage_is_the_limit(guarded: Guarded) -> None:
    guarded.store.create(Users()("ada"))

    assert let_through(guarded, Limit(3, 10), 9) == 3
    assert guarded.guard(Limit(3, 10)).state().allowed == 3


def test_a_limit_of_zero_stops_every_loss_of_access(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(0), 2) == 0


def test_a_changed_limit_applies_at_once(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(2), 5) == 2
    assert guarded.guard(Limit(4)).state() == GuardState(2, 4, is_paused=False)
    assert let_through(guarded, Limit(4), 5) == 2
    assert let_through(guarded, Limit(3), 5) == 0


def test_a_user_with_a_pass_loses_access_during_a_pause_once(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(2), 3) == 2
    passed = guarded.guard(Limit(2)).let_through("leaver", "operator")
    assert guarded.guard(Limit(2)).state().let_through == (passed,)

    with pytest.raises(DeprovisioningPaused):
        guarded.guard(Limit(2)).take("somebody else")
    place = guarded.guard(Limit(2)).take("leaver")

    assert (place.let_through, place.used) == (passed, 2)
    with pytest.raises(DeprovisioningPaused):
        guarded.guard(Limit(2)).take("leaver")
    assert guarded.guard(Limit(2)).state().let_through == ()
    assert guarded.guard(Limit(2)).state().used == 2


def test_using_a_pass_does_not_begin_a_pause(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(2), 2) == 2
    guarded.guard(Limit(2)).let_through("leaver", "operator")

    guarded.guard(Limit(2)).take("leaver")

    assert guarded.guard(Limit(2)).state().paused_until is None


def test_a_pass_expires(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(2), 2) == 2
    guarded.guard(Limit(2)).let_through("leaver", "operator")
    guarded.clock.pass_hours(12)
    assert let_through(guarded, Limit(2), 1) == 0

    guarded.clock.pass_hours(12.1)

    with pytest.raises(DeprovisioningPaused):
        guarded.guard(Limit(2)).take("leaver")


def test_a_returned_pass_can_be_used_again(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(2), 3) == 2
    guarded.guard(Limit(2)).let_through("leaver", "operator")
    guard = guarded.guard(Limit(2))

    guard.give_back(guard.take("leaver"))

    assert guarded.guard(Limit(2)).take("leaver").let_through is not None


def test_the_maximum_of_passes_fits_into_the_item(guarded: Guarded) -> None:
    for number in range(MAX_PASSES):
        guarded.guard(Limit(0)).let_through(f"leaver {number}", "operator")

    assert len(guarded.guard(Limit(0)).state().let_through) == MAX_PASSES
    for number in range(MAX_PASSES):
        guarded.guard(Limit(0)).take(f"leaver {number}")


@pytest.mark.parametrize(("limit", "halves"), [(Limit(6), [3, 4, 5, 6]), (Limit(20, 10), [4, 5, 6])])
def test_a_place_in_the_second_half_of_the_limit_is_marked(guarded: Guarded, limit: Limit, halves: list[int]) -> None:
    users = crowd(guarded, 12)

    places = [guarded.guard(limit).take(user.id) for user in users[:6]]

    assert [place.used for place in places] == [1, 2, 3, 4, 5, 6]
    assert [place.used for place in places if place.is_in_second_half] == halves


@pytest.fixture(params=ENGINES)
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    for client in client_of(request.param, request):
        yield replace(make_table(client), now=Clock())


def test_a_place_costs_one_call_and_so_does_a_refusal(table: Table) -> None:
    for _ in range(3):
        usage = Usage()
        table.account("default", Patience(), usage).guard(Limit(3)).take()
        assert usage.calls == 1
    # The first refusal also writes that the account is paused from now on.
    for refused in (2, 1, 1):
        usage = Usage()
        with pytest.raises(DeprovisioningPaused):
            table.account("default", Patience(), usage).guard(Limit(3)).take()
        assert usage.calls == refused


def test_the_guard_item_does_not_grow_over_time(table: Table) -> None:
    clock = table.now
    assert isinstance(clock, Clock)
    for number in range(120):
        table.account("default", Patience()).guard(Limit(1000)).take()
        table.account("default", Patience()).guard(Limit(1000)).let_through(f"user {number}", "operator")
        clock.pass_hours(1)

    item = table.client.get_item(
        TableName=table.table_name, Key={"pk": {"S": "default#GUARD"}, "sk": {"S": "deprovisioning"}}
    )["Item"]
    assert len(item) < 120
    assert table.account("default", Patience()).guard(Limit(1000)).state().used == 24


def taken_at_once(table: Table, limit: Limit, attempts: int, threads: int) -> int:
    """Return how many of the given number of attempts the guard lets through."""

    def take(_: int) -> bool:
        try:
            table.account("default", Patience()).guard(limit).take()
        except DeprovisioningPaused:
            return False
        return True

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(take, range(attempts)))


def test_the_limit_is_exact_for_concurrent_requests(table: Table) -> None:
    limit = Limit(40)

    assert taken_at_once(table, limit, attempts=120, threads=16) == 40
    state = table.account("default", Patience()).guard(limit).state()
    assert (state.used, state.allowed, state.is_paused) == (40, 40, True)


def test_a_pass_is_used_once_by_concurrent_requests(table: Table) -> None:
    guard = table.account("default", Patience()).guard(Limit(0))
    guard.let_through("leaver", "operator")

    def take(_: int) -> bool:
        try:
            table.account("default", Patience()).guard(Limit(0)).take("leaver")
        except DeprovisioningPaused:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(take, range(32))) == 1


def test_the_limit_is_exact_when_old_hours_expire(table: Table) -> None:
    limit, clock = Limit(10), table.now
    assert isinstance(clock, Clock)
    for _ in range(limit.users):
        table.account("default", Patience()).guard(limit).take()
    clock.pass_hours(HOURS + 1)

    assert taken_at_once(table, limit, attempts=40, threads=8) == limit.users
    state = table.account("default", Patience()).guard(limit).state()
    assert (state.used, state.allowed, state.is_paused) == (10, 10, True)


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
            overtake()  # type: ignore[misc]  # the condition excludes None
        return self._client.update_item(**request)


def test_a_late_sweep_keeps_every_loss_of_access(table: Table) -> None:
    limit, clock = Limit(2), table.now
    assert isinstance(clock, Clock)

    def take_all() -> None:
        for _ in range(limit.users):
            table.account("default", Patience()).guard(limit).take()

    take_all()
    clock.pass_hours(HOURS + 1)
    late = replace(table, client=_Overtaken(table.client, take_all))  # type: ignore[arg-type]  # a stand-in for the client

    with pytest.raises(DeprovisioningPaused):
        late.account("default", Patience()).guard(limit).take()

    assert table.account("default", Patience()).guard(limit).state().used == limit.users


def test_accounts_have_separate_guards(table: Table) -> None:
    table.account("one", Patience()).guard(Limit(1)).take()

    table.account("other", Patience()).guard(Limit(1)).take()

    with pytest.raises(DeprovisioningPaused):
        table.account("one", Patience()).guard(Limit(1)).take()


def test_resuming_ends_the_pause_and_begins_a_new_day(guarded: Guarded) -> None:
    assert let_through(guarded, Limit(2), 3) == 2
    assert guarded.guard(Limit(2)).state().is_paused

    guarded.guard(Limit(2)).resume("operator", "2026-01-01T00:00:00Z")

    assert guarded.guard(Limit(2)).state() == GuardState(used=0, allowed=2, is_paused=False)
    assert let_through(guarded, Limit(2), 3) == 2


def test_an_account_at_its_minimum_is_paused_once_its_size_is_known(guarded: Guarded) -> None:
    users = crowd(guarded, 4)
    assert emptied(guarded, users[:3]) == 3
    assert not guarded.guard(DEFAULT).state().is_paused

    assert emptied(guarded, users[3:]) == 0

    assert guarded.guard(DEFAULT).state().is_paused


class _AnswersLost:
    """A client whose first update that begins so is done and not answered."""

    def __init__(self, client: Any, beginning: str) -> None:
        self._client = client
        self._beginning = beginning
        self._lost = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def update_item(self, **request: Any) -> Any:
        answer = self._client.update_item(**request)
        if request["UpdateExpression"].startswith(self._beginning) and not self._lost:
            self._lost = True
            raise ReadTimeoutError(endpoint_url="dynamodb")
        return answer


def test_a_place_with_a_lost_answer_counts_once(table: Table) -> None:
    broken = replace(table, client=_AnswersLost(table.client, "ADD used"))  # type: ignore[arg-type]  # a stand-in for the client

    broken.account("default", Patience()).guard(Limit(3)).take()

    assert table.account("default", Patience()).guard(Limit(3)).state().used == 1


@pytest.mark.parametrize("beginning", ["ADD used", "REMOVE #pass", "SET pausedUntil", "SET swept", "SET #pass"])
def test_lost_answers_neither_exceed_the_limit_nor_use_a_pass_twice(table: Table, beginning: str) -> None:
    limit = Limit(2)
    broken = replace(table, client=_AnswersLost(table.client, beginning))  # type: ignore[arg-type]  # a stand-in for the client
    broken.account("default", Patience()).guard(limit).let_through("leaver", "operator")

    passed = []
    for user_id in ("ada", "bob", "eve", "leaver", "leaver"):
        try:
            broken.account("default", Patience()).guard(limit).take(user_id)
        except DeprovisioningPaused:
            continue
        passed.append(user_id)

    assert passed == ["ada", "bob", "leaver"]
    assert table.account("default", Patience()).guard(limit).state().used == 2


def test_settled_users_are_counted_once_a_day(table: Table) -> None:
    make = Users()
    users = [make(f"user{number}") for number in range(40)]
    for user in users:
        table.account("default", Patience()).users.create(user)

    calls = []
    for user in users[:10]:
        usage = Usage()
        table.account("default", Patience(), usage).guard(DEFAULT).take(user.id)
        calls.append(usage.calls)

    # The fourth is refused, looks at the users, writes what it found, and is let through.
    assert calls == [1, 1, 1, 4, 1, 1, 1, 1, 1, 1]

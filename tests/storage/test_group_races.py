"""Requests about one group at the same moment: nobody is lost, brought back or recorded twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import DynamoDBAccount, Table
from domain.ports import MemberChange, MissingUsers
from domain.resources.stored_group import StoredGroup
from support.engines import make_table
from support.invariants import assert_items_agree
from support.loading import load
from support.samples import LATER, Groups, Patience, Users

THREADS = 32
_SECONDS = 60


@pytest.fixture
def table(local_client: Any) -> Table:
    made = make_table(local_client)
    return Table(made.client, made.table_name)


pytestmark = pytest.mark.dynamodb_local


def account(table: Table) -> DynamoDBAccount:
    """The account of one of many processes; repeated calls wait."""
    return table.account("default", MonotonicDeadline.after(_SECONDS))


def crowd(table: Table, count: int) -> list[str]:
    users = Users().numbered(count)
    load(table, "default", users)
    return sorted(user.id for user in users)


def at_once(work: Callable[[Any], object], arguments: list[Any]) -> None:
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(work, arguments))


def test_32_threads_that_add_one_member_each_lose_nobody(table: Table) -> None:
    everybody, group = crowd(table, THREADS), Groups()("Engineers")
    account(table).groups.create(group)

    def add(user_id: str) -> None:
        groups = account(table).groups
        current = groups.get(group.id)
        assert current is not None
        assert groups.candidates(current, [user_id]).users == {user_id}
        groups.change(current, current.touched(LATER), MemberChange((user_id,)))

    at_once(add, everybody)

    whole = account(table).groups.whole(group.id)
    assert whole is not None
    assert whole.members == tuple(everybody)
    assert whole.group.version == 1 + THREADS
    assert_items_agree(table)


def test_readers_who_meet_a_large_change_finish_it_together(table: Table) -> None:
    everybody, group = crowd(table, 120), Groups()("Engineers")
    account(table).groups.create(group)
    decided = Patience()
    calls = iter([9.0, 0.0])
    decided.remaining = lambda: next(calls, 0.0)  # type: ignore[method-assign]  # time for one call, the decision
    table.account("default", decided).groups.change(group, group.touched(LATER), MemberChange(tuple(everybody)))
    stored = account(table).groups.get(group.id)
    assert stored is not None
    assert stored.under_way
    seen: list[tuple[str, ...]] = []

    def read(number: int) -> None:
        whole = account(table).groups.whole(group.id)
        assert whole is not None
        seen.append(whole.members)

    at_once(read, list(range(8)))

    assert seen == [tuple(everybody)] * 8
    assert_items_agree(table)


def test_large_and_small_changes_of_one_group_take_turns(table: Table) -> None:
    everybody, group = crowd(table, 160), Groups()("Engineers")
    account(table).groups.create(group, everybody[:20])

    def change(members: MemberChange) -> None:
        account(table).groups.change(group, group.touched(LATER), members)

    singles = [MemberChange((), (user_id,)) for user_id in everybody[:8]]
    at_once(change, [MemberChange(tuple(everybody[20:90])), *singles, MemberChange(tuple(everybody[90:]))])

    whole = account(table).groups.whole(group.id)
    assert whole is not None
    assert whole.members == tuple(everybody[8:])
    assert whole.group.version == 11
    assert_items_agree(table)


def test_a_user_who_is_deleted_while_groups_take_them_in_is_in_none(table: Table) -> None:
    everybody = crowd(table, 2)
    make = Groups()
    made = [make(f"Group {number}") for number in range(24)]
    for group in made:
        account(table).groups.create(group)

    def race(group: StoredGroup | None) -> None:
        if group is None:
            here = account(table)
            user = here.users.get(everybody[0])
            assert user is not None
            here.users.delete(user)
            here.groups.leave_all(user.id)
            return
        groups = account(table).groups
        if everybody[0] in groups.candidates(group, [everybody[0]]).users:
            try:
                groups.change(group, group.touched(LATER), MemberChange((everybody[0],)))
            except MissingUsers:
                assert account(table).users.get(everybody[0]) is None

    at_once(race, [*made[:12], None, *made[12:]])

    assert account(table).members.having(everybody[0]) == []
    assert_items_agree(table)


def test_a_user_leaves_500_groups(table: Table) -> None:
    everybody, make = crowd(table, 2), Groups()
    at_once(lambda group: account(table).groups.create(group, everybody), [make(f"Group {n}") for n in range(500)])
    user = account(table).users.get(everybody[0])
    assert user is not None
    account(table).users.delete(user)

    assert account(table).groups.leave_all(everybody[0]) == 500

    assert account(table).members.having(everybody[0]) == []
    assert len(account(table).members.having(everybody[1])) == 500
    assert_items_agree(table)

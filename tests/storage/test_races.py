"""Concurrent requests for the same item. moto gets one call at a time, DynamoDB Local all of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from domain.errors import UniquenessConflict
from domain.ports import UserStore, VersionMismatch
from domain.queries.cursor import CursorSeal
from domain.queries.listing import Directory, Query
from domain.queries.projection import Projection
from domain.queries.rendering import Renderer
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import USER
from domain.tolerances import Strict
from support.engines import make_table, new_client
from support.invariants import assert_sound
from support.samples import Users, changed, renamed

THREADS = 32


@pytest.fixture
def patient(client: Any, request: pytest.FixtureRequest) -> Table:
    """A table with real waiting between attempts, which a contended transaction needs."""
    table = make_table(client)
    if "dynamodb-local" in request.node.name:
        client = new_client(client.meta.endpoint_url, max_pool_connections=THREADS)
    return Table(client, table.table_name)


def at_once(table: Table, tasks: list[Callable[[UserStore], None]]) -> list[type[Exception] | None]:
    """Do the tasks in as many threads, which start together: the error that each ended with."""
    barrier = Barrier(len(tasks))

    def run(task: Callable[[UserStore], None]) -> type[Exception] | None:
        store = table.account("default", MonotonicDeadline.after(60)).users
        barrier.wait()
        try:
            task(store)
        except (UniquenessConflict, VersionMismatch) as error:
            return type(error)
        return None

    with ThreadPoolExecutor(len(tasks)) as threads:
        return list(threads.map(run, tasks))


def creating(user: StoredUser) -> Callable[[UserStore], None]:
    return lambda store: store.create(user)


def replacing(current: StoredUser, replacement: StoredUser) -> Callable[[UserStore], None]:
    return lambda store: store.replace(current, replacement)


def deleting(user: StoredUser) -> Callable[[UserStore], None]:
    return lambda store: store.delete(user)


def test_exactly_one_of_many_concurrent_creates_with_an_address_succeeds(patient: Table, users: Users) -> None:
    rivals = [users(f"rival{number}", "Wanted@example.com") for number in range(THREADS)]

    outcomes = at_once(patient, [creating(rival) for rival in rivals])

    assert sorted(map(str, outcomes)) == sorted(["None", *[str(UniquenessConflict)] * (THREADS - 1)])
    winner = patient.account("default", MonotonicDeadline.after(60)).users.find_by_email("wanted@example.com")
    assert winner == rivals[outcomes.index(None)]
    assert_sound(patient)


def test_exactly_one_of_many_concurrent_renames_to_a_name_succeeds(patient: Table, users: Users) -> None:
    rivals = [users(f"rival{number}") for number in range(8)]
    for rival in rivals:
        patient.account("default", MonotonicDeadline.after(60)).users.create(rival)

    outcomes = at_once(patient, [replacing(rival, renamed(rival, "wanted")) for rival in rivals])

    assert outcomes.count(None) == 1
    assert outcomes.count(UniquenessConflict) == len(rivals) - 1
    assert_sound(patient)


@pytest.mark.parametrize("unique", [False, True], ids=["one put", "one transaction"])
def test_exactly_one_of_many_concurrent_changes_of_a_version_succeeds(
    patient: Table, users: Users, unique: bool
) -> None:
    ada = users("ada")
    patient.account("default", MonotonicDeadline.after(60)).users.create(ada)
    changes = [
        renamed(ada, f"ada{number}") if unique else changed(ada, title=f"Title {number}") for number in range(THREADS)
    ]

    outcomes = at_once(patient, [replacing(ada, change) for change in changes])

    assert outcomes.count(None) == 1
    assert outcomes.count(VersionMismatch) == THREADS - 1
    kept = patient.account("default", MonotonicDeadline.after(60)).users.get(ada.id)
    assert kept == changes[outcomes.index(None)]
    assert_sound(patient)


def test_a_concurrent_delete_and_rename_leave_no_trace_of_the_loser(patient: Table, users: Users) -> None:
    crowd = [users(f"user{number}", f"user{number}@example.com") for number in range(8)]
    for user in crowd:
        patient.account("default", MonotonicDeadline.after(60)).users.create(user)
    renames = [replacing(user, renamed(user, f"new{number}")) for number, user in enumerate(crowd)]

    outcomes = at_once(patient, [*renames, *(deleting(user) for user in crowd)])

    for renamed_, deleted in zip(outcomes[:8], outcomes[8:], strict=True):
        assert {renamed_, deleted} == {None, VersionMismatch}
    assert_sound(patient)


def test_counters_are_exact_after_concurrent_creates_and_deletes(patient: Table, users: Users) -> None:
    crowd = users.numbered(32)
    for user in crowd[:16]:
        patient.account("default", MonotonicDeadline.after(60)).users.create(user)

    outcomes = at_once(patient, [*map(deleting, crowd[:8]), *map(deleting, crowd[:8]), *map(creating, crowd[16:])])

    assert outcomes.count(VersionMismatch) == 8
    assert outcomes.count(None) == len(outcomes) - 8
    store = patient.account("default", MonotonicDeadline.after(60)).users
    assert store.total() == len(list(store.scan())) == 24
    assert_sound(patient)


@pytest.mark.parametrize(
    "query",
    [{}, {"filter": 'userName sw "user"'}, {"filter": 'emails sw "user"'}, {"sortBy": "userName"}, {"sortBy": "title"}],
    ids=str,
)
def test_a_crawl_sees_every_lasting_user_while_others_are_created_changed_and_deleted(
    patient: Table, users: Users, query: dict[str, str]
) -> None:
    stay = [users(f"user{number}a", f"user{number}a@example.com", title=f"t{number}") for number in range(9)]
    for user in stay:
        patient.account("default", MonotonicDeadline.after(60)).users.create(user)
    others = [users(f"user{number}b", f"user{number}b@example.com", title=f"t{number}") for number in range(9)]
    seen: list[str] = []

    def come_move_and_go(user: StoredUser) -> Callable[[UserStore], None]:
        def steps(store: UserStore) -> None:
            store.create(user)
            moved = renamed(user, f"user9{user.attributes['userName']}")
            store.replace(user, moved)
            store.delete(moved)

        return steps

    def crawl(store: UserStore) -> None:
        seal = CursorSeal(b"k" * 32, "default", lambda: 0.0)
        directory = Directory(
            store, Renderer("https://x.example/scim/v2", Projection.of(USER), USER), seal, Strict(USER)
        )
        cursor: str | None = ""
        while cursor is not None:
            page = directory.search(Query.of({**query, "cursor": cursor, "count": "2"}))
            seen.extend(user.id for user in page.resources)
            cursor = page.next_cursor

    errors = at_once(patient, [crawl, *map(come_move_and_go, others)])

    assert errors == [None] * 10
    staying = {user.id for user in stay}
    assert sorted(user_id for user_id in seen if user_id in staying) == sorted(staying)

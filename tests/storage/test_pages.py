"""Pages by index and by cursor, and reading everything: the same on the twin, on moto and on DynamoDB Local."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from adapters.dynamodb import Table
from domain.errors import TooMany
from domain.limits import MAX_PAGE_CHARACTERS
from domain.ports import Deadline, UserStore
from domain.resources.stored_user import StoredUser
from support.engines import ENGINES, client_of, make_table
from support.loading import load
from support.memory import InMemoryUsers
from support.samples import Patience, Users

CROWD = 300
LARGE = 100_000


@dataclass
class Directory:
    """A store that holds a crowd, which is in order of id."""

    engine: str
    crowd: list[StoredUser]
    table: InMemoryUsers | Table

    def store(self, deadline: Deadline) -> UserStore:
        if isinstance(self.table, InMemoryUsers):
            twin = InMemoryUsers(deadline)
            for user in self.crowd:
                twin.create(user)
            return twin
        return self.table.account("default", deadline).users


def directories(request: pytest.FixtureRequest, crowd: list[StoredUser]) -> Iterator[Directory]:
    in_order = sorted(crowd, key=lambda user: user.id)
    if request.param == "memory":
        yield Directory("memory", in_order, InMemoryUsers())
        return
    for client in client_of(request.param, request):
        table = make_table(client)
        load(table, "default", crowd)
        load(table, "another", Users().numbered(3))
        yield Directory(request.param, in_order, table)


@pytest.fixture(scope="module", params=["memory", *ENGINES])
def directory(request: pytest.FixtureRequest) -> Iterator[Directory]:
    yield from directories(request, Users().numbered(CROWD))


@pytest.fixture(scope="module", params=["memory", *ENGINES])
def large(request: pytest.FixtureRequest) -> Iterator[Directory]:
    """Users of 100 KB, so that a page of DynamoDB's holds about ten."""
    make = Users()
    yield from directories(request, [make(f"user{number}", note="x" * LARGE) for number in range(50)])


def test_a_page_at_every_position_is_that_slice_of_all_ids_in_order(directory: Directory) -> None:
    store = directory.store(Patience())

    for start in [*range(-1, CROWD + 4, 11 if directory.engine == "moto" else 1), CROWD - 1, CROWD, CROWD + 1]:
        page = store.page(start, 20)

        first = max(0, start - 1)
        assert page.total == CROWD
        assert list(page.resources) == directory.crowd[first : first + 20]


@pytest.mark.parametrize("count", [-1, 0, 1, CROWD - 1, CROWD, CROWD + 1])
def test_a_page_has_the_requested_number_of_users(directory: Directory, count: int) -> None:
    page = directory.store(Patience()).page(1, count)

    assert page.total == CROWD
    assert list(page.resources) == directory.crowd[: max(0, count)]


@pytest.mark.parametrize(("passed", "count"), [(280, 1), (0, 7), (0, 100), (0, CROWD - 1), (0, CROWD), (0, CROWD + 1)])
def test_a_crawl_by_cursor_sees_each_user_once(directory: Directory, passed: int, count: int) -> None:
    store = directory.store(Patience())
    seen = directory.crowd[:passed]
    after = seen[-1].id if seen else None

    while len(seen) == passed or after is not None:
        piece = store.page_after(after, count)
        assert 0 < len(piece.resources) <= count
        seen += piece.resources
        after = piece.next_after

    assert seen == directory.crowd


def test_a_crawl_ends_after_the_last_id(directory: Directory) -> None:
    piece = directory.store(Patience()).page_after(directory.crowd[-1].id, 10)

    assert (list(piece.resources), piece.next_after) == ([], None)


@pytest.mark.parametrize("position", [None, 0, 150, CROWD - 1])
def test_a_scan_returns_all_users_after_an_id_in_order(directory: Directory, position: int | None) -> None:
    after = None if position is None else directory.crowd[position].id

    scanned = list(directory.store(Patience()).scan(after))

    assert scanned == directory.crowd[0 if position is None else position + 1 :]


def test_a_scan_of_many_pages_returns_all_users_in_order(large: Directory) -> None:
    assert list(large.store(Patience()).scan()) == large.crowd


def test_a_scan_may_be_left_before_its_end(large: Directory) -> None:
    scan = large.store(Patience()).scan()

    assert next(scan) == large.crowd[0]
    scan.close()  # type: ignore[attr-defined]  # the iterator is a generator


def test_a_scan_past_the_deadline_raises_too_many(large: Directory) -> None:
    patience = Patience()
    scan = large.store(patience).scan()
    next(scan)

    patience.spend(9.0)

    with pytest.raises(TooMany):
        list(scan)


def test_a_page_ends_early_past_the_size_of_an_answer(large: Directory) -> None:
    store = large.store(Patience())

    page, piece = store.page(1, 1000), store.page_after(None, 1000)

    assert list(page.resources) == list(piece.resources)
    assert list(page.resources) == large.crowd[: len(page.resources)]
    assert page.total == len(large.crowd)
    assert sum(len(user.document) for user in page.resources[:-1]) <= MAX_PAGE_CHARACTERS
    assert [*piece.resources, *store.page_after(piece.next_after, 1000).resources] == large.crowd

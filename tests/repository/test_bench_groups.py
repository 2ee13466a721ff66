"""The benchmark of groups: how it counts, what it calls a miss, and that both subjects are asked the same."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from support.repository import ROOT


@pytest.fixture(scope="module")
def bench() -> Iterator[ModuleType]:
    """The program, imported once: its peer takes seconds."""
    with pytest.MonkeyPatch.context() as path:
        path.syspath_prepend(str(ROOT / "bench"))
        before = set(sys.modules)
        import groups  # type: ignore[import-not-found]  # a program outside the packages

        yield groups
        for name in set(sys.modules) - before:
            del sys.modules[name]


class Client:
    """A DynamoDB client whose answers report fixed units."""

    def get_item(self, **_: object) -> dict[str, Any]:
        return {"ConsumedCapacity": {"CapacityUnits": 1.5}}

    def put_item(self, **_: object) -> dict[str, Any]:
        return {"ConsumedCapacity": {"CapacityUnits": 1.0}}

    def transact_write_items(self, **_: object) -> dict[str, Any]:
        return {"ConsumedCapacity": [{"CapacityUnits": 2.0}, {"CapacityUnits": 1.0}]}

    def update_item(self, **_: object) -> dict[str, Any]:
        raise RuntimeError("refused")


def test_units_are_those_that_aws_bills(bench: ModuleType) -> None:
    meter = bench.Meter(Client())

    meter.get_item()
    meter.put_item()
    meter.transact_write_items(TransactItems=[{"Update": {}}, {"Put": {}}, {"Put": {}}, {"ConditionCheck": {}}])
    with pytest.raises(RuntimeError):
        meter.update_item()

    assert meter.cost() == (4, 1.5, 1.0 + 2 * 4)
    assert meter.cost() == (0, 0.0, 0.0)


def test_requests_about_one_member_that_grow_with_the_group_are_a_miss(bench: ModuleType) -> None:
    assert missed(bench, large=(3, 2.0, 10.0)) == []
    assert missed(bench, large=(3, 3.0, 10.0)) != []
    assert missed(bench, large=(4, 2.0, 10.0)) != []
    assert missed(bench, large=(3, 2.0, 12.0)) != []


def test_a_member_who_is_lost_or_left_over_is_a_miss(bench: ModuleType) -> None:
    assert missed(bench, lost=1) == ["1 members lost, 0 too many"]
    assert missed(bench, still_listed=2) == ["2 groups still have the user who was deleted"]


def missed(
    bench: ModuleType, large: tuple[int, float, float] = (3, 2.0, 10.0), lost: int = 0, still_listed: int = 0
) -> list[str]:
    """What the benchmark would say of these figures."""
    samples = bench.work.Samples
    cost = bench.work.Cost
    of = {
        (name, size, "Rollcall"): samples([0.1], [cost(*taken)])
        for name in ("add one member", "remove one member")
        for size, taken in ((10, (3, 2.0, 10.0)), (1_000, large))
    }
    removal = bench.work.Removal(500, 1.0, 0, still_listed)
    crowd = bench.work.Crowd(32, 320, 1.0, 0, 960, lost, 0)
    found: list[str] = bench.missed(bench.work.Measured(of), removal, crowd, (10, 1_000))
    return found


def test_a_request_is_sent_again_until_it_succeeds(bench: ModuleType) -> None:
    answers = iter([False, False, True])

    def send() -> None:
        if not next(answers):
            raise bench.work.Refused(503, "")

    assert bench.work.until_done(send) == 2


@pytest.mark.parametrize(("status", "times"), [(400, 1), (503, 20)])
def test_a_request_that_never_succeeds_is_an_error(bench: ModuleType, status: int, times: int) -> None:
    sent: list[int] = []

    def send() -> None:
        sent.append(status)
        raise bench.work.Refused(status, "")

    with pytest.raises(bench.work.Refused):
        bench.work.until_done(send)

    assert len(sent) == times


def test_the_peer_is_asked_all_that_the_page_shows(bench: ModuleType) -> None:
    peer = bench.Scim2Server([f"user-{number}" for number in range(12)])
    peer.name = "Rollcall"
    other = bench.Scim2Server(peer.users)
    measured = bench.work.Measured()

    for subject in (peer, other):
        groups = {size: bench.work.create(subject, f"group-{size}", subject.users[:size]) for size in (2, 4)}
        bench.work.one_member(measured, subject, groups, 2)
        bench.work.reads(measured, subject, groups, list(groups.values()), 1)
        bench.work.many_members(measured, subject, 8)
        assert bench.work.members_of(subject, groups[4]) == subject.users[:4]
    rows = bench.rows_of(measured)

    removals = {name: bench.work.Removal(5, 0.1, 0, 0) for name in ("Rollcall", "scim2-server")}
    crowds = {name: bench.work.Crowd(32, 320, 1.0, 0, 960, 0, 0) for name in ("Rollcall", "scim2-server")}
    page = bench.markdown(rows, removals, crowds, 2)
    assert [name for name in {row[0] for row in rows} if name not in page] == []
    assert {row[1] for row in rows if row[0] == "add one member"} == {2, 4}


def test_members_who_are_lost_or_were_never_added_are_counted(bench: ModuleType) -> None:
    peer = bench.Scim2Server([f"user-{number}" for number in range(6)])
    answer = peer.send

    def mistaken(method: str, path: str, body: Any = None, **query: object) -> str:
        text: str = answer(method, path, body, **query)
        return text.replace("user-0", "stranger") if method == "GET" else text

    peer.send = mistaken

    found = bench.work.crowd(peer, 2, 3)

    assert (found.requests, found.missing, found.superfluous) == (6, 1, 1)

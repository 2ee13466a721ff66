"""What the publisher does in the table after a batch, and what happens when that fails."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from adapters.clock import MonotonicDeadline
from adapters.events.event_bus import EventBus
from adapters.logs.log import Log
from domain.documents import Json
from domain.errors import ServiceUnavailable
from domain.ports import Deadline
from handlers.jobs.publisher import Publisher, UnpublishableRecord
from support.group_work import GroupWork
from support.table_stream import group, group_record, record, sequence, user

CANARY = "canary-7f3a"


class Bus:
    """EventBridge, which takes everything but events of the ids in `refused`."""

    def __init__(self, refused: Sequence[str] = ()) -> None:
        self.refused = refused
        self.events: list[tuple[str, Json]] = []

    def put_events(self, Entries: list[Json]) -> Json:
        return {"Entries": [self._result(entry) for entry in Entries]}

    def _result(self, entry: Json) -> Json:
        detail = json.loads(entry["Detail"])
        if (detail.get("userId") or detail["groupId"]) in self.refused:
            return {"ErrorCode": "ThrottlingException"}
        self.events.append((entry["DetailType"], detail))
        return {"EventId": "1"}


def publish(work: GroupWork, records: Sequence[Json], bus: Bus | None = None, deadline: Deadline | None = None) -> Json:
    stand_in: Any = bus or Bus()
    made = Publisher(EventBus(stand_in, "users"), work.open, "https://scim.example.com", False, Log.to_output())
    return made.publish(records, "request-1", deadline or MonotonicDeadline.after(60))


def failed_at(number: int) -> Json:
    return {"batchItemFailures": [{"itemIdentifier": sequence(number)}]}


SUCCESS: Json = {"batchItemFailures": []}


def under_way(number: int, group_id: str = "g1") -> Json:
    """The record of a part of a large change."""
    one = group({}, 2, group_id, under_way=True)
    return group_record(number, one, one, joined=[f"u{number}"])


def done(number: int, group_id: str = "g1") -> Json:
    """The record of the end of a large change."""
    return group_record(number, group({}, 2, group_id, under_way=True), group({}, 2, group_id))


def removed_user(number: int, user_id: str = "u1") -> Json:
    return record(number, user({}, 1, user_id), None)


@pytest.mark.parametrize(
    ("records", "done"),
    [
        ([under_way(1)], [("finish", "acme", "g1")]),
        ([under_way(1), under_way(2), under_way(3, "g2")], [("finish", "acme", "g1"), ("finish", "acme", "g2")]),
        ([under_way(1), done(2)], []),
        ([under_way(1), group_record(2, group({}, 2), None)], [("clear", "acme", "g1")]),
        ([removed_user(1), removed_user(2, "u2")], [("leave", "acme", "u1"), ("leave", "acme", "u2")]),
        ([record(1, None, user({})), record(2, user({}), user({"active": False}, 2))], []),
        ([group_record(1, None, group({}), joined=["u1"]), group_record(2, group({}), group({}, 2), left=["u1"])], []),
    ],
)
def test_the_last_record_of_each_user_and_group_decides_what_is_left_to_do(
    records: list[Json], done: list[tuple[str, str, str]]
) -> None:
    work = GroupWork()

    assert publish(work, records) == SUCCESS

    assert work.done == done


def test_nothing_is_done_for_a_release_check() -> None:
    work, one = GroupWork(), group({}, 2, under_way=True)
    records = [
        record(1, user({}), None, account="rollcall-check"),
        group_record(2, one, one, account="rollcall-check", joined=["u1"]),
    ]

    assert publish(work, records) == SUCCESS

    assert work.done == []


def test_events_come_before_the_work_and_work_that_fails_loses_no_event() -> None:
    bus, work = Bus(), GroupWork(failing={"g1": ServiceUnavailable("busy")})
    seen: list[int] = []
    work.after_each = lambda: seen.append(len(bus.events))

    answer = publish(work, [removed_user(1), under_way(2), removed_user(3, "u2")], bus)

    assert answer == failed_at(2)
    assert [kind for kind, _ in bus.events] == ["UserDeprovisioned", "GroupMembersAdded", "UserDeprovisioned"]
    assert seen == [3, 3, 3]


def test_work_that_fails_holds_up_that_of_no_other() -> None:
    work = GroupWork(failing={"g1": ServiceUnavailable("busy")})

    publish(work, [under_way(1), removed_user(2), under_way(3, "g2")])

    assert work.done == [("leave", "acme", "u1"), ("finish", "acme", "g2")]


def test_the_work_of_a_failed_record_is_done_when_lambda_comes_again_with_the_same_event_ids() -> None:
    bus, work = Bus(), GroupWork(failing={"g1": ServiceUnavailable("busy")})
    records = [removed_user(1), under_way(2)]
    assert publish(work, records, bus) == failed_at(2)
    work.failing = {}

    assert publish(work, records[1:], bus) == SUCCESS

    assert work.done == [("leave", "acme", "u1"), ("finish", "acme", "g1")]
    ids = [detail["idempotencyId"] for _, detail in bus.events]
    assert ids[1] == ids[2]


def test_no_work_is_done_for_a_record_whose_events_are_not_published_yet() -> None:
    work = GroupWork()

    assert publish(work, [removed_user(1), removed_user(2, "u2")], Bus(refused=["u2"])) == failed_at(2)

    assert work.done == [("leave", "acme", "u1")]


def test_the_first_failure_is_reported_whether_of_events_or_of_work() -> None:
    work = GroupWork(failing={"u1": ServiceUnavailable("busy")})

    assert publish(work, [removed_user(1), removed_user(2, "u2")], Bus(refused=["u2"])) == failed_at(1)


def test_without_time_nothing_is_begun_and_lambda_comes_again() -> None:
    work = GroupWork()

    assert publish(work, [under_way(1), removed_user(2)], deadline=MonotonicDeadline.after(0)) == failed_at(1)

    assert work.done == []


def test_a_fault_that_no_retry_mends_is_kept_apart_from_the_records_behind_it() -> None:
    broken = GroupWork(failing={"g1": ValueError(CANARY)})

    with pytest.raises(UnpublishableRecord, match="ValueError"):
        publish(broken, [under_way(1), removed_user(2)])

    assert publish(broken, [under_way(1)]) == failed_at(1)


def test_the_line_of_a_batch_says_what_was_done_and_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    work = GroupWork(failing={"g1": ValueError(CANARY)})

    publish(work, [removed_user(1), removed_user(2, "u2"), under_way(3)])

    printed = capsys.readouterr().out
    [line] = [json.loads(text) for text in printed.splitlines()]
    assert (line["level"], line["failure"]) == ("ERROR", "ValueError")
    assert (line["done"], line["undone"]) == ({"leave": 2}, {"finish": 1})
    assert (line["account"], line["group_id"], line["sequence_number"]) == ("acme", "g1", sequence(3))
    assert "user_id" not in line
    assert CANARY not in printed

"""The publisher given users and groups in the place of records: their present state, and nothing else, is published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from adapters.clock import MonotonicDeadline
from adapters.events.event_bus import EventBus
from adapters.events.replay import MOST_ENTRIES, MOST_MEMBERS_OF_AN_ENTRY, MalformedReplay
from adapters.logs.log import Log
from domain.documents import Json
from domain.events.kinds import EventKind
from handlers.jobs.publisher import Publisher
from support.event_schemas import validate
from support.group_work import GroupWork
from support.lambda_context import LambdaContext
from support.table_stream import RECORDED, group, group_image, image, record, user

CANARY = "canary-7f3a"


class Bus:
    """moto's bus: what was put on it, how many requests that took, and the users whose events it refuses."""

    def __init__(self) -> None:
        self.client = boto3.client("events", region_name="eu-west-1")
        self.client.create_event_bus(Name="users")
        self.events: list[tuple[str, Json]] = []
        self.requests = 0
        self.refused: set[str] = set()
        self.client.meta.events.register("before-parameter-build.events.PutEvents", self._remember)
        self.client.meta.events.register("after-call.events.PutEvents", self._answer)

    def _remember(self, params: Json, context: Any, **_: object) -> None:
        self.requests += 1
        context["entries"] = params["Entries"]

    def _answer(self, parsed: Json, context: Any, **_: object) -> None:
        parsed["Entries"] = [self._take(entry) for entry in context["entries"]]

    def _take(self, entry: Json) -> Json:
        detail = json.loads(entry["Detail"])
        if (detail.get("userId") or detail["groupId"]) in self.refused:
            return {"ErrorCode": "ThrottlingException"}
        validate(EventKind(entry["DetailType"]), detail)
        self.events.append((entry["DetailType"], detail))
        return {"EventId": str(len(self.events))}

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]


@pytest.fixture
def bus() -> Iterator[Bus]:
    with mock_aws():
        yield Bus()


@pytest.fixture
def work() -> GroupWork:
    return GroupWork()


@pytest.fixture
def publisher(bus: Bus, work: GroupWork) -> Publisher:
    issuer = "https://scim.example.com/scim/v2"
    return Publisher(EventBus(bus.client, "users"), work.open, issuer, False, Log.to_output(), lambda: RECORDED)


def replay(publisher: Publisher, *entries: Any) -> Json:
    return publisher({"Replay": list(entries)}, LambdaContext())


def of_user(number: int, version: int = 2, **attributes: Any) -> Json:
    return {"Item": image(user(attributes, version, f"u{number}"))}


def test_the_present_state_is_published_with_the_ids_of_the_original_events(publisher: Publisher, bus: Bus) -> None:
    before, after = user({}), user({"title": "Guide"}, 2)
    publisher.publish([record(1, before, after)], "request", MonotonicDeadline.after(60))
    [(_, original)] = bus.events

    assert replay(publisher, of_user(1, 2, title="Guide")) == {
        "published": {"UserUpdated": 1, "UserReactivated": 1},
        "unpublished": [],
        "failure": None,
    }

    [_, (_, updated), _] = bus.events
    assert bus.kinds == ["UserUpdated", "UserUpdated", "UserReactivated"]
    assert updated["idempotencyId"] == original["idempotencyId"]
    assert "replay" not in original
    assert updated["replay"] is True


def test_a_group_comes_with_its_members_and_no_work_is_done_in_the_table(
    publisher: Publisher, bus: Bus, work: GroupWork
) -> None:
    under_way = group_image(group({}, 3, under_way=True), joined=["u9"])
    members = [f"u{number}" for number in range(120)]

    replay(publisher, {"Item": under_way, "Members": members}, {"Item": under_way, "Members": ["v1"], "FirstPart": 2})

    assert bus.kinds == ["GroupUpdated", *["GroupMembersAdded"] * 3]
    added = [detail["members"] for _, detail in bus.events[1:]]
    assert sorted(each for some in added for each in some) == sorted([*members, "v1"])
    assert len({detail["idempotencyId"] for _, detail in bus.events}) == 4
    assert work.done == []


def test_many_users_take_few_requests_and_each_ones_events_are_in_order(publisher: Publisher, bus: Bus) -> None:
    replay(publisher, *[of_user(number, active=number % 2 == 0) for number in range(40)])

    assert bus.requests == 8
    for number in range(40):
        mine = [kind for kind, detail in bus.events if detail["userId"] == f"u{number}"]
        on = ["UserUpdated", "UserReactivated"]
        assert mine == (on if number % 2 == 0 else ["UserDeactivated", "UserUpdated"])


def test_what_the_bus_did_not_take_is_in_the_answer_and_in_the_log(
    publisher: Publisher, bus: Bus, capsys: pytest.CaptureFixture[str]
) -> None:
    bus.refused = {"u1"}

    answer = replay(publisher, *[of_user(number, title=CANARY) for number in range(12)])

    assert answer["failure"] == "ThrottlingException"
    assert 1 in answer["unpublished"]
    assert sum(answer["published"].values()) == len(bus.events)
    printed = capsys.readouterr().out
    log = json.loads(printed)
    assert (log["message"], log["level"], log["failure"]) == ("publish", "ERROR", "ThrottlingException")
    assert (log["replay"], log["records"]) == (True, 12)
    assert CANARY not in printed


def test_a_test_user_of_a_release_gives_no_event(publisher: Publisher, bus: Bus) -> None:
    assert replay(publisher, {"Item": image(user({}), "rollcall-check")})["published"] == {}
    assert bus.events == []


@pytest.mark.parametrize(
    "payload",
    [
        {"Replay": None},
        {"Replay": []},
        {"Replay": {"Item": image(user({}))}},
        {"Replay": [of_user(1)] * (MOST_ENTRIES + 1)},
        {"Replay": [of_user(1)], "Records": []},
        {"Replay": [None]},
        {"Replay": [{}]},
        {"Replay": [{"Item": {}}]},
        {"Replay": [{"Item": image(user({})), "Also": 1}]},
        {"Replay": [{"Item": image(user({})), "Members": ["u2"]}]},
        {"Replay": [{"Item": image(user({}, version=0))}]},
        {"Replay": [{"Item": image(user({})) | {"pk": {"S": "#USER"}}}]},
        {"Replay": [{"Item": image(user({})) | {"pk": {"S": "acme#EMAIL"}}}]},
        {"Replay": [{"Item": image(user({})) | {"document": {"S": f'{{"title":"{CANARY}'}}}]},
        {"Replay": [{"Item": image(user({})) | {"lastModified": {"S": "yesterday"}}}]},
        {"Replay": [{"Item": group_image(group({})), "Members": ["u1", "u1"]}]},
        {"Replay": [{"Item": group_image(group({})), "Members": [1]}]},
        {"Replay": [{"Item": group_image(group({})), "Members": ["u1"], "FirstPart": -1}]},
        {"Replay": [{"Item": group_image(group({})), "Members": ["u1"], "FirstPart": True}]},
        {
            "Replay": [
                {"Item": group_image(group({})), "Members": [f"u{n}" for n in range(MOST_MEMBERS_OF_AN_ENTRY + 1)]}
            ]
        },
        {"Replay": [of_user(1), {"Item": {"pk": {"S": "acme#USER"}}}]},
    ],
)
def test_a_malformed_replay_publishes_nothing_and_says_what_is_wrong(
    publisher: Publisher, bus: Bus, capsys: pytest.CaptureFixture[str], payload: Json
) -> None:
    with pytest.raises(MalformedReplay, match="replay") as caught:
        publisher(payload, LambdaContext())

    assert bus.events == []
    assert CANARY not in str(caught.value) + capsys.readouterr().out


def test_a_record_of_the_stream_is_never_a_replay(publisher: Publisher, bus: Bus) -> None:
    named = record(1, None, user({"Replay": [CANARY]}))

    assert publisher({"Records": [named | {"Replay": [of_user(2)]}]}, LambdaContext()) == {"batchItemFailures": []}
    assert [(kind, detail["userId"], "replay" in detail) for kind, detail in bus.events] == [
        ("UserProvisioned", "u1", False)
    ]

"""The publisher: the events of a batch, the answer to Lambda, and what operators see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws

from adapters.clock import MonotonicDeadline
from adapters.events.event_bus import EventBus
from adapters.logs.log import Log
from domain.documents import Json
from domain.events.kinds import EventKind
from domain.ports import Deadline
from domain.resources.user_schema import ENTERPRISE_URN
from handlers.environment.publisher import PublisherEnvironment
from handlers.jobs import publisher
from handlers.jobs.publisher import Publisher, UnpublishableRecord
from support.event_schemas import validate
from support.group_work import GroupWork
from support.lambda_context import LambdaContext
from support.table_stream import RECORDED, index_record, record, sequence, user

CANARY = "canary-7f3a"
LAG = 1.5
SUCCESS: Json = {"batchItemFailures": []}


def _id(detail: Json) -> str:
    """The id of the user or group that an event is about."""
    found: str = detail.get("userId") or detail["groupId"]
    return found


@dataclass
class Bus:
    """moto's EventBridge, what was put on it, and a switch that makes it refuse events."""

    client: Any
    events: list[tuple[str, Json]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    """The error code for the events of a user, by the user's id."""

    def answer(self, params: Json, **_: object) -> None:
        for entry in params["Entries"]:
            detail = json.loads(entry["Detail"])
            if _id(detail) not in self.refuse:
                validate(EventKind(entry["DetailType"]), detail)
                self.events.append((entry["DetailType"], detail))

    def spoil(self, http_response: Any, parsed: Json, context: Any, **_: object) -> None:
        """Put the refusals in the place of what moto answered."""
        failing = [self.refuse.get(user_id) for user_id in context["user_ids"]]
        parsed["Entries"] = [
            {"ErrorCode": code} if code else {"EventId": str(number)} for number, code in enumerate(failing)
        ]

    def remember(self, params: Json, context: Any, **_: object) -> None:
        context["user_ids"] = [_id(json.loads(entry["Detail"])) for entry in params["Entries"]]

    @property
    def published(self) -> list[tuple[str, str]]:
        return [(kind, _id(detail)) for kind, detail in self.events]

    @property
    def ids(self) -> list[str]:
        return [detail["idempotencyId"] for _, detail in self.events]


@pytest.fixture
def bus() -> Iterator[Bus]:
    with mock_aws():
        bus = Bus(boto3.client("events", region_name="eu-west-1"))
        bus.client.create_event_bus(Name="users")
        bus.client.meta.events.register("provide-client-params.events.PutEvents", bus.answer)
        bus.client.meta.events.register("before-parameter-build.events.PutEvents", bus.remember)
        bus.client.meta.events.register("after-call.events.PutEvents", bus.spoil)
        yield bus


def publish(
    bus: Bus,
    *records: Json,
    personal_data: bool = False,
    work: GroupWork | None = None,
    deadline: Deadline | None = None,
) -> Json:
    issuer = "https://scim.example.com/scim/v2"
    groups = (work or GroupWork()).open
    made = Publisher(
        EventBus(bus.client, "users"), groups, issuer, personal_data, Log.to_output(), lambda: RECORDED + LAG
    )
    return made.publish(records, "request-1", deadline or MonotonicDeadline.after(60))


def failed_at(number: int) -> Json:
    return {"batchItemFailures": [{"itemIdentifier": sequence(number)}]}


def malformed(number: int) -> Json:
    broken = record(number, None, user({"title": CANARY}))
    broken["dynamodb"]["NewImage"]["document"] = {"S": f'{{"title":"{CANARY}'}
    return broken


@dataclass
class Output:
    """The function's output: log lines, and anything else that it printed."""

    capsys: pytest.CaptureFixture[str]

    def text(self) -> str:
        printed = self.capsys.readouterr()
        return printed.out + printed.err

    def batch(self) -> Json:
        """The one batch's log line; it has no other."""
        [line] = self.text().splitlines()
        log: Json = json.loads(line)
        return log


@pytest.fixture
def output(capsys: pytest.CaptureFixture[str]) -> Output:
    return Output(capsys)


def test_the_life_of_a_user_is_published_in_order(bus: Bus) -> None:
    answer = publish(
        bus,
        record(1, None, user({})),
        record(2, user({}, 1), user({"title": "Guide"}, 2)),
        record(3, user({"title": "Guide"}, 2), user({"active": False}, 3)),
        record(4, user({"active": False}, 3), user({}, 4)),
        record(5, user({}, 4), None),
    )

    assert answer == SUCCESS
    assert [kind for kind, _ in bus.published] == [
        "UserProvisioned",
        "UserUpdated",
        "UserDeactivated",
        "UserUpdated",
        "UserReactivated",
        "UserDeprovisioned",
    ]


def test_an_adoption_is_published(bus: Bus) -> None:
    after = user({"externalId": "e1"}, 2)

    assert publish(bus, record(1, user({}), after, adoption="2030-02-01T08:30:00.250Z")) == SUCCESS

    assert bus.published == [("UserAdopted", "u1")]


def test_the_items_of_the_indexes_are_passed_over(bus: Bus) -> None:
    collections = ["EMAIL", "USERNAME", "EXTERNALID", "RANK"]

    assert publish(bus, *[index_record(number, name) for number, name in enumerate(collections)]) == SUCCESS

    assert bus.events == []


def test_users_of_the_same_id_in_two_accounts_are_distinguished(bus: Bus) -> None:
    publish(bus, record(1, None, user({})), record(2, None, user({}), account="globex"))

    assert [detail["account"] for _, detail in bus.events] == ["acme", "globex"]


def test_a_batch_that_is_delivered_again_gives_the_same_events(bus: Bus) -> None:
    records = [record(1, None, user({})), record(2, user({}), user({"active": False, "title": "Guide"}, 2))]

    publish(bus, *records)
    first = list(bus.events)
    publish(bus, *records)

    assert bus.events == first * 2
    assert len(set(bus.ids)) == 3


def test_the_answer_reports_the_first_record_that_failed(bus: Bus) -> None:
    bus.refuse = {"u2": "InternalFailure"}

    answer = publish(bus, *[record(number, None, user({}, user_id=f"u{number}")) for number in range(1, 4)])

    assert answer == failed_at(2)


def test_after_the_failed_record_is_published_nothing_of_the_batch_is_missing(bus: Bus) -> None:
    records = [record(number, None, user({}, user_id=f"u{number}")) for number in range(1, 15)]
    bus.refuse = {"u4": "ThrottlingException"}
    [failure] = publish(bus, *records)["batchItemFailures"]
    bus.refuse = {}

    numbers = [one["dynamodb"]["SequenceNumber"] for one in records]
    assert publish(bus, *records[numbers.index(failure["itemIdentifier"]) :]) == SUCCESS

    assert {user_id for _, user_id in bus.published} == {f"u{number}" for number in range(1, 15)}
    assert len(set(bus.ids)) == 14


def test_no_later_event_of_a_user_is_on_the_bus_while_an_earlier_one_failed(bus: Bus) -> None:
    bus.refuse = {"u1": "InternalFailure"}

    answer = publish(bus, record(1, None, user({})), record(2, user({}), user({"active": False}, 2)))

    assert answer == failed_at(1)
    assert bus.events == []


def test_records_before_a_malformed_one_are_published_and_lambda_resumes_at_it(bus: Bus) -> None:
    answer = publish(bus, record(1, None, user({})), malformed(2), record(3, None, user({}, user_id="u3")))

    assert answer == failed_at(2)
    assert bus.published == [("UserProvisioned", "u1")]


def test_a_batch_that_begins_with_a_malformed_record_is_halved(bus: Bus) -> None:
    with pytest.raises(UnpublishableRecord, match="MalformedRecord"):
        publish(bus, malformed(1), record(2, None, user({})))


def test_a_malformed_record_alone_is_reported_so_that_its_retries_run_out(bus: Bus) -> None:
    assert publish(bus, malformed(1)) == failed_at(1)


def test_a_malformed_record_does_not_block_the_records_behind_it(bus: Bus) -> None:
    records = [record(1, None, user({}, user_id="u1")), malformed(2)]
    records += [record(number, None, user({}, user_id=f"u{number}")) for number in range(3, 12)]

    dead = _as_the_event_source_mapping_does(bus, records)

    assert dead == [records[1]]
    assert {user_id for _, user_id in bus.published} == {"u1"} | {f"u{number}" for number in range(3, 12)}


def _as_the_event_source_mapping_does(bus: Bus, records: list[Json], retries: int = 3) -> list[Json]:
    """Deliver a batch with ReportBatchItemFailures, BisectBatchOnFunctionError and that many retries.

    A reported failure continues from its record, an error of the function halves the batch, and neither is a retry
    unless the batch stays the same. Returns what arrives in the dead-letter queue.
    """
    waiting, dead = [(records, retries)], []
    while waiting:
        batch, left = waiting.pop(0)
        try:
            failures = publish(bus, *batch)["batchItemFailures"]
        except UnpublishableRecord:
            middle = len(batch) // 2
            waiting = [(batch[:middle], retries), (batch[middle:], retries), *waiting]
            continue
        if not failures:
            continue
        numbers = [one["dynamodb"]["SequenceNumber"] for one in batch]
        rest = batch[numbers.index(failures[0]["itemIdentifier"]) :]
        if len(rest) < len(batch):
            waiting.insert(0, (rest, retries))
        elif left:
            waiting.insert(0, (rest, left - 1))
        else:
            dead += rest
    return dead


def test_an_event_that_eventbridge_will_never_take_is_treated_like_a_malformed_record(bus: Bus) -> None:
    bus.refuse = {"u1": "MalformedDetail"}

    with pytest.raises(UnpublishableRecord, match="MalformedDetail"):
        publish(bus, record(1, None, user({})), record(2, None, user({}, user_id="u2")))


def test_a_failure_that_will_pass_is_no_error_of_the_function(bus: Bus) -> None:
    bus.refuse = {"u1": "ThrottlingException"}

    assert publish(bus, record(1, None, user({})), record(2, None, user({}, user_id="u2"))) == failed_at(1)


def test_a_record_without_its_place_in_the_shard_fails_the_whole_batch(bus: Bus) -> None:
    assert publish(bus, {"eventID": "1"}) == {"batchItemFailures": [{"itemIdentifier": ""}]}


PERSONAL: Json = {
    "userName": CANARY,
    "title": CANARY,
    "externalId": CANARY,
    "emails": [{"value": CANARY}],
    ENTERPRISE_URN: {"manager": {"displayName": CANARY}},
}


def test_nothing_personal_is_on_the_bus_or_in_the_log(bus: Bus, output: Output) -> None:
    before, after = user(PERSONAL), user(PERSONAL | {"title": f"{CANARY}-2"}, 2)
    bus.refuse = {"u2": "InternalFailure"}

    publish(bus, record(1, None, before), record(2, before, after), record(3, after, None))
    publish(bus, malformed(1))
    publish(bus, record(1, None, user(PERSONAL, user_id="u2")))

    seen = json.dumps(bus.events) + output.text()
    assert [kind for kind, _ in bus.published] == ["UserProvisioned", "UserUpdated", "UserDeprovisioned"]
    assert '"failure":"MalformedRecord"' in seen
    assert '"failure":"InternalFailure"' in seen
    assert CANARY not in seen


def test_values_are_on_the_bus_when_asked_for_but_never_in_the_log(bus: Bus, output: Output) -> None:
    publish(bus, record(1, None, user(PERSONAL)), personal_data=True)

    assert bus.events[0][1]["values"]["title"] == {"before": None, "after": CANARY}
    assert CANARY not in output.text()


def test_values_too_large_for_a_bus_are_left_out(bus: Bus, output: Output) -> None:
    photo = user({"photos": [{"value": "https://example.com/" + "x" * 300_000}]})

    assert publish(bus, record(1, None, photo), personal_data=True) == SUCCESS

    [(_, detail)] = bus.events
    log = output.batch()
    assert "values" not in detail
    assert detail["valuesOmitted"] is True
    assert log["values_omitted"] == 1


def test_a_batch_is_one_line_of_the_log(bus: Bus, output: Output) -> None:
    changed = user({"active": False, "title": "Guide"}, 2)
    publish(bus, record(1, None, user({})), record(2, user({}), changed), index_record(3, "EMAIL"))

    log = output.batch()
    assert (log["level"], log["message"]) == ("INFO", "publish")
    assert log["published"] == {"UserProvisioned": 1, "UserDeactivated": 1, "UserUpdated": 1}
    assert log["lag_ms"] == LAG * 1000
    assert log.keys() == {"level", "message", "timestamp", "published", "lag_ms"}


def test_a_failure_is_an_error_in_the_log_that_says_whose_and_where(bus: Bus, output: Output) -> None:
    bus.refuse = {"u2": "InternalFailure"}
    publish(bus, *[record(number, None, user({}, user_id=f"u{number}")) for number in range(1, 4)])

    log = output.batch()
    assert (log["level"], log["failure"]) == ("ERROR", "InternalFailure")
    assert (log["request_id"], log["records"], log["failed"]) == ("request-1", 3, 1)
    assert (log["account"], log["user_id"]) == ("acme", "u2")
    assert log["sequence_number"] == sequence(2)
    assert log["published"] == {"UserProvisioned": 2}
    assert log["failed"] == 1


def test_a_malformed_record_says_in_the_log_what_is_wrong_with_it(bus: Bus, output: Output) -> None:
    broken = record(1, None, user({}))
    del broken["dynamodb"]["NewImage"]["version"]
    publish(bus, broken)

    log = output.batch()
    assert (log["failure"], log["cause"]) == ("MalformedRecord", "it has no version")
    assert log["failed"] == 1


def test_a_batch_without_events_has_no_lag(bus: Bus, output: Output) -> None:
    publish(bus, index_record(1, "EMAIL"))

    log = output.batch()
    assert "lag_ms" not in log
    assert "published" not in log


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The function as the template sets it up."""
    environment = {
        "TABLE_NAME": "users",
        "EVENT_BUS_NAME": "users",
        "EVENT_ISSUER": "https://scim.example.com/scim/v2/",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        boto3.client("events").create_event_bus(Name="users")
        yield


@pytest.mark.usefixtures("deployed")
def test_the_function_publishes_the_changes_of_the_stream(output: Output) -> None:
    assert publisher.handler({"Records": [record(1, None, user({}))]}, LambdaContext()) == SUCCESS

    assert output.batch()["published"] == {"UserProvisioned": 1}


def test_the_environment_says_what_is_missing() -> None:
    with pytest.raises(RuntimeError, match="EVENT_ISSUER"):
        PublisherEnvironment.from_env({"TABLE_NAME": "users", "EVENT_BUS_NAME": "users"})


@pytest.mark.parametrize(("text", "asked"), [(None, False), ("false", False), ("true", True), ("True", True)])
def test_personal_data_are_published_only_when_the_environment_says_so(text: str | None, asked: bool) -> None:
    env = {"TABLE_NAME": "users", "EVENT_BUS_NAME": "users", "EVENT_ISSUER": "https://scim.example.com/scim/v2/"}
    environment = PublisherEnvironment.from_env(env | ({"EVENT_PERSONAL_DATA": text} if text else {}))

    assert environment.personal_data is asked
    assert environment.issuer == "https://scim.example.com/scim/v2"

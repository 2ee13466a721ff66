"""Publishing on EventBridge: what arrives, in which requests, and what is said of what does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from moto import mock_aws

from adapters.events.event_bus import NOT_SENT, TOO_LARGE, BusEntry, EventBus

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

LIMIT = 256 * 1024
AT = datetime(2030, 1, 31, 12, tzinfo=UTC)


def entry(number: int, subject: str | None = None, size: int = 0) -> BusEntry:
    return BusEntry("UserUpdated", json.dumps({"number": number, "fill": "x" * size}), AT, subject or f"acme/{number}")


@dataclass
class Requests:
    """A client of moto's EventBridge, and the requests that it made."""

    client: EventBridgeClient
    made: list[list[int]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)

    def record(self, params: dict[str, Any], **_: object) -> None:
        self.entries += params["Entries"]
        self.made.append([json.loads(one["Detail"])["number"] for one in params["Entries"]])


@pytest.fixture
def requests() -> Iterator[Requests]:
    with mock_aws():
        client = boto3.client("events", region_name="eu-west-1")
        client.create_event_bus(Name="users")
        requests = Requests(client)
        client.meta.events.register("provide-client-params.events.PutEvents", requests.record)
        yield requests


def test_an_event_is_sent_to_the_bus_as_it_was_written(requests: Requests) -> None:
    assert EventBus(requests.client, "users").publish([entry(1)]) == [None]

    assert requests.entries == [
        {
            "EventBusName": "users",
            "Source": "rollcall",
            "DetailType": "UserUpdated",
            "Detail": '{"number": 1, "fill": ""}',
            "Time": AT,
        }
    ]


def test_events_go_out_in_requests_of_ten_in_their_order(requests: Requests) -> None:
    codes = EventBus(requests.client, "users").publish([entry(number) for number in range(23)])

    assert codes == [None] * 23
    assert requests.made == [[*range(10)], [*range(10, 20)], [*range(20, 23)]]


def test_a_request_stays_below_the_size_that_eventbridge_takes(requests: Requests) -> None:
    entries = [entry(number, size=LIMIT * 2 // 5) for number in range(5)]

    EventBus(requests.client, "users").publish(entries)

    assert requests.made == [[0, 1], [2, 3], [4]]


def test_no_request_holds_two_events_of_one_user(requests: Requests) -> None:
    subjects = ["a", "b", "a", "a", "c"]

    EventBus(requests.client, "users").publish([entry(number, subject) for number, subject in enumerate(subjects)])

    assert requests.made == [[0, 1], [2], [3, 4]]


def test_nothing_to_publish_makes_no_request(requests: Requests) -> None:
    assert EventBus(requests.client, "users").publish([]) == []
    assert requests.made == []


def test_an_event_that_no_bus_takes_is_not_sent_and_holds_back_what_comes_after(requests: Requests) -> None:
    entries = [entry(0), entry(1, size=LIMIT), entry(2)]

    assert EventBus(requests.client, "users").publish(entries) == [None, TOO_LARGE, NOT_SENT]
    assert requests.made == [[0]]


@pytest.mark.parametrize(("size", "fits"), [(LIMIT - 1, True), (LIMIT, False)])
def test_the_size_counts_source_type_detail_and_time_in_bytes(size: int, fits: bool) -> None:
    around = 14 + len("rollcall") + len("UserUpdated")
    letters, odd = divmod(size - around, 2)
    sized = BusEntry("UserUpdated", "é" * letters + "e" * odd, AT, "acme/1")

    assert sized.size == size
    assert sized.fits is fits


@pytest.fixture
def stubbed() -> Iterator[tuple[EventBus, Stubber]]:
    config = Config(retries={"total_max_attempts": 1})
    client = boto3.client(
        "events", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x", config=config
    )
    with Stubber(client) as stubber:
        yield EventBus(client, "users"), stubber
        stubber.assert_no_pending_responses()


def test_refused_events_are_reported_one_by_one(stubbed: tuple[EventBus, Stubber]) -> None:
    bus, stubber = stubbed
    refused = {"ErrorCode": "InternalFailure", "ErrorMessage": "try again"}
    stubber.add_response(
        "put_events", {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, refused, {"EventId": "3"}]}
    )

    assert bus.publish([entry(0), entry(1), entry(2)]) == [None, "InternalFailure", None]


def test_after_a_request_with_a_refused_event_no_more_are_made(stubbed: tuple[EventBus, Stubber]) -> None:
    bus, stubber = stubbed
    results = [{"EventId": str(number)} for number in range(9)]
    refused = {"ErrorCode": "ThrottlingException"}
    stubber.add_response("put_events", {"FailedEntryCount": 1, "Entries": [*results, refused]})

    codes = bus.publish([entry(number) for number in range(12)])

    assert codes == [None] * 9 + ["ThrottlingException", NOT_SENT, NOT_SENT]


def test_a_refused_request_fails_all_of_its_events(stubbed: tuple[EventBus, Stubber]) -> None:
    bus, stubber = stubbed
    stubber.add_client_error("put_events", "AccessDeniedException")

    assert bus.publish([entry(0), entry(1)]) == ["AccessDeniedException"] * 2


def test_a_bus_that_cannot_be_reached_fails_all_events(requests: Requests) -> None:
    def cut(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://events")

    requests.client.meta.events.register("before-send.events.PutEvents", cut)

    assert EventBus(requests.client, "users").publish([entry(0)]) == ["EndpointConnectionError"]

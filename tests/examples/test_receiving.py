"""How events reach an application: a queue whose messages are deleted when they are done, HTTP, a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest
from moto import mock_aws

from receiving import Event, MalformedEvent, Unavailable, consume, parse, serve, work

REGION = "us-east-1"


def event(number: int, **detail: object) -> str:
    said = {"account": "acme", "userId": f"u{number}", "version": 1} | detail
    return json.dumps({"source": "rollcall", "detail-type": "UserUpdated", "detail": said})


class Queue:
    """A queue with a dead-letter queue after two attempts; a message that is not deleted comes again at once."""

    def __init__(self) -> None:
        self.sqs: Any = boto3.client("sqs", region_name=REGION)
        self.dead = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
        attributes = {"VisibilityTimeout": "0", "RedrivePolicy": redrive}
        self.url = self.sqs.create_queue(QueueName="events", Attributes=attributes)["QueueUrl"]

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def left(self, url: str) -> int:
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(attributes["Attributes"]["ApproximateNumberOfMessages"])

    def dead_letters(self) -> list[str]:
        received = self.sqs.receive_message(QueueUrl=self.dead, MaxNumberOfMessages=10)
        return [message["Body"] for message in received.get("Messages", [])]


@pytest.fixture
def queue() -> Iterator[Queue]:
    with mock_aws():
        yield Queue()


def test_messages_are_deleted_when_they_are_handled(queue: Queue) -> None:
    queue.send(event(1), event(2))
    handled: list[Event] = []

    def handle(one: Event) -> None:
        assert queue.left(queue.url) == 2  # none is deleted before all are committed
        handled.append(one)

    assert work(queue.sqs, queue.url, handle) == 2
    assert sorted(one.user_id or "" for one in handled) == ["u1", "u2"]
    assert queue.left(queue.url) == 0


def test_it_waits_by_long_polling(queue: Queue) -> None:
    asked: list[Any] = []
    queue.sqs.meta.events.register("provide-client-params.sqs.ReceiveMessage", lambda params, **_: asked.append(params))
    queue.send(event(1))

    work(queue.sqs, queue.url, lambda one: None)

    assert [call["WaitTimeSeconds"] for call in asked] == [20]


def test_what_nobody_can_use_ends_in_the_dead_letter_queue_and_stops_nothing_else(
    queue: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.send("canary-7f3a", event(1), event(13))

    def handle(one: Event) -> None:
        if one.user_id == "u13":
            raise ValueError("canary-7f3a")

    done = [work(queue.sqs, queue.url, handle, wait=0) for _ in range(4)]

    assert sum(done) == 1
    assert sorted(queue.dead_letters()) == sorted(["canary-7f3a", event(13)])
    said = capsys.readouterr()
    assert "canary" not in said.out + said.err
    assert "MalformedEvent" in said.err


def test_an_outage_leaves_the_rest_in_the_queue_and_ends_the_process(
    queue: Queue, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    queue.send(*[event(number) for number in range(3)])
    handled: list[Event] = []

    def handle(one: Event) -> None:
        if handled:
            raise Unavailable("the database does not answer")
        handled.append(one)

    assert consume(handle, {"QUEUE_URL": queue.url}) == 1
    assert "the database does not answer" in capsys.readouterr().err
    assert queue.left(queue.url) == 2
    assert queue.dead_letters() == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        "[" * 100_000,
        '{"source": "rollcall", "detail-type": "UserUpdated", "detail": []}',
        event(1, account=7),
        event(1, userId=["u1"]),
        event(1, version="2"),
        event(1).replace("rollcall", "aws.ec2"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_event_is_refused(text: str) -> None:
    with pytest.raises(MalformedEvent):
        parse(text)


def test_a_later_kind_of_event_is_about_nobody() -> None:
    unknown = parse(
        json.dumps({"source": "rollcall", "detail-type": "AccountSwitchedOff", "detail": {"account": "acme"}})
    )

    assert (unknown.user_id, unknown.group_id, unknown.version) == (None, None, None)


@pytest.fixture
def posted() -> Iterator[tuple[str, list[Event]]]:
    """A receiver's address, and what it handled."""
    handled: list[Event] = []

    def handle(one: Event) -> None:
        if one.user_id == "u13":
            raise Unavailable("the database does not answer")
        handled.append(one)

    with serve(0, handle) as server:
        thread = Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", handled
        server.shutdown()
        thread.join()


def post(url: str, body: str, content_type: str = "application/json") -> int:
    try:
        with urlopen(Request(url, body.encode(), {"Content-Type": content_type}), timeout=60) as answer:
            status: int = answer.status
    except HTTPError as error:
        return error.code
    return status


def test_events_of_the_local_server_come_by_post(posted: tuple[str, list[Event]]) -> None:
    url, handled = posted

    assert post(url, event(1)) == 204
    assert post(url, event(13)) == 503  # which the local server sends again
    assert post(url, "{}") == 400
    assert post(url, event(1), "text/plain") == 415  # what a page in a browser may send anywhere
    assert [one.user_id for one in handled] == ["u1"]


def test_events_come_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(f"{event(1)}\n{event(2)}\n")
    handled: list[Event] = []

    assert consume(handled.append, {"EVENTS_FILE": str(file)}) == 0
    assert [one.user_id for one in handled] == ["u1", "u2"]
    assert consume(handled.append, {"EVENTS_FILE": str(tmp_path / "missing")}) == 1
    assert "missing" in capsys.readouterr().err


def test_without_a_source_of_events_it_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert consume(lambda one: None, {}) == 2
    assert "QUEUE_URL" in capsys.readouterr().err

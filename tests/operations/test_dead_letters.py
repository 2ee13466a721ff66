"""Publishing dead letters again: what is read from the stream, handed to the publisher and taken from the queue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from operations.dead_letters import DeadLetters, LetterOutcome, Redriven, number_of
from operations.deployment import DeploymentError
from operations.replay.since import since_of
from operations.table_creation import table_definition
from support.described_stack import described
from support.table_stream import RECORDED, group, group_record, record, user

STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/users/stream/2030-01-01T00:00:00.000"
RECORDS = [record(number, None, user({}, user_id=f"u{number}")) for number in range(1, 4)]
RECORDS.append(group_record(4, None, group({}), joined=["u1", "u2"]))


AT_FIRST = {
    "ShardId": "shardId-00000001573689847184-864758bb",
    "ShardIteratorType": "AT_SEQUENCE_NUMBER",
    "SequenceNumber": number_of(RECORDS[0]),
}


def as_read(one: dict[str, Any]) -> dict[str, Any]:
    """The record as GetRecords gives it: with a time, and without its stream."""
    read = {name: value for name, value in one.items() if name != "eventSourceARN"}
    return read | {"dynamodb": one["dynamodb"] | {"ApproximateCreationDateTime": datetime.fromtimestamp(RECORDED, UTC)}}


class Deployment:
    """A queue of moto's, and a stream and a publisher whose answers are written down beforehand."""

    def __init__(self) -> None:
        session = boto3.Session(region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.sqs = session.client("sqs")
        self.queue = self.sqs.create_queue(QueueName="unpublished", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
        session.client("dynamodb").create_table(**table_definition("users"))
        self.letters = DeadLetters(session, self.queue, "publisher", "users")
        self.streams = Stubber(self.letters._streams)
        self.publisher = Stubber(self.letters._lambda)
        self.streams.activate()
        self.publisher.activate()

    def letter(self, first: int, last: int, **otherwise: Any) -> None:
        place: dict[str, Any] = {
            "shardId": "shardId-00000001573689847184-864758bb",
            "startSequenceNumber": number_of(RECORDS[first]),
            "endSequenceNumber": number_of(RECORDS[last]),
            "batchSize": last - first + 1,
            "streamArn": STREAM,
        } | otherwise
        body = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "DDBStreamBatchInfo": place}
        self.message(json.dumps(body))

    def message(self, body: str) -> None:
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=body)

    def stream_holds(self, first: int, *pages: list[dict[str, Any]]) -> None:
        self.streams.add_response(
            "get_shard_iterator",
            {"ShardIterator": "page-0"},
            {
                "StreamArn": STREAM,
                "ShardId": "shardId-00000001573689847184-864758bb",
                "ShardIteratorType": "AT_SEQUENCE_NUMBER",
                "SequenceNumber": number_of(RECORDS[first]),
            },
        )
        for index, page in enumerate(pages):
            self.streams.add_response(
                "get_records",
                {"Records": [as_read(one) for one in page], "NextShardIterator": f"page-{index + 1}"},
                {"ShardIterator": f"page-{index}"},
            )

    def publisher_gets(self, records: list[dict[str, Any]], failed: str | None = None, error: bool = False) -> None:
        answer = {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}
        response: dict[str, Any] = {"StatusCode": 200, "Payload": BytesIO(json.dumps(answer).encode())}
        self.publisher.add_response(
            "invoke",
            response | ({"FunctionError": "Unhandled"} if error else {}),
            {"FunctionName": "publisher", "Payload": json.dumps({"Records": records}).encode()},
        )

    def hide_what_was_received(self) -> None:
        self.sqs.set_queue_attributes(QueueUrl=self.queue, Attributes={"VisibilityTimeout": "120"})

    @property
    def waiting(self) -> int:
        return self._number("ApproximateNumberOfMessages")

    @property
    def hidden(self) -> int:
        return self._number("ApproximateNumberOfMessagesNotVisible")

    def _number(self, name: Any) -> int:
        answer = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=[name])
        return int(answer["Attributes"][name])


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with mock_aws():
        deployment = Deployment()
        yield deployment
        deployment.streams.assert_no_pending_responses()
        deployment.publisher.assert_no_pending_responses()


def test_the_records_of_a_letter_are_passed_to_the_publisher_as_lambda_does(deployment: Deployment) -> None:
    deployment.letter(0, 2)
    deployment.stream_holds(0, RECORDS[:2], RECORDS[2:])
    deployment.publisher_gets(RECORDS[:3])

    assert list(deployment.letters.redrive(10)) == [Redriven(LetterOutcome.PUBLISHED, 3)]
    assert deployment.waiting == 0


def test_records_too_large_for_one_call_are_passed_in_several(deployment: Deployment) -> None:
    large = [record(number, None, user({"title": "x" * 300_000}, user_id=f"u{number}")) for number in range(1, 5)]
    deployment.letter(0, 3)
    deployment.stream_holds(0, large)
    deployment.publisher_gets(large[:3])
    deployment.publisher_gets(large[3:])

    assert list(deployment.letters.redrive(1)) == [Redriven(LetterOutcome.PUBLISHED, 4)]


def test_an_empty_page_of_the_stream_is_skipped(deployment: Deployment) -> None:
    deployment.letter(0, 0)
    deployment.stream_holds(0, [], RECORDS[:1])
    deployment.publisher_gets(RECORDS[:1])

    assert list(deployment.letters.redrive(10)) == [Redriven(LetterOutcome.PUBLISHED, 1)]


def test_records_after_a_failed_one_are_published_and_the_letter_is_kept(deployment: Deployment) -> None:
    deployment.letter(0, 3)
    deployment.stream_holds(0, RECORDS)
    deployment.publisher_gets(RECORDS, failed=number_of(RECORDS[1]))
    deployment.publisher_gets(RECORDS[2:])

    assert list(deployment.letters.redrive(1)) == [Redriven(LetterOutcome.FAILED, 3, (number_of(RECORDS[1]),))]
    assert deployment.waiting == 1


def test_redrive_continues_after_an_unpublishable_record(deployment: Deployment) -> None:
    deployment.letter(0, 1)
    deployment.stream_holds(0, RECORDS[:2])
    deployment.publisher_gets(RECORDS[:2], error=True)
    deployment.publisher_gets(RECORDS[1:2])

    assert list(deployment.letters.redrive(1)) == [Redriven(LetterOutcome.FAILED, 1, (number_of(RECORDS[0]),))]


@pytest.mark.parametrize("code", ["TrimmedDataAccessException", "ResourceNotFoundException"])
def test_a_letter_with_expired_records_stays_until_the_table_was_replayed(deployment: Deployment, code: str) -> None:
    deployment.hide_what_was_received()
    deployment.letter(0, 1)
    deployment.streams.add_client_error("get_shard_iterator", code)

    [expired] = deployment.letters.redrive(10)
    assert expired.outcome is LetterOutcome.EXPIRED
    assert (deployment.waiting, deployment.hidden) == (0, 1)

    deployment.letters.keep_expired()
    deployment.letters.delete_expired()
    assert (deployment.waiting, deployment.hidden) == (0, 0)
    assert deployment.letters.expired == {}


def test_an_expired_letter_that_comes_again_meanwhile_counts_once(deployment: Deployment) -> None:
    deployment.letter(0, 1)
    for _ in range(3):
        deployment.streams.add_client_error("get_shard_iterator", "TrimmedDataAccessException")

    assert len(list(deployment.letters.redrive(3))) == 1
    assert len(deployment.letters.expired) == 1


@pytest.mark.parametrize("code", ["AWS.SimpleQueueService.MessageNotInflight", "InvalidParameterValue"])
def test_an_expired_letter_that_is_visible_again_holds_nothing_up(deployment: Deployment, code: str) -> None:
    """So says SQS when the letters before it took longer than the queue hides one."""
    deployment.letter(0, 1)
    deployment.streams.add_client_error("get_shard_iterator", "TrimmedDataAccessException")
    assert len(list(deployment.letters.redrive(1))) == 1

    with Stubber(deployment.letters._sqs) as sqs:
        sqs.add_client_error("change_message_visibility", code)
        deployment.letters.keep_expired()
    deployment.letters.delete_expired()

    assert (deployment.waiting, deployment.hidden) == (0, 0)


SENT = datetime(2030, 2, 3, 12, 0, tzinfo=UTC)
NOW = SENT + timedelta(days=2)
FIRST = datetime(2030, 1, 20, 12, 0, tzinfo=UTC)
"""Of the moments that are believed now: a message is kept for 14 days, and its records were kept for one."""


@pytest.mark.parametrize(
    ("said", "since", "is_believed"),
    [
        ("2030-02-03T08:00:00Z", datetime(2030, 2, 2, 8, 0, tzinfo=UTC), True),
        ("2030-02-03T10:00:00+02:00", datetime(2030, 2, 2, 8, 0, tzinfo=UTC), True),
        ("2030-02-03T08:00:00.123", datetime(2030, 2, 2, 8, 0, 0, 123000, UTC), True),
        ("2030-02-03T12:00:00Z", SENT - timedelta(days=1), True),
        ("2030-01-21T12:00:00Z", FIRST, True),
        ("2030-01-21T11:59:59Z", FIRST, False),
        ("2020-01-01T00:00:00Z", FIRST, False),
        ("0001-01-01T00:00:00Z", FIRST, False),
        ("0001-01-01T00:00:00+14:00", SENT - timedelta(days=2), True),  # before the first moment that there is
        ("2030-02-03T12:00:01Z", FIRST, False),  # after the letter itself
        ("2999-01-01T00:00:00Z", FIRST, False),
        ("soon", SENT - timedelta(days=2), True),
        (5, SENT - timedelta(days=2), True),
        (None, SENT - timedelta(days=2), True),
    ],
)
def test_a_letter_says_since_when_with_a_day_of_margin_and_is_believed_what_can_be(
    said: object, since: datetime, is_believed: bool
) -> None:
    body = json.dumps({"DDBStreamBatchInfo": {} if said is None else {"approximateArrivalOfFirstRecord": said}})
    message = {"Body": body, "Attributes": {"SentTimestamp": str(int(SENT.timestamp() * 1000))}}

    assert since_of(message, NOW) == (since, is_believed)


def test_a_letter_stays_when_the_stream_cannot_be_read(deployment: Deployment) -> None:
    deployment.letter(0, 1)
    deployment.streams.add_client_error("get_shard_iterator", "AccessDeniedException")

    with pytest.raises(DeploymentError, match="AccessDeniedException"):
        list(deployment.letters.redrive(10))

    assert deployment.waiting == 1


@pytest.mark.parametrize(
    "stream",
    [
        STREAM.replace("users", "others"),
        STREAM.replace("users", "users-2"),
        STREAM.replace("table/users", "table/Users"),
        STREAM.replace("123456789012", "210987654321"),
        STREAM.replace("eu-west-1", "eu-west-2"),
        STREAM.replace("arn:aws:", "arn:aws-cn:"),
    ],
)
def test_a_letter_that_names_the_stream_of_another_table_is_refused_unread(deployment: Deployment, stream: str) -> None:
    deployment.letter(0, 1, streamArn=stream)

    [refused] = deployment.letters.redrive(1)
    assert refused.outcome is LetterOutcome.FOREIGN
    assert refused.message_id
    assert deployment.waiting == 1


def test_a_letter_that_names_more_than_a_batch_is_refused_and_the_next_one_published(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.dead_letters._MOST_RECORDS", 2)
    deployment.letter(0, 3)
    deployment.letter(0, 1)
    deployment.stream_holds(0, RECORDS[:1], RECORDS[1:3])  # a further page is not asked for
    deployment.stream_holds(0, RECORDS[:2])
    deployment.publisher_gets(RECORDS[:2])
    deployment.hide_what_was_received()

    assert [one.outcome for one in deployment.letters.redrive(2)] == [LetterOutcome.MALFORMED, LetterOutcome.PUBLISHED]
    assert (deployment.waiting, deployment.hidden) == (0, 1)


def test_a_letter_with_a_number_that_the_stream_refuses_holds_up_no_other(deployment: Deployment) -> None:
    deployment.letter(0, 1)
    deployment.letter(0, 1)
    deployment.streams.add_client_error("get_shard_iterator", "ValidationException")
    deployment.stream_holds(0, RECORDS[:2])
    deployment.publisher_gets(RECORDS[:2])
    deployment.hide_what_was_received()

    refused, published = deployment.letters.redrive(2)

    assert (refused.outcome, published.outcome) == (LetterOutcome.MALFORMED, LetterOutcome.PUBLISHED)
    assert refused.message_id
    assert (deployment.waiting, deployment.hidden) == (0, 1)


def test_a_letter_of_a_former_stream_of_the_table_is_published(deployment: Deployment) -> None:
    former = STREAM.replace("2030", "2029")
    deployment.letter(0, 0, streamArn=former)
    deployment.streams.add_client_error(
        "get_shard_iterator", "TrimmedDataAccessException", expected_params={"StreamArn": former} | AT_FIRST
    )

    assert [one.outcome for one in deployment.letters.redrive(1)] == [LetterOutcome.EXPIRED]


@pytest.mark.parametrize(
    "otherwise",
    [
        {"streamArn": None},
        {"streamArn": ""},
        {"streamArn": f"{STREAM}/stream/x"},
        {"streamArn": f"{STREAM}\n"},
        {"streamArn": STREAM.partition("/stream/")[0]},
        {"streamArn": [STREAM]},
        {"shardId": "x"},
        {"shardId": 5},
        {"startSequenceNumber": 800000000003126276362},
        {"startSequenceNumber": "-1"},
        {"startSequenceNumber": "\u0661"},
        {"endSequenceNumber": "9" * 5000},
        {"endSequenceNumber": {}},
    ],
)
def test_a_letter_with_an_impossible_stream_value_is_refused_unread(
    deployment: Deployment, otherwise: dict[str, Any]
) -> None:
    deployment.letter(0, 1, **otherwise)

    assert [one.outcome for one in deployment.letters.redrive(1)] == [LetterOutcome.MALFORMED]
    assert deployment.waiting == 1


@pytest.mark.parametrize(
    "body",
    ["hello", "[]", "null", "5", "{}", '{"DDBStreamBatchInfo": []}', '{"DDBStreamBatchInfo": {}}', "[" * 100_000],
)
def test_a_message_that_is_not_a_letter_is_refused_and_does_not_block_others(deployment: Deployment, body: str) -> None:
    deployment.message(body)
    deployment.letter(0, 0)
    deployment.stream_holds(0, RECORDS[:1])
    deployment.publisher_gets(RECORDS[:1])
    deployment.hide_what_was_received()

    outcomes = [one.outcome for one in deployment.letters.redrive(10)]

    assert sorted(outcomes) == [LetterOutcome.MALFORMED, LetterOutcome.PUBLISHED]


def test_at_most_the_requested_number_of_letters_is_received(deployment: Deployment) -> None:
    deployment.hide_what_was_received()
    deployment.letter(0, 0)
    deployment.letter(1, 1)
    deployment.streams.add_client_error("get_shard_iterator", "TrimmedDataAccessException")

    assert len(list(deployment.letters.redrive(1))) == 1
    assert deployment.waiting == 1


def test_an_empty_queue_returns_nothing(deployment: Deployment) -> None:
    assert list(deployment.letters.redrive(10)) == []


OUTPUTS = {"UnpublishedEventsUrl": "https://queue", "PublisherName": "publisher", "TableName": "users"}


def found(monkeypatch: pytest.MonkeyPatch, outputs: dict[str, str]) -> DeadLetters:
    """The queue and publisher found in a stack with those outputs."""
    session = boto3.Session(region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    stubber = Stubber(session.client("cloudformation"))
    stubber.add_response("describe_stacks", described(outputs), {"StackName": "rollcall"})
    real = session.client
    monkeypatch.setattr(
        session, "client", lambda name, **given: stubber.client if name == "cloudformation" else real(name, **given)
    )
    with stubber:
        return DeadLetters.of(session, "rollcall")


def test_queue_publisher_and_table_are_found_by_the_outputs_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = found(monkeypatch, OUTPUTS)

    assert (letters._queue_url, letters._publisher, letters._table) == ("https://queue", "publisher", "users")


def test_a_stack_without_a_publisher_is_reported_as_an_older_release(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeploymentError, match="no output UnpublishedEventsUrl, PublisherName: deploy"):
        found(monkeypatch, {"TableName": "users"})

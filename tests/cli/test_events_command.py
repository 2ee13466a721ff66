"""`rollcall events redrive`: the messages to the operator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws
from typer.testing import CliRunner, Result

from adapters.clock import text_of
from cli.events import app
from cli.invocation import Invocation
from local.life_cycle import EventSettings
from local.serve import write_state
from local.service import LocalService
from operations.table_creation import table_definition
from support.described_stack import use_clients, with_publisher

ARRIVED = datetime.now(UTC).replace(microsecond=0) - timedelta(days=5)
PLACE = {
    "shardId": "shardId-00000001573689847184-864758bb",
    "startSequenceNumber": "800000000003126276362",
    "endSequenceNumber": "800000000003126276362",
    "approximateArrivalOfFirstRecord": ARRIVED.isoformat(),
    "streamArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/users/stream/2030-01-01T00:00:00.000",
}
SINCE = text_of((ARRIVED - timedelta(days=1)).timestamp())
_ALL: list[Any] = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
FOREIGN = PLACE["streamArn"].replace("users", "secrets")


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A stack whose dead-letter queue has one letter that is too old."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        sqs = boto3.client("sqs", "eu-west-1")
        queue = sqs.create_queue(QueueName="unpublished")["QueueUrl"]
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"DDBStreamBatchInfo": PLACE}))
        boto3.client("dynamodb", "eu-west-1").create_table(**table_definition("users"))
        # moto's CloudFormation and streams are not installed or not faithful here.
        cloudformation = Stubber(boto3.client("cloudformation", "eu-west-1"))
        cloudformation.add_response("describe_stacks", with_publisher("users", queue))
        cloudformation.add_response("describe_stacks", with_publisher("users", queue))
        streams = Stubber(boto3.client("dynamodbstreams", "eu-west-1"))
        streams.add_client_error("get_shard_iterator", "TrimmedDataAccessException")
        use_clients(monkeypatch, cloudformation=cloudformation.client, dynamodbstreams=streams.client)
        with cloudformation, streams:
            yield


def run(*, as_json: bool = False, local: bool = False) -> Result:
    here = Invocation(region="eu-west-1", as_json=as_json, local=local)
    return CliRunner().invoke(app, ["redrive"], obj=here)


@pytest.mark.usefixtures("stack")
def test_what_expired_dead_letters_were_about_is_published_from_the_table() -> None:
    result = run()

    assert result.exit_code == 0, result.output
    assert f"1 too old for the stream: 0 events of changes since {SINCE} published from the table." in result.output


@pytest.mark.usefixtures("stack")
def test_the_json_answer_has_the_outcome_of_each_dead_letter() -> None:
    result = run(as_json=True)

    assert result.exit_code == 0, result.output
    [letter] = json.loads(result.output)
    assert letter.pop("since") == SINCE
    assert letter == {"outcome": "replayed", "published": 0, "unpublished": [], "message_id": None}


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("arrival", ["2020-02-01T08:00:00Z", "2999-01-01T00:00:00Z"])
def test_an_arrival_that_cannot_be_is_not_believed_and_the_table_is_replayed_for_16_days_at_most(
    arrival: str, as_json: bool
) -> None:
    sqs = boto3.client("sqs", region_name="eu-west-1")
    queue = sqs.get_queue_url(QueueName="unpublished")["QueueUrl"]
    sqs.purge_queue(QueueUrl=queue)
    forged = {"DDBStreamBatchInfo": PLACE | {"approximateArrivalOfFirstRecord": arrival}}
    message_id = sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(forged))["MessageId"]

    result = run(as_json=as_json)

    assert result.exit_code == 0, result.output
    if as_json:
        [letter] = json.loads(result.stdout)
        assert (letter["outcome"], letter["message_id"]) == ("replayed", message_id)
        assert datetime.fromisoformat(letter["since"]) >= ARRIVED + timedelta(days=5 - 16)
    else:
        assert f"Wrong time: the message {message_id} has a time" in " ".join(result.output.split())
    assert sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=_ALL)["Attributes"] == dict.fromkeys(_ALL, "0")


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("\x1b]0;owned\x07", "is not a dead letter of the publisher"),
        (json.dumps({"DDBStreamBatchInfo": PLACE | {"streamArn": FOREIGN}}), "names the stream of another table"),
    ],
)
def test_refused_dead_letters_are_listed_without_their_content_and_stay_in_the_queue(body: str, says: str) -> None:
    sqs = boto3.client("sqs", region_name="eu-west-1")
    queue = sqs.get_queue_url(QueueName="unpublished")["QueueUrl"]
    message_id = sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(body) if "\x1b" in body else body)["MessageId"]

    result = run()

    assert result.exit_code == 1
    assert f"Refused: the message {message_id} {says}" in " ".join(result.output.split())
    assert "owned" not in result.output
    assert "secrets" not in result.output
    left = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
    assert left["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1"


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:9/hook"])
def test_the_local_server_sends_what_its_url_did_not_take_again(
    url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalService(events=EventSettings(url=url)) as service:
        monkeypatch.setenv("ROLLCALL_LOCAL_STATE", str(write_state(service)))
        said, document = run(local=True), run(local=True, as_json=True)

    assert (said.exit_code, document.exit_code) == (0, 0)
    wanted = "Every event was delivered to" if url else "The local server has no EVENTS_URL, so no event failed."
    assert said.stdout.startswith(wanted)
    assert json.loads(document.stdout) == {"queued": 0, "url": url, "page": f"{service.address}/events"}

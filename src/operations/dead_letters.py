"""The publisher's dead letters: changes whose events could not be published, and publishing them again.

A dead letter names a range of records in the table's stream. They are read from the stream, which keeps them for 24
hours, and passed to the publisher as Lambda does; older letters stay in the queue until what changed since is published
again from the table (`operations.replay.expired`). Anybody who may send to the queue could name another stream, which
would be read with the operator's rights and published as this table's: so it must be a stream of the table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from adapters import clock
from operations.deployment import DeploymentError, stack_outputs
from operations.replay.publishers import FunctionPublisher
from operations.replay.since import since_of

if TYPE_CHECKING:
    import boto3

_OUTPUTS: Final = ("UnpublishedEventsUrl", "PublisherName", "TableName")
# The publisher may take 30 s.
_CONFIG: Final = Config(connect_timeout=3, read_timeout=40, retries={"mode": "standard", "total_max_attempts": 2})
_BYTES_AT_ONCE: Final = 1_000_000
"""Size of the records in one call of the publisher, which accepts 6 MB; one record always fits."""
_HIDDEN_SECONDS: Final = 300
"""The queue's visibility time-out, as in template.yaml."""
_PAGES: Final = 1000
"""Maximum of stream pages for one letter; pages may be empty, and an open shard has no last page."""
_MOST_RECORDS: Final = 10_000
"""The most that a batch of Lambda has: the publisher wrote no letter about more."""
_INVALID: Final = "ValidationException"
"""The code of DynamoDB Streams for a sequence number that cannot be."""
_GONE: Final = frozenset({"TrimmedDataAccessException", "ResourceNotFoundException"})
_VISIBLE: Final = frozenset({"MessageNotInflight", "InvalidParameterValue"})
"""Codes of SQS for a message whose visibility time-out is over; the second says so of the receipt."""

Record = dict[str, Any]


class LetterOutcome(StrEnum):
    """The result for a dead letter. `PUBLISHED` ones are deleted from the queue.

    So are `EXPIRED` ones, whose records are no longer in the stream, once they are `REPLAYED`.
    """

    PUBLISHED = "published"
    REPLAYED = "replayed"
    EXPIRED = "expired"
    FAILED = "failed"
    MALFORMED = "malformed"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Redriven:
    """One dead letter: the number of records published, and the sequence numbers of those that were not.

    `message_id` identifies a letter that was refused without reading anything: `MALFORMED` or `FOREIGN`; and one that
    gives an arrival of its records that is not believed. `since` is the moment from which on the table is to be
    replayed for an `EXPIRED` one.
    """

    outcome: LetterOutcome
    published: int = 0
    unpublished: tuple[str, ...] = ()
    message_id: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class _StreamRange:
    """The range of a table's stream that a letter names."""

    table: str
    """The table's ARN."""
    stream: str
    shard: str
    first: str
    last: str

    @classmethod
    def of(cls, body: str) -> _StreamRange | None:
        """Parse a message's body (Lambda Developer Guide, DynamoDB streams); None for any other text."""
        try:
            batch = json.loads(body)["DDBStreamBatchInfo"]
            found = [batch[name] for name in _BATCH_INFO]
        except (ValueError, RecursionError, LookupError, TypeError):
            return None
        if not all(
            isinstance(value, str) and re.fullmatch(form, value) for value, form in zip(found, _FORMS, strict=True)
        ):
            return None
        stream, shard, first, last = found
        return cls(stream.partition("/stream/")[0], stream, shard, first, last)


_BATCH_INFO: Final = ("streamArn", "shardId", "startSequenceNumber", "endSequenceNumber")
# As the API of DynamoDB Streams bounds them (StreamArn, ShardId, SequenceNumber).
_FORMS: Final = (
    re.compile(r"arn:[\w-]+:dynamodb:[\w-]+:[0-9]{12}:table/[\w.-]{3,255}/stream/[\w:.-]{10,40}", re.ASCII),
    re.compile(r"[\w-]{28,65}", re.ASCII),
    re.compile(r"[0-9]{1,40}"),
    re.compile(r"[0-9]{1,40}"),
)


@dataclass(frozen=True, slots=True)
class ExpiredLetter:
    """A letter in the queue whose records are gone: how SQS names this receipt, and since when things were missed."""

    receipt: str
    since: datetime


class DeadLetters:
    """The dead-letter queue of one deployment, its stream and its publisher."""

    def __init__(self, session: boto3.Session, queue_url: str, publisher: str, table: str) -> None:
        self._sqs: Any = session.client("sqs", config=_CONFIG)
        self._streams: Any = session.client("dynamodbstreams", config=_CONFIG)
        self._lambda: Any = session.client("lambda", config=_CONFIG)
        self._dynamodb: Any = session.client("dynamodb", config=_CONFIG)
        self._queue_url = queue_url
        self._publisher = publisher
        self._table = table
        self.expired: dict[str, ExpiredLetter] = {}
        """Letters that `redrive` left in the queue, as the stream no longer has their records; by the message's id."""

    @classmethod
    def of(cls, session: boto3.Session, stack: str) -> DeadLetters:
        """Find the queue of a stack by its outputs; raises `DeploymentError`."""
        _, (queue_url, publisher, table) = stack_outputs(session, stack, _OUTPUTS, "deploy this release first")
        return cls(session, queue_url, publisher, table)

    @property
    def publisher(self) -> FunctionPublisher:
        """The publisher of the deployment, for replays."""
        return FunctionPublisher(self._lambda, self._publisher)

    def redrive(self, most: int) -> Iterator[Redriven]:
        """Publish the records of at most that many dead letters again; raises `DeploymentError` when AWS refuses.

        A letter is deleted from the queue when all its records are published. Any other letter becomes visible again
        after its visibility time-out; so does one that is malformed or names the stream of another table, of which
        nothing is read. Those whose records are no longer in the stream are `expired`.
        """
        with _explained():
            table = self._dynamodb.describe_table(TableName=self._table)["Table"]["TableArn"]
            for _ in range(most):
                messages = self._sqs.receive_message(
                    QueueUrl=self._queue_url, MaxNumberOfMessages=1, AttributeNames=["SentTimestamp"]
                ).get("Messages")
                if not messages:
                    return
                [message] = messages
                redriven = self._of_message(message, table)
                if redriven.outcome is LetterOutcome.PUBLISHED:
                    self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
                elif redriven.outcome is LetterOutcome.EXPIRED:
                    since, message_id = since_of(message, clock.instant()), message["MessageId"]
                    known = message_id in self.expired
                    self.expired[message_id] = ExpiredLetter(message["ReceiptHandle"], since.moment)
                    unbelieved = None if since.is_believed else message_id
                    redriven = replace(redriven, since=since.moment, message_id=unbelieved)
                    if known:  # it took so long that the letter came again
                        continue
                yield redriven

    def keep_expired(self) -> None:
        """Hide the expired letters from other readers for five minutes more; raises `DeploymentError`.

        One that is visible again already, as reading the others took long, stays so.
        """
        with _explained():
            for letter in self.expired.values():
                try:
                    self._sqs.change_message_visibility(
                        QueueUrl=self._queue_url, ReceiptHandle=letter.receipt, VisibilityTimeout=_HIDDEN_SECONDS
                    )
                except ClientError as error:
                    if _code(error).rpartition(".")[2] not in _VISIBLE:
                        raise

    def delete_expired(self) -> None:
        """Delete the expired letters, after what changed since was published again; raises `DeploymentError`."""
        with _explained():
            for message_id, letter in list(self.expired.items()):
                self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=letter.receipt)
                del self.expired[message_id]

    def _of_message(self, message: dict[str, str], table: str) -> Redriven:
        place = _StreamRange.of(message["Body"])
        if place is None:
            return Redriven(LetterOutcome.MALFORMED, message_id=message["MessageId"])
        # A stream that was disabled and enabled again has a new ARN; the former one belongs to this table too.
        if place.table != table:
            return Redriven(LetterOutcome.FOREIGN, message_id=message["MessageId"])
        return self._redriven(place, message["MessageId"])

    def _redriven(self, place: _StreamRange, message_id: str) -> Redriven:
        try:
            records = self._records(place)
        except ClientError as error:
            if _code(error) == _INVALID:
                return Redriven(LetterOutcome.MALFORMED, message_id=message_id)
            if _code(error) not in _GONE:
                raise
            return Redriven(LetterOutcome.EXPIRED)
        if len(records) > _MOST_RECORDS:
            return Redriven(LetterOutcome.MALFORMED, message_id=message_id)
        if not records:
            return Redriven(LetterOutcome.EXPIRED)
        reached = number_of(records[-1]) == place.last
        unpublished = [] if reached else [place.last]
        published = 0
        while records:
            batch = _batch(records)
            failed = self._first_failed(batch)
            published += len(batch) if failed is None else failed
            if failed is not None:
                unpublished.append(number_of(batch[failed]))
            records = records[len(batch) if failed is None else failed + 1 :]
        return Redriven(LetterOutcome.FAILED if unpublished else LetterOutcome.PUBLISHED, published, tuple(unpublished))

    def _records(self, place: _StreamRange) -> list[Record]:
        """Read the records of the letter, as Lambda passes them to a function; `_MOST_RECORDS` and a page at most."""
        iterator = self._streams.get_shard_iterator(
            StreamArn=place.stream,
            ShardId=place.shard,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=place.first,
        )["ShardIterator"]
        last = int(place.last)
        records: list[Record] = []
        for _ in range(_PAGES):
            page = self._streams.get_records(ShardIterator=iterator)
            found = [record | {"eventSourceARN": place.stream} for record in page["Records"]]
            records += [record for record in found if int(number_of(record)) <= last]
            iterator = page.get("NextShardIterator")
            is_reached = found and int(number_of(found[-1])) >= last
            if iterator is None or is_reached or len(records) > _MOST_RECORDS:
                break
        return records

    def _first_failed(self, records: Sequence[Record]) -> int | None:
        """Pass the records to the publisher; returns the position of the first that it could not publish."""
        payload = _text({"Records": records}).encode()
        answer = self._lambda.invoke(FunctionName=self._publisher, Payload=payload)
        if "FunctionError" in answer:
            return 0
        failures = json.loads(answer["Payload"].read())["batchItemFailures"]
        if not failures:
            return None
        numbers = [number_of(record) for record in records]
        number = failures[0]["itemIdentifier"]
        return numbers.index(number) if number in numbers else 0


@contextmanager
def _explained() -> Iterator[None]:
    """Raise `DeploymentError` for an error of AWS."""
    try:
        yield
    except ClientError as error:
        raise DeploymentError(f"AWS refused {error.operation_name} ({_code(error)}). Nothing is lost.") from error
    except BotoCoreError as error:
        raise DeploymentError(f"AWS could not be reached: {error}") from error


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "unknown error")


def number_of(record: Record) -> str:
    """The record's position in its shard."""
    number: str = record["dynamodb"]["SequenceNumber"]
    return number


def _batch(records: Sequence[Record]) -> Sequence[Record]:
    """The first records, as many as fit into one call."""
    size = 0
    for position, record in enumerate(records):
        size += len(_text(record))
        if position and size > _BYTES_AT_ONCE:
            return records[:position]
    return records


def _text(value: object) -> str:
    return json.dumps(value, default=_seconds)


def _seconds(value: object) -> float:
    """Convert a time as Lambda does: to seconds since 1970."""
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"a stream record has no {type(value).__name__}")

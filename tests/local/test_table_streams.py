"""The streams that local events come from: shards that end, iterators that expire, and DynamoDB Local itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from queue import Empty, Queue
from typing import Any

import pytest

from local.events import PublishedEvents
from local.service import LocalService
from local.table_streams import ApiStream, StreamMissing
from support import engines
from support.people import user
from support.scim_http import ScimClient
from support.table_stream import record
from support.table_stream import user as stored

AT = datetime(2030, 1, 31, tzinfo=UTC)


class Expired(Exception):
    pass


class Streams:
    """DynamoDB Streams with shards whose pages are given; an exception in the place of a page is raised."""

    class exceptions:
        ExpiredIteratorException = Expired

    def __init__(self, *shards: dict[str, Any]) -> None:
        self.shards = list(shards)
        self.pages: Queue[Any] = Queue()
        self.opened: list[tuple[str, str]] = []

    def describe_stream(self, **_: Any) -> Any:
        return {"StreamDescription": {"Shards": self.shards}}

    def get_shard_iterator(self, ShardId: str, ShardIteratorType: str, **_: Any) -> Any:
        self.opened.append((ShardId, ShardIteratorType))
        return {"ShardIterator": ShardId}

    def get_records(self, ShardIterator: str, **_: Any) -> Any:
        try:
            page = self.pages.get_nowait()
        except Empty:
            return {"Records": [], "NextShardIterator": ShardIterator}
        if isinstance(page, Exception):
            raise page
        return page


def written(number: int) -> dict[str, Any]:
    one = record(number, None, stored({}))
    return one | {"dynamodb": one["dynamodb"] | {"ApproximateCreationDateTime": AT}}


def test_a_shard_that_ends_is_followed_from_its_beginning_and_times_are_seconds() -> None:
    streams = Streams({"ShardId": "old", "SequenceNumberRange": {"EndingSequenceNumber": "9"}}, {"ShardId": "one"})
    stream = ApiStream(streams, "arn")
    streams.shards.append({"ShardId": "two", "ParentShardId": "one"})
    streams.pages.put({"Records": [written(1)]})

    assert [one["dynamodb"]["ApproximateCreationDateTime"] for one in stream.read()] == [AT.timestamp()]
    assert stream.read() == []
    assert streams.opened == [("one", "LATEST"), ("two", "TRIM_HORIZON")]


def test_reading_continues_after_an_iterator_expired() -> None:
    streams = Streams({"ShardId": "one"})
    stream = ApiStream(streams, "arn")
    streams.pages.put(Expired())

    assert stream.read() == []
    streams.pages.put({"Records": [written(1)], "NextShardIterator": "one"})
    assert len(stream.read()) == 1


def test_a_dynamodb_without_streams_is_named() -> None:
    with pytest.raises(StreamMissing, match="has no stream"):
        ApiStream(Streams(), None)
    with pytest.raises(StreamMissing, match=r"cannot be read \(AttributeError\)"):
        ApiStream(object(), "arn")


@pytest.fixture
def endpoint() -> Iterator[str]:
    if (reason := engines.missing()) is not None:
        pytest.skip(reason)
    with engines.dynamodb_local() as running:
        yield running


def kinds(events: PublishedEvents) -> list[str]:
    return [event.kind for event in events.after(0)[1]]


@pytest.mark.dynamodb_local
def test_changes_in_dynamodb_local_are_published(endpoint: str) -> None:
    with LocalService(dynamodb_endpoint=endpoint) as service:
        client = ScimClient(service.base_url, service.key.text)
        ada = client.create(user("ada"))["id"]
        assert client.delete(ada).status == 204

    # Stopping publishes what the stream has.
    assert kinds(service.life_cycle.events) == ["UserProvisioned", "UserDeprovisioned"]

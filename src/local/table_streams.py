"""The stream of the local table: of moto in this process, or of another DynamoDB on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from adapters.events.stream import StreamRecord

_PAGE: Final = 100


class StreamMissing(Exception):
    """The DynamoDB that is used has no stream of the table; the message is one line."""


class MotoStream:
    """moto's stream. Records that were read are removed, as moto itself would keep all of them.

    `take` returns moto's records and removes them.
    """

    idle_seconds: float | None = None

    def __init__(self, take: Callable[[], Sequence[StreamRecord]]) -> None:
        self._take = take

    def read(self) -> Sequence[StreamRecord]:
        """All records since the last call, in the form that Lambda passes on."""
        return [_as_lambda_passes_it(record) for record in self._take()]


def _as_lambda_passes_it(record: StreamRecord) -> StreamRecord:
    at: datetime = record["dynamodb"]["ApproximateCreationDateTime"]
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return {**record, "dynamodb": {**record["dynamodb"], "ApproximateCreationDateTime": aware.timestamp()}}


class ApiStream:
    """The stream of a running DynamoDB, over its API: what is written from now on, in order for each shard.

    `client` is one of DynamoDB Streams. Raises `StreamMissing` when there is no stream.
    """

    idle_seconds: float | None = 0.5

    def __init__(self, client: Any, stream_arn: str | None) -> None:
        if stream_arn is None:
            raise StreamMissing("its table has no stream")
        self._client = client
        self._arn = stream_arn
        self._iterators: dict[str, str] = {}
        self._ended: set[str] = set()
        self._a_shard_ended = False
        try:
            for shard in self._shards():
                if "EndingSequenceNumber" in shard.get("SequenceNumberRange", {}):
                    self._ended.add(shard["ShardId"])
                else:
                    self._open(shard["ShardId"], "LATEST")
        except Exception as error:
            raise StreamMissing(f"its streams cannot be read ({type(error).__name__})") from error

    def read(self) -> Sequence[StreamRecord]:
        """The next records of each shard in turn; those of a new shard after those of its parent."""
        if self._a_shard_ended:
            self._open_new_shards()
        for shard, iterator in list(self._iterators.items()):
            records = self._read(shard, iterator)
            if records:
                return records
        return []

    def _read(self, shard: str, iterator: str) -> Sequence[StreamRecord]:
        try:
            page = self._client.get_records(ShardIterator=iterator, Limit=_PAGE)
        except self._client.exceptions.ExpiredIteratorException:
            # After this computer slept: what was written meanwhile is not published.
            self._open(shard, "LATEST")
            return []
        del self._iterators[shard]
        if following := page.get("NextShardIterator"):
            self._iterators[shard] = following
        else:
            self._ended.add(shard)
            self._a_shard_ended = True
        return [_as_lambda_passes_it(record) for record in page["Records"]]

    def _open_new_shards(self) -> None:
        self._a_shard_ended = False
        for shard in self._shards():
            known = shard["ShardId"] in self._ended or shard["ShardId"] in self._iterators
            if not known and shard.get("ParentShardId") not in self._iterators:
                self._open(shard["ShardId"], "TRIM_HORIZON")

    def _open(self, shard: str, where: str) -> None:
        answer = self._client.get_shard_iterator(StreamArn=self._arn, ShardId=shard, ShardIteratorType=where)
        self._iterators[shard] = answer["ShardIterator"]

    def _shards(self) -> list[dict[str, Any]]:
        shards: list[dict[str, Any]] = []
        start: dict[str, str] = {}
        while True:
            stream = self._client.describe_stream(StreamArn=self._arn, **start)["StreamDescription"]
            shards += stream["Shards"]
            if "LastEvaluatedShardId" not in stream:
                return shards
            start = {"ExclusiveStartShardId": stream["LastEvaluatedShardId"]}

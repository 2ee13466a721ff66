"""The publisher of lifecycle events in its own process, for a load: the table's stream to a stand-in of the bus.

    python bench/load_publisher.py DYNAMODB_ENDPOINT TABLE

Reads the stream as Lambda does: four times a second, a hundred records at most. Begins with what is written after it
said "ready" on standard error. When its standard input ends it reads on until nothing comes any more, and writes JSON
to standard output: milliseconds from each change of a user (`meta.lastModified`) until its event was on the bus.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from threading import Event, Thread
from typing import Any, Final

from botocore.session import Session

from adapters.aws import Clients
from adapters.clock import MonotonicDeadline
from adapters.events.event_bus import EventBus
from adapters.logs.log import Log
from handlers.jobs.publisher import Publisher
from handlers.jobs.unfinished import groups_in_table

READS_A_SECOND: Final = 4
BATCH: Final = 100
QUIET: Final = 2.0
"""Seconds without a record after which the stream is at its end."""
LONGEST: Final = 25.0
"""Seconds that the function has for a batch, as in template.yaml."""

Record = dict[str, Any]


class StandIn:
    """Takes what EventBridge takes, and always succeeds."""

    def __init__(self) -> None:
        self.published = 0

    def put_events(self, **request: Any) -> dict[str, Any]:
        self.published += len(request["Entries"])
        return {"FailedEntryCount": 0, "Entries": [{"EventId": str(at)} for at, _ in enumerate(request["Entries"])]}


class Stream:
    """The records of a table's stream, shard after shard."""

    def __init__(self, endpoint: str, table: str) -> None:
        def client(service: str) -> Any:
            return Session().create_client(
                service, "us-east-1", endpoint_url=endpoint, aws_access_key_id="x", aws_secret_access_key="x"
            )

        self._client = client("dynamodbstreams")
        self._arn = client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
        self._begun: set[str] = set()
        self._open: list[str] = []
        self._begin("LATEST")

    def read(self) -> Iterator[list[Record]]:
        """A batch of each open shard that has records; a shard that has ended is followed by those after it."""
        for iterator in list(self._open):
            self._open.remove(iterator)
            answer = self._client.get_records(ShardIterator=iterator, Limit=BATCH)
            if answer.get("NextShardIterator"):
                self._open.append(answer["NextShardIterator"])
            else:
                self._begin("TRIM_HORIZON")
            if answer["Records"]:
                yield [_as_lambda_has_it(record) for record in answer["Records"]]

    def _begin(self, where: str) -> None:
        shards = self._client.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"]
        for shard in shards:
            if shard["ShardId"] in self._begun:
                continue
            self._begun.add(shard["ShardId"])
            self._open.append(
                self._client.get_shard_iterator(StreamArn=self._arn, ShardId=shard["ShardId"], ShardIteratorType=where)[
                    "ShardIterator"
                ]
            )


def _as_lambda_has_it(record: Record) -> Record:
    """Times are numbers in an event."""
    body = record["dynamodb"]
    return record | {
        "dynamodb": body | {"ApproximateCreationDateTime": body["ApproximateCreationDateTime"].timestamp()}
    }


def _changed_at(record: Record) -> float | None:
    """Return the time of a user's creation or change, in seconds since 1970; None for other records and removals."""
    body = record["dynamodb"]
    if not body["Keys"]["pk"]["S"].endswith("#USER") or "NewImage" not in body:
        return None
    return datetime.fromisoformat(body["NewImage"]["lastModified"]["S"]).timestamp()


def main() -> None:
    """Publish until the end of standard input, and the rest of the stream."""
    endpoint, table = sys.argv[1:]
    clients = Clients.isolated("us-east-1", "x", {"dynamodb": endpoint})
    bus, stream, over = StandIn(), Stream(endpoint, table), Event()
    publisher = Publisher(
        EventBus(bus, "bus"),  # type: ignore[arg-type]  # a stand-in for the client
        groups_in_table(clients, table),
        "https://scim.example.com/scim/v2",
        False,
        Log.to_file(os.devnull),
    )
    Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    print("ready", file=sys.stderr, flush=True)

    lags: list[float] = []
    records = batches = 0
    last_batch_at = time.monotonic()
    while not over.is_set() or time.monotonic() - last_batch_at < QUIET:
        began = time.monotonic()
        for batch in stream.read():
            answer = publisher.publish(batch, f"batch-{batches}", MonotonicDeadline.after(LONGEST))
            now = time.time()
            assert answer == {"batchItemFailures": []}, answer
            lags += [(now - at) * 1000 for at in map(_changed_at, batch) if at is not None]
            records, batches, last_batch_at = records + len(batch), batches + 1, time.monotonic()
        time.sleep(max(0.0, 1 / READS_A_SECOND - (time.monotonic() - began)))
    print(json.dumps({"events": bus.published, "records": records, "batches": batches, "lags_ms": lags}))


if __name__ == "__main__":
    main()

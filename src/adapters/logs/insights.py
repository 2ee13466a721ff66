"""CloudWatch Logs Insights: start a query and wait for its result."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

PAUSE_SECONDS: Final = 0.25
ResultRow = dict[str, str]


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of a query, and the bytes that it read, which are charged."""

    rows: list[ResultRow]
    bytes_scanned: float = 0


class QueryFailed(Exception):
    """The query failed, or did not end in time."""


def ask(
    client: CloudWatchLogsClient,
    log_groups: Sequence[str],
    query: str,
    start: datetime,
    end: datetime,
    *,
    seconds: float,
    needed: Collection[str] = (),
    sleep: Callable[[float], None] = time.sleep,
) -> list[ResultRow]:
    """The rows of `read`."""
    return read(client, log_groups, query, start, end, seconds=seconds, needed=needed, sleep=sleep).rows


def read(
    client: CloudWatchLogsClient,
    log_groups: Sequence[str],
    query: str,
    start: datetime,
    end: datetime,
    *,
    seconds: float,
    needed: Collection[str] = (),
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """The result: rows of field to value, without fields that an event does not have; raises `QueryFailed`.

    A row without a field that is `needed` is left out. `seconds` is the longest wait. Up to 50 log groups; the quota is
    30 queries at a time in a region.
    """
    started = client.start_query(
        logGroupNames=list(log_groups),
        startTime=int(start.timestamp()),
        endTime=int(end.timestamp()),
        queryString=query,
    )
    for _ in range(int(seconds / PAUSE_SECONDS)):
        answer = client.get_query_results(queryId=started["queryId"])
        if answer["status"] == "Complete":
            rows = [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]
            scanned = answer.get("statistics", {}).get("bytesScanned", 0)
            return Result([row for row in rows if all(name in row for name in needed)], scanned)
        if answer["status"] not in ("Scheduled", "Running"):
            raise QueryFailed(answer["status"])
        sleep(PAUSE_SECONDS)
    raise QueryFailed("time is up")

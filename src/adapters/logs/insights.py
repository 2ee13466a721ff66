"""CloudWatch Logs Insights: start a query and wait for its result."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

PAUSE_SECONDS: Final = 0.25
ResultRow = dict[str, str]


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
    """The rows of the result, field to value, without fields that an event does not have; raises `QueryFailed`.

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
            return [row for row in rows if all(name in row for name in needed)]
        if answer["status"] not in ("Scheduled", "Running"):
            raise QueryFailed(answer["status"])
        sleep(PAUSE_SECONDS)
    raise QueryFailed("time is up")

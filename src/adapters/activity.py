"""What the functions' log lines tell of each account: when it was last heard from, and what failed.

Deployed, CloudWatch Logs Insights answers; the local server's lines are read from the file it writes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

DAY: Final = timedelta(days=1)

_QUERY: Final = """
filter message = "request" and ispresent(account)
| stats max(if(status < 400, tomillis(@timestamp), 0)) as last_success,
        sum(if(status >= 400, 1, 0)) as errors,
        max(if(key_used = "previous", tomillis(@timestamp), 0)) as previous_key_used
  by account
| limit 1000
"""
_TRIES: Final = 40
_PAUSE: Final = 0.25


@dataclass(frozen=True, slots=True)
class AccountActivity:
    """What was seen of one account in the last day; times in UTC, None when not in that day."""

    last_success: datetime | None = None
    errors: int = 0
    previous_key_used: datetime | None = None


class Activity(Protocol):
    """Where activity is read."""

    def last_day(self) -> Mapping[str, AccountActivity] | None:
        """By account; None when it cannot be had just now."""


class InsightsActivity:
    """Asks CloudWatch Logs Insights over the functions' log groups."""

    def __init__(
        self,
        client: CloudWatchLogsClient,
        log_groups: list[str],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._log_groups = log_groups
        self._now = now
        self._sleep = sleep

    def last_day(self) -> Mapping[str, AccountActivity] | None:
        """By account; None when Insights does not answer within ten seconds."""
        end = self._now()
        query = self._client.start_query(
            logGroupNames=self._log_groups,
            startTime=int((end - DAY).timestamp()),
            endTime=int(end.timestamp()),
            queryString=_QUERY,
        )
        for _ in range(_TRIES):
            answer = self._client.get_query_results(queryId=query["queryId"])
            if answer["status"] == "Complete":
                rows = [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]
                return {row["account"]: _of_row(row) for row in rows}
            if answer["status"] not in ("Scheduled", "Running"):
                return None
            self._sleep(_PAUSE)
        return None


class FileActivity:
    """Reads the JSON lines that the local server's handlers wrote."""

    def __init__(self, file: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._file = file
        self._now = now

    def last_day(self) -> Mapping[str, AccountActivity] | None:
        """By account; empty while there is no file."""
        since = self._now() - DAY
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        return of_records(record for line in lines if (record := _record(line)) and _time(record) >= since)


def of_records(records: Iterable[Mapping[str, Any]]) -> dict[str, AccountActivity]:
    """The activity that request records, in order of time, add up to."""
    found: dict[str, AccountActivity] = {}
    for record in records:
        account = record.get("account")
        if record.get("message") != "request" or account is None:
            continue
        before = found.get(account, AccountActivity())
        at, failed = _time(record), record["status"] >= 400
        found[account] = AccountActivity(
            last_success=before.last_success if failed else at,
            errors=before.errors + failed,
            previous_key_used=at if record.get("key_used") == "previous" else before.previous_key_used,
        )
    return found


def _of_row(row: Mapping[str, str]) -> AccountActivity:
    return AccountActivity(
        last_success=_of_millis(row.get("last_success")),
        errors=int(float(row.get("errors", "0"))),
        previous_key_used=_of_millis(row.get("previous_key_used")),
    )


def _of_millis(text: str | None) -> datetime | None:
    millis = float(text or 0)
    return datetime.fromtimestamp(millis / 1000, UTC) if millis else None


def _record(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "timestamp" in record else None


def _time(record: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(record["timestamp"])

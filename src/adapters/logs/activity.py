"""What the functions' log lines tell of each account: when it was last heard from, and how often it failed.

Deployed, CloudWatch Logs Insights answers; the local server's lines are read from the file it writes. The lines
themselves are in `adapters.logs.activity_log`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from adapters.logs import insights
from adapters.logs.activity_log import lines_of, time_of

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

DAY: Final = timedelta(days=1)

# By status, since AWS documents no conditional sum for the query language.
_QUERY: Final = """
filter message = "request" and ispresent(account)
| stats count(*) as requests, max(toMillis(@timestamp)) as last by account, key_used, status
| limit 10000
"""
_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class AccountActivity:
    """What was seen of one account in the last day; times in UTC, None when not in that day."""

    last_success: datetime | None = None
    errors: int = 0
    previous_key_used: datetime | None = None

    def seen(self, status: int, key_used: str | None, last: datetime, requests: int = 1) -> AccountActivity:
        """With so many requests more, of one status and one key, the last of them then."""
        failed = status >= 400
        return AccountActivity(
            last_success=self.last_success if failed else _later(self.last_success, last),
            errors=self.errors + requests * failed,
            previous_key_used=_later(self.previous_key_used, last)
            if key_used == "previous"
            else self.previous_key_used,
        )


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
        try:
            rows = insights.ask(
                self._client, self._log_groups, _QUERY, end - DAY, end, seconds=_SECONDS, sleep=self._sleep
            )
        except insights.NoAnswer:
            return None
        found: dict[str, AccountActivity] = {}
        for row in rows:
            last = datetime.fromtimestamp(float(row["last"]) / 1000, UTC)
            found[row["account"]] = found.get(row["account"], AccountActivity()).seen(
                int(float(row["status"])), row.get("key_used"), last, int(float(row["requests"]))
            )
        return found


class FileActivity:
    """Reads the JSON lines that the local server's handlers wrote."""

    def __init__(self, file: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._file = file
        self._now = now

    def last_day(self) -> Mapping[str, AccountActivity] | None:
        """By account; empty while there is no file."""
        since = self._now() - DAY
        text = self._file.read_text(encoding="utf-8") if self._file.exists() else ""
        return of_records(record for record in lines_of(text) if time_of(record) >= since)


def of_records(records: Iterable[Mapping[str, Any]]) -> dict[str, AccountActivity]:
    """The activity that request records add up to."""
    found: dict[str, AccountActivity] = {}
    for record in records:
        account = record.get("account")
        if record.get("message") == "request" and account is not None:
            found[account] = found.get(account, AccountActivity()).seen(
                record["status"], record.get("key_used"), time_of(record)
            )
    return found


def _later(before: datetime | None, moment: datetime) -> datetime:
    return moment if before is None else max(before, moment)

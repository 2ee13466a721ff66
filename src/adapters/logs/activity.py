"""Activity per account, from the functions' log lines: the last successful request, and how many failed.

CloudWatch Logs Insights computes it. `operations.activity` reads the lines themselves, `local.activity` those of the
local server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from adapters.logs import insights, lost_access
from adapters.logs.lines import lines_of
from adapters.logs.lost_access import HOUR, LostAccess

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
    """Activity of one account in the last day. Times are in UTC; None when there was none in that day."""

    last_success: datetime | None = None
    errors: int = 0
    previous_key_used: datetime | None = None

    def adding(self, status: int, key_used: str | None, last: datetime, requests: int = 1) -> AccountActivity:
        """This activity and `requests` more of one status and one key, of which the last was at `last`."""
        failed = status >= 400
        return AccountActivity(
            last_success=self.last_success if failed else _later(self.last_success, last),
            errors=self.errors + requests * failed,
            previous_key_used=_later(self.previous_key_used, last)
            if key_used == "previous"
            else self.previous_key_used,
        )


class Activity(Protocol):
    """Reads the activity of all accounts."""

    def last_day(self) -> Mapping[str, AccountActivity] | None:
        """Activity by account; None when it cannot be read at the moment."""

    def lost_access(self, account: str | None = None, period: timedelta = HOUR) -> Sequence[LostAccess] | None:
        """Who lost access lately, or was refused that, oldest first; None when it cannot be read at the moment.

        Of one account, or of all.
        """


class InsightsActivity:
    """Reads activity from the functions' log groups with CloudWatch Logs Insights."""

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
        """Activity by account; None when Insights does not answer within ten seconds."""
        end = self._now()
        try:
            rows = insights.ask(
                self._client,
                self._log_groups,
                _QUERY,
                end - DAY,
                end,
                seconds=_SECONDS,
                needed=("account", "status", "requests", "last"),
                sleep=self._sleep,
            )
        except insights.QueryFailed:
            return None
        found: dict[str, AccountActivity] = {}
        for row in rows:
            last = datetime.fromtimestamp(float(row["last"]) / 1000, UTC)
            found[row["account"]] = found.get(row["account"], AccountActivity()).adding(
                int(float(row["status"])), row.get("key_used"), last, int(float(row["requests"]))
            )
        return found

    def lost_access(self, account: str | None = None, period: timedelta = HOUR) -> Sequence[LostAccess] | None:
        """Who lost access lately, or was refused that; None when Insights does not answer within ten seconds."""
        end = self._now()
        try:
            rows = insights.ask(
                self._client,
                self._log_groups,
                lost_access.query(account),
                end - period,
                end,
                seconds=_SECONDS,
                needed=("@message",),
                sleep=self._sleep,
            )
        except insights.QueryFailed:
            return None
        lines = (line for row in rows for line in lines_of(row["@message"]))
        return lost_access.lost_access(lines, account, end - period)


def _later(before: datetime | None, moment: datetime) -> datetime:
    return moment if before is None else max(before, moment)

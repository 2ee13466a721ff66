"""What the log of requests says about an account since a set-up link of it was made."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from adapters.logs import insights
from domain.accounts.connector_key import account_name
from domain.accounts.setup_progress import Requests, UserChange

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_KINDS: Final = """
filter message = "request" and account = {account}
| stats count(*) as times, min(toMillis(@timestamp)) as first, max(toMillis(@timestamp)) as last
  by operation, status, reason, key_used
| limit 1000
"""
MAX_CHANGES: Final = 500
_CHANGES: Final = f"""
filter message = "request" and account = {{account}} and operation in ["CreateUser", "DeleteUser"] and status < 300
| fields toMillis(@timestamp) as at
| display at, operation, user_id
| sort @timestamp asc | limit {MAX_CHANGES}
"""
"""The first changes show the test user and the first user; later ones add nothing."""
_SECONDS: Final = 6.0


@dataclass(frozen=True, slots=True)
class SetupActivity:
    """The requests of one account by kind, and its first users that were created or deleted."""

    requests: tuple[Requests, ...] = ()
    changes: tuple[UserChange, ...] = ()
    bytes_scanned: float = 0
    """What was read of the log, which is charged."""


class SetupLog(Protocol):
    """Reads the log."""

    def since(self, account: str, moment: datetime) -> SetupActivity | None:
        """The account's activity since a moment; None when the log does not answer in time."""


class InsightsSetupLog:
    """The functions' log group, read with CloudWatch Logs Insights."""

    def __init__(
        self,
        client: CloudWatchLogsClient,
        log_groups: tuple[str, ...],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._log_groups = log_groups
        self._now = now
        self._sleep = sleep

    def since(self, account: str, moment: datetime) -> SetupActivity | None:
        """The account's activity since a moment; None when Insights does not answer within six seconds."""
        # The name has no character that could end the text in a query.
        name = json.dumps(account_name(account))
        queries = (
            (_KINDS.format(account=name), ("operation", "status", "times", "first", "last")),
            (_CHANGES.format(account=name), ("at", "operation", "user_id")),
        )
        try:
            with ThreadPoolExecutor(len(queries)) as pool:
                kinds, changes = pool.map(lambda query: self._ask(query, moment), queries)
        except (insights.QueryFailed, ClientError, BotoCoreError):
            return None
        return SetupActivity(
            tuple(
                Requests(
                    row["operation"],
                    int(float(row["status"])),
                    row.get("reason"),
                    "key_used" in row,
                    _moment(row["first"]),
                    _moment(row["last"]),
                    int(float(row["times"])),
                )
                for row in kinds.rows
            ),
            tuple(
                UserChange(_moment(row["at"]), row["operation"] == "CreateUser", row["user_id"]) for row in changes.rows
            ),
            kinds.bytes_scanned + changes.bytes_scanned,
        )

    def _ask(self, query: tuple[str, tuple[str, ...]], moment: datetime) -> insights.Result:
        text, needed = query
        return insights.read(
            self._client,
            self._log_groups,
            text,
            moment,
            self._now(),
            seconds=_SECONDS,
            needed=needed,
            sleep=self._sleep,
        )


def activity_of(lines: Iterable[tuple[datetime, Mapping[str, Any]]], account: str) -> SetupActivity:
    """The same of log lines, each with its time, in order."""
    kinds: dict[tuple[str, int, str | None, bool], Requests] = {}
    changes: list[UserChange] = []
    for at, line in lines:
        if line.get("message") != "request" or line.get("account") != account:
            continue
        kind = (line["operation"], line["status"], line.get("reason"), "key_used" in line)
        before = kinds.get(kind)
        kinds[kind] = (
            Requests(*kind, first=at, last=at) if before is None else replace(before, last=at, times=before.times + 1)
        )
        operation, user_id = line["operation"], line.get("user_id")
        if operation in ("CreateUser", "DeleteUser") and line["status"] < 300 and user_id is not None:
            changes.append(UserChange(at, operation == "CreateUser", user_id))
    return SetupActivity(tuple(kinds.values()), tuple(changes[:MAX_CHANGES]))


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(float(milliseconds) / 1000, UTC)

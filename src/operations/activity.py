"""The activity record for the operator: the functions' log lines, one by one, of the past or as they are written.

The lines are the JSON objects of `adapters.logs.telemetry`: requests, failed operations of bulk requests, existing
users adopted or taken back, and changes at the settings page. In a deployment, Logs Insights finds past lines
and FilterLogEvents new ones (a live tail takes at most ten log groups and ends after three hours). The local server
keeps them in a file.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from adapters.logs import insights
from adapters.logs.lines import Line, lines_of, time_of
from adapters.logs.lost_access import MAX_LINES, LostAccess, lost_access
from adapters.logs.lost_access import query as query_of_lost_access
from operations.unknown_attributes import UnknownAttribute, unknown_attributes
from operations.unknown_attributes import query as query_of_unknown_attributes

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

MESSAGES: Final = ("request", "bulk-operation", "adoption", "take-back", "let-through", "lost-access", "audit")

_PATTERN: Final = "{ " + " || ".join(f'$.message = "{message}"' for message in MESSAGES) + " }"
_QUERY_SECONDS: Final = 60.0
_ROUND_SECONDS: Final = 5.0
"""Between two reads of all log groups: FilterLogEvents allows five calls a second in most regions."""
_LATE: Final = timedelta(seconds=30)
"""The delay with which a line may become visible in CloudWatch Logs."""
_FILE_SECONDS: Final = 0.25


class ActivityUnavailable(Exception):
    """The record cannot be read; the message is one line for the operator, with what to do."""


@dataclass(frozen=True, slots=True)
class LineFilter:
    """The lines to show: since a time, of one account or all, failures only, about one group or user by its id or all.

    `limit` is for lines of the past.
    """

    since: datetime
    limit: int
    account: str | None = None
    failed: bool = False
    group: str | None = None
    user: str | None = None

    def accepts(self, line: Line) -> bool:
        """True if the line is one to show; `limit` does not count here."""
        return (
            line.get("message") in MESSAGES
            and (self.account is None or line.get("account") == self.account)
            and (self.group is None or line.get("group_id") == self.group)
            and (self.user is None or line.get("user_id") == self.user)
            and (not self.failed or line.get("status", 0) >= 400)
            and time_of(line) >= self.since
        )


class ActivityLog(Protocol):
    """The record of one deployment."""

    def past(self, wanted: LineFilter) -> Sequence[Line]:
        """The last lines that the filter accepts, oldest first; raises `ActivityUnavailable`."""

    def follow(self, wanted: LineFilter) -> Iterator[Line]:
        """The lines of `past`, then each new one as it is written; raises `ActivityUnavailable`."""

    def lost_access(self, account: str | None, since: datetime) -> Sequence[LostAccess]:
        """Who lost access since then, or was refused that, oldest first; raises `ActivityUnavailable`."""

    def unknown_attributes(self, account: str | None, since: datetime) -> Sequence[UnknownAttribute]:
        """The attributes named since then that no schema has, each once; raises `ActivityUnavailable`."""


class FileActivityLog:
    """The file that the local server writes; following ends with the server."""

    def __init__(self, file: Path, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._file = file
        self._sleep = sleep

    def past(self, wanted: LineFilter) -> Sequence[Line]:
        """The last lines that the filter accepts, oldest first; none while there is no file."""
        return [line for line in lines_of_file(self._file) if wanted.accepts(line)][-wanted.limit :]

    def follow(self, wanted: LineFilter) -> Iterator[Line]:
        """The lines of `past`, then each new one as it is written."""
        with self._file.open(encoding="utf-8") as file:
            whole, _, rest = file.read().rpartition("\n")
            yield from [line for line in lines_of(whole) if wanted.accepts(line)][-wanted.limit :]
            while self._file.exists():
                self._sleep(_FILE_SECONDS)
                whole, _, rest = (rest + file.read()).rpartition("\n")
                yield from (line for line in lines_of(whole) if wanted.accepts(line))

    def lost_access(self, account: str | None, since: datetime) -> Sequence[LostAccess]:
        """Who lost access since then, or was refused that, oldest first; none while there is no file."""
        return lost_access(lines_of_file(self._file), account, since)

    def unknown_attributes(self, account: str | None, since: datetime) -> Sequence[UnknownAttribute]:
        """The attributes named since then that no schema has, each once; none while there is no file."""
        return unknown_attributes(lines_of_file(self._file), account, since)


class CloudWatchActivityLog:
    """The log groups of a deployed stack."""

    def __init__(
        self,
        client: CloudWatchLogsClient,
        prefix: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._now = now
        self._sleep = sleep

    def past(self, wanted: LineFilter) -> Sequence[Line]:
        """The last lines that the filter accepts, oldest first; raises `ActivityUnavailable`."""
        with _errors_reported():
            return self._past(self._log_groups(), wanted)

    def follow(self, wanted: LineFilter) -> Iterator[Line]:
        """The lines of `past`, then each new one as it is written; raises `ActivityUnavailable`."""
        with _errors_reported():
            yield from self._follow(wanted)

    def _follow(self, wanted: LineFilter) -> Iterator[Line]:
        groups = self._log_groups()
        begin = start = self._now()
        seen: dict[str, datetime] = {}
        for line in self._past(groups, wanted):
            begin = start = time_of(line)
            seen[json.dumps(line)] = start
            yield line
        while True:
            found = [line for group in groups for line in self._events(group, begin)]
            for line in sorted(found, key=time_of):
                if wanted.accepts(line) and (text := json.dumps(line)) not in seen:
                    seen[text] = time_of(line)
                    yield line
            begin = max(start, self._now() - _LATE)
            # Longer than a line can be read again: CloudWatch's time of a line is later than the line's own.
            seen = {text: at for text, at in seen.items() if at > begin - _LATE}
            self._sleep(_ROUND_SECONDS)

    def _past(self, groups: Sequence[str], wanted: LineFilter) -> Sequence[Line]:
        conditions = [f"message in {json.dumps(MESSAGES)}"]
        if wanted.account is not None:
            conditions.append(f"account = {json.dumps(wanted.account)}")
        if wanted.group is not None:
            conditions.append(f"group_id = {json.dumps(wanted.group)}")
        if wanted.user is not None:
            conditions.append(f"user_id = {json.dumps(wanted.user)}")
        if wanted.failed:
            conditions.append("status >= 400")
        query = (
            f"fields @message | filter {' and '.join(conditions)} "
            f"| sort @timestamp desc | limit {min(wanted.limit, MAX_LINES)}"
        )
        # Insights compares whole seconds; the line has its exact time.
        return [line for line in self._found(groups, query, wanted.since) if wanted.accepts(line)]

    def lost_access(self, account: str | None, since: datetime) -> Sequence[LostAccess]:
        """Who lost access since then, or was refused that, oldest first; raises `ActivityUnavailable`."""
        with _errors_reported():
            return lost_access(self._found(self._log_groups(), query_of_lost_access(account), since), account, since)

    def unknown_attributes(self, account: str | None, since: datetime) -> Sequence[UnknownAttribute]:
        """The attributes named since then that no schema has, each once; raises `ActivityUnavailable`."""
        with _errors_reported():
            found = self._found(self._log_groups(), query_of_unknown_attributes(account), since)
            return unknown_attributes(found, account, since)

    def _found(self, groups: Sequence[str], query: str, since: datetime) -> list[Line]:
        """The lines that a query of their texts finds newest first; oldest first."""
        try:
            rows = insights.ask(
                self._client, groups, query, since, self._now(), seconds=_QUERY_SECONDS, sleep=self._sleep
            )
        except insights.QueryFailed as problem:
            raise ActivityUnavailable(
                f"CloudWatch Logs did not answer ({problem}). Try again, or ask for less with --since."
            ) from problem
        return [line for row in reversed(rows) for line in lines_of(row["@message"])]

    def _events(self, group: str, begin: datetime) -> Iterator[Line]:
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=int(begin.timestamp() * 1000), filterPattern=_PATTERN
        )
        for page in pages:
            for event in page["events"]:
                yield from lines_of(event["message"])

    def _log_groups(self) -> list[str]:
        pages = self._client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=self._prefix)
        groups = [group["logGroupName"] for page in pages for group in page["logGroups"]]
        if not groups:
            raise ActivityUnavailable(f"No log groups start with {self._prefix}: check --stack and --region.")
        return groups


def lines_of_file(file: Path) -> Iterator[Line]:
    """The log lines in a file; none while there is no file."""
    return lines_of(file.read_text(encoding="utf-8") if file.exists() else "")


@contextmanager
def _errors_reported() -> Iterator[None]:
    """Report errors of CloudWatch Logs as `ActivityUnavailable`."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown error")
        hint = (
            " Your AWS credentials lack the permission; docs/operations.md has an IAM policy."
            if code.startswith("AccessDenied")
            else " Try again."
        )
        raise ActivityUnavailable(f"CloudWatch Logs refused {error.operation_name} ({code}).{hint}") from error
    except BotoCoreError as error:
        raise ActivityUnavailable(f"CloudWatch Logs could not be reached: {error}") from error

"""The activity record line by line: what was tried, by which account, what was answered, why, and what to do.

Lines are the JSON objects that the functions log (`.telemetry`): requests, operations of bulk requests that
failed, existing users who were adopted or taken back, and what was done at the settings page. Deployed they are in
CloudWatch Logs: Logs Insights finds past ones, FilterLogEvents new ones. (A live tail takes ten log groups at most and
ends after three hours.) The local server keeps them in a file.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from adapters.logs import insights

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

MESSAGES: Final = ("request", "bulk-operation", "adoption", "take-back", "let-through", "audit")
MOST_LINES: Final = 10_000
"""That one query of Logs Insights returns."""

_PATTERN: Final = "{ " + " || ".join(f'$.message = "{message}"' for message in MESSAGES) + " }"
_QUERY_SECONDS: Final = 60.0
_ROUND_SECONDS: Final = 5.0
"""Between looks at all log groups: FilterLogEvents allows five calls a second in most regions."""
_LATE: Final = timedelta(seconds=30)
"""How much later than its time a line may become visible in CloudWatch Logs."""
_FILE_SECONDS: Final = 0.25

Line = Mapping[str, Any]


class NoActivity(Exception):
    """The record cannot be read; the message is one line for the operator, with what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines are wanted: since when, of one account or all, failures only, at most so many of the past."""

    since: datetime
    limit: int
    account: str | None = None
    failed: bool = False

    def admits(self, line: Line) -> bool:
        """Whether the line is wanted, `limit` aside."""
        return (
            line.get("message") in MESSAGES
            and (self.account is None or line.get("account") == self.account)
            and (not self.failed or line.get("status", 0) >= 400)
            and time_of(line) >= self.since
        )


class ActivityLog(Protocol):
    """Where the lines are."""

    def past(self, asked: Asked) -> Sequence[Line]:
        """The last lines that are wanted, oldest first; raises `NoActivity`."""

    def follow(self, asked: Asked) -> Iterator[Line]:
        """The same, and then each new one when it comes; raises `NoActivity`."""


class FileActivityLog:
    """The file that the local server writes; following ends with the server."""

    def __init__(self, file: Path, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._file = file
        self._sleep = sleep

    def past(self, asked: Asked) -> Sequence[Line]:
        """The last lines that are wanted, oldest first; none while there is no file."""
        text = self._file.read_text(encoding="utf-8") if self._file.exists() else ""
        return [line for line in lines_of(text) if asked.admits(line)][-asked.limit :]

    def follow(self, asked: Asked) -> Iterator[Line]:
        """The same, and then each new one when it comes."""
        with self._file.open(encoding="utf-8") as file:
            whole, _, rest = file.read().rpartition("\n")
            yield from [line for line in lines_of(whole) if asked.admits(line)][-asked.limit :]
            while self._file.exists():
                self._sleep(_FILE_SECONDS)
                whole, _, rest = (rest + file.read()).rpartition("\n")
                yield from (line for line in lines_of(whole) if asked.admits(line))


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

    def past(self, asked: Asked) -> Sequence[Line]:
        """The last lines that are wanted, oldest first; raises `NoActivity`."""
        with _asking():
            return self._past(self._log_groups(), asked)

    def follow(self, asked: Asked) -> Iterator[Line]:
        """The same, and then each new one when it comes; raises `NoActivity`."""
        with _asking():
            yield from self._follow(asked)

    def _follow(self, asked: Asked) -> Iterator[Line]:
        groups = self._log_groups()
        begin = start = self._now()
        seen: dict[str, datetime] = {}
        for line in self._past(groups, asked):
            begin = start = time_of(line)
            seen[json.dumps(line)] = start
            yield line
        while True:
            found = [line for group in groups for line in self._events(group, begin)]
            for line in sorted(found, key=time_of):
                if asked.admits(line) and (text := json.dumps(line)) not in seen:
                    seen[text] = time_of(line)
                    yield line
            begin = max(start, self._now() - _LATE)
            # A little longer than they can come again: CloudWatch's time of a line is later than the line's own.
            seen = {text: at for text, at in seen.items() if at > begin - _LATE}
            self._sleep(_ROUND_SECONDS)

    def _past(self, groups: Sequence[str], asked: Asked) -> Sequence[Line]:
        wanted = [f"message in {json.dumps(MESSAGES)}"]
        if asked.account is not None:
            wanted.append(f"account = {json.dumps(asked.account)}")
        if asked.failed:
            wanted.append("status >= 400")
        query = (
            f"fields @message | filter {' and '.join(wanted)} "
            f"| sort @timestamp desc | limit {min(asked.limit, MOST_LINES)}"
        )
        try:
            rows = insights.ask(
                self._client, groups, query, asked.since, self._now(), seconds=_QUERY_SECONDS, sleep=self._sleep
            )
        except insights.NoAnswer as problem:
            raise NoActivity(
                f"CloudWatch Logs did not answer ({problem}). Try again, or ask for less with --since."
            ) from problem
        # Insights compares whole seconds; the line tells its own time exactly.
        lines = [line for row in reversed(rows) for line in lines_of(row["@message"])]
        return [line for line in lines if asked.admits(line)]

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
            raise NoActivity(f"There are no logs below {self._prefix}: is it the right stack and region?")
        return groups


@contextmanager
def _asking() -> Iterator[None]:
    """Turns what CloudWatch Logs refuses into one line."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown error")
        hint = (
            " Your AWS credentials lack the permission: docs/operations.md has a policy."
            if code.startswith("AccessDenied")
            else " Try again."
        )
        raise NoActivity(f"CloudWatch Logs refused {error.operation_name} ({code}).{hint}") from error
    except BotoCoreError as error:
        raise NoActivity(f"CloudWatch Logs cannot be asked: {error}") from error


def lines_of(text: str) -> Iterator[dict[str, Any]]:
    """The log lines in a text; what is no JSON object with a time is passed over, as metrics are."""
    for line in text.split("\n"):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and "timestamp" in record:
            yield record


def time_of(line: Line) -> datetime:
    """When the line was written."""
    return datetime.fromisoformat(line["timestamp"])

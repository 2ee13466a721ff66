"""The log stream of the operator's command: its lines are in the log group of the requests that do the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

PREFIX: Final = "rollcall-command/"
"""Of the streams' names, so that an operator's rights can be limited to them."""


class LineRejected(Exception):
    """CloudWatch Logs answered, but did not take the line, as when this computer's clock is wrong."""


@dataclass(frozen=True, slots=True)
class CommandStream:
    """Writes lines into a log group, in one stream for each day; `now` is the wall clock in seconds since 1970."""

    client: CloudWatchLogsClient
    log_group: str
    now: Callable[[], float] = time.time

    def write(self, line: str) -> None:
        """Write one line; raises botocore's errors and `LineRejected`."""
        now = self.now()
        stream = f"{PREFIX}{datetime.fromtimestamp(now, UTC):%Y/%m/%d}"
        with suppress(self.client.exceptions.ResourceAlreadyExistsException):  # an earlier command of this day made it
            self.client.create_log_stream(logGroupName=self.log_group, logStreamName=stream)
        answer = self.client.put_log_events(
            logGroupName=self.log_group,
            logStreamName=stream,
            logEvents=[{"timestamp": int(now * 1000), "message": line}],
        )
        if answer.get("rejectedLogEventsInfo"):
            raise LineRejected

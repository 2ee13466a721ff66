"""The log line of a batch of the publisher.

Like the record of a request it is an allow-list: ids, counts and codes, but no values of a user or group. It has no
metrics: AWS's `IteratorAge` shows the delay, and the dead-letter queue holds what was given up.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field
from typing import Final

from adapters.logs.log import Log

LATE_MS: Final = 60_000
"""The lag from which a batch is late; the saved query `publisher` uses the same value."""


@dataclass(slots=True)
class BatchRecord:
    """The log fields of one batch of the table's stream, filled in while it is published."""

    request_id: str
    """Lambda's id of the invocation."""
    records: int
    """How many records of the table's stream the batch had."""
    replay: bool = False
    """If `rollcall events replay` handed over users and groups, which `records` counts then."""
    published: dict[str, int] = field(default_factory=dict)
    """How many events of each kind were published."""
    values_omitted: int = 0
    """How many events were published without values, because these are too large for an event."""
    failed: int = 0
    """How many events and malformed records could not be published, without those that wait behind them."""
    done: dict[str, int] = field(default_factory=dict)
    """What changes had left unfinished in the table and the publisher finished, by kind."""
    undone: dict[str, int] = field(default_factory=dict)
    """The same of what failed and will be tried again."""
    lag_ms: float | None = None
    """How long the oldest change in the batch waited for its publication, in milliseconds."""
    failure: str | None = None
    """The error code of the first failure."""
    cause: str | None = None
    """What is wrong with a malformed record."""
    sequence_number: str | None = None
    """The position in the stream from which Lambda will send again."""
    account: str | None = None
    """The account of the first failure."""
    user_id: str | None = None
    """The id of the user whose event failed first."""
    group_id: str | None = None
    """The id of the group whose event failed first."""

    def fields(self) -> dict[str, object]:
        """The fields of the log line, without empty ones."""
        return {name: value for name, value in asdict(self).items() if value}

    def brief(self) -> dict[str, object]:
        """The fields of a batch about which nothing is remarkable."""
        return {name: value for name, value in self.fields().items() if name not in ("request_id", "records")}


def emit(log: Log, record: BatchRecord) -> None:
    """Write the batch's line: an error after a failure, a warning when it was late.

    Nothing depends on the line of a batch that was published in time, so the log level may suppress it.
    """
    if record.failure:
        log.write("publish", record.fields(), logging.ERROR)
    elif (record.lag_ms or 0) > LATE_MS:
        log.write("publish", record.fields(), logging.WARNING)
    else:
        log.write_by_level("publish", record.brief())

"""The log line of a batch of the publisher.

Like the record of a request it is an allow-list: ids, counts and codes, but no values of a user or group. There are no
metrics of its own: AWS's `IteratorAge` shows the delay, and the dead-letter queue what was given up.
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
    records: int
    replay: bool = False
    """True if the operator's command handed over users and groups; `records` counts these."""
    published: dict[str, int] = field(default_factory=dict)
    """The number of published events of each kind."""
    values_omitted: int = 0
    """The number of events published without values, because those were too large for a bus."""
    failed: int = 0
    """The number of events and malformed records that could not be published, without those behind them."""
    done: dict[str, int] = field(default_factory=dict)
    """What the records left to do in the table and was done, by kind: `handlers.jobs.unfinished.Work`."""
    undone: dict[str, int] = field(default_factory=dict)
    """The same of what failed, and will be tried again."""
    lag_ms: float | None = None
    """From the oldest change in the batch to its publication."""
    failure: str | None = None
    """The code of the first failure."""
    cause: str | None = None
    """The problem of a malformed record."""
    sequence_number: str | None = None
    """The position at which the stream will resume."""
    account: str | None = None
    user_id: str | None = None
    group_id: str | None = None

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

"""What operators see of the publisher: one structured log line per batch.

Like the record of a request it is an allow-list: ids, counts and codes, nothing of what an event says of a user. There
are no metrics of its own: how far the publisher is behind is AWS's `IteratorAge`, what it gave up is in the queue.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field
from typing import Final

from adapters.logs.log import Log

LATE_MS: Final = 60_000
"""From then on a batch is late; the saved query `publisher` asks for it."""


@dataclass(slots=True)
class BatchRecord:
    """What is known of one batch of the table's stream; filled while it is published."""

    request_id: str
    records: int
    published: dict[str, int] = field(default_factory=dict)
    """How many events of each kind are on the bus."""
    values_omitted: int = 0
    """Events published without the values that were asked for, because those are too large for a bus."""
    failed: int = 0
    """Events and malformed records that could not be published; those held back behind them are not counted."""
    lag_ms: float | None = None
    """From the oldest change published here until it was on the bus."""
    failure: str | None = None
    """The code of the first failure."""
    cause: str | None = None
    """What is wrong with the form of a malformed record."""
    sequence_number: str | None = None
    """Where the stream will begin again."""
    account: str | None = None
    user_id: str | None = None

    def fields(self) -> dict[str, object]:
        """The record as the log line's fields, without those that say nothing."""
        return {name: value for name, value in asdict(self).items() if value is not None and value != {}}


def emit(log: Log, record: BatchRecord) -> None:
    """Write the batch's one line, an error when something failed, a warning when it was late.

    One of a batch that was published in time is not relied on: the log level may take it away.
    """
    if record.failure:
        log.write("publish", record.fields(), logging.ERROR)
    elif (record.lag_ms or 0) > LATE_MS:
        log.write("publish", record.fields(), logging.WARNING)
    else:
        log.write_by_level("publish", record.fields())

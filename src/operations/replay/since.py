"""From which moment on the changes may have happened that a dead letter is about, and whether the letter is believed.

Anybody who may send to the queue may write any moment into a letter, and the whole table would be published again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

KEPT_BY_QUEUE: Final = timedelta(days=14)
"""The longest that SQS keeps a message; `UnpublishedEvents` in template.yaml keeps them as long."""
_KEPT_BY_STREAM: Final = timedelta(days=1)
_MARGIN: Final = timedelta(days=1)


class Since(NamedTuple):
    """The moment, a day before the first record came; `is_believed` is False if the letter gives one that cannot be."""

    moment: datetime
    is_believed: bool


def since_of(message: Mapping[str, Any], now: datetime) -> Since:
    """Return the moment from which on a letter's changes may have happened, with a margin of a day.

    The letter gives the arrival of its first record. Without that, it was sent a day after it at the latest, as the
    stream keeps records for a day. An arrival after the letter was sent, or longer ago than queue and stream together
    keep anything, is not believed: the moment is the earliest that can be. A record may follow what it is about: a
    large change of members is decided first, and finished after a crash much later.
    """
    sent = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    earliest = now - KEPT_BY_QUEUE - _KEPT_BY_STREAM
    arrival = _arrival(message["Body"])
    if arrival is None:
        return Since(sent - _KEPT_BY_STREAM - _MARGIN, is_believed=True)
    is_believed = earliest <= arrival <= sent
    return Since((arrival if is_believed else earliest) - _MARGIN, is_believed)


def _arrival(body: str) -> datetime | None:
    try:
        said = datetime.fromisoformat(json.loads(body)["DDBStreamBatchInfo"]["approximateArrivalOfFirstRecord"])
        return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
        return None

"""The cost of a request in DynamoDB, for its log line and for the tests of budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

_LOCK = Lock()
"""One lock for all, as a scan counts from several threads and the counters must remain plain data."""


@dataclass(slots=True)
class Usage:
    """What one request used."""

    calls: int = 0
    """How many calls of DynamoDB were sent, retries included."""
    retries: int = 0
    """How many of them were retries."""
    units: float = 0.0
    """The capacity units that DynamoDB reports for them."""

    def sent(self, *, again: bool) -> None:
        """Count a call; `again` if it is a retry."""
        with _LOCK:
            self.calls += 1
            self.retries += again

    def answered(self, response: Mapping[str, Any]) -> None:
        """Add the capacity that a response reports: one figure, or one for each table."""
        consumed = response.get("ConsumedCapacity") or ()
        with _LOCK:
            for each in (consumed,) if isinstance(consumed, Mapping) else consumed:
                self.units += each.get("CapacityUnits", 0.0)

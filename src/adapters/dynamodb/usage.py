"""What a request asked of DynamoDB: for its log line, and for the tests that hold the budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

_LOCK = Lock()
"""One for all, as a scan counts from several threads and the counters themselves must stay plain data."""


@dataclass(slots=True)
class Usage:
    """Calls sent (retries among them), retries, and the capacity units that DynamoDB says they consumed."""

    calls: int = 0
    retries: int = 0
    units: float = 0.0

    def sent(self, *, again: bool) -> None:
        """One more call goes out; `again` when it is a retry."""
        with _LOCK:
            self.calls += 1
            self.retries += again

    def answered(self, response: Mapping[str, Any]) -> None:
        """Add what the response says it consumed: one figure, or one for each table."""
        consumed = response.get("ConsumedCapacity") or ()
        with _LOCK:
            for each in (consumed,) if isinstance(consumed, Mapping) else consumed:
                self.units += each.get("CapacityUnits", 0.0)

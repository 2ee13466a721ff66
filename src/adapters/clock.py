"""Clock, deadlines and random ids, which the pure domain receives as arguments."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from adapters.environment import on_lambda

RESERVE_SECONDS = 0.5
"""Reserved from a function's time for sending the answer."""
LAST_WORDS_SECONDS = 0.3
"""Before a function's time-out, for the log line of a request that has not checked its deadline."""


def now() -> str:
    """The time as RFC 3339 text in UTC with milliseconds, the form of `meta.created`."""
    return text_of(time.time())


def text_of(seconds: float) -> str:
    """The same form of a time in seconds since 1970.

    >>> text_of(1_767_225_600.5)
    '2026-01-01T00:00:00.500Z'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant() -> datetime:
    """The time as an aware datetime in UTC."""
    return datetime.now(UTC)


def cpu_seconds() -> float:
    """The CPU time used so far: the process's on Lambda, which serves one request at a time, else this thread's."""
    return time.process_time() if on_lambda() else time.thread_time()


def new_id() -> str:
    """A random id (UUID version 4: without time order, so that writes are spread over the key range)."""
    return str(uuid4())


_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_id(text: str) -> bool:
    """Return True if the text has the form of `new_id`.

    >>> is_id("2819c223-7f76-453a-919d-413861904646"), is_id("ada@example.com")
    (True, False)
    """
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class MonotonicDeadline:
    """A `domain.ports.Deadline` at a point of the monotonic clock."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> MonotonicDeadline:
        """The deadline that many seconds from now."""
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - time.monotonic())

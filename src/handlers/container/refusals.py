"""Bounds the log lines of a flood of refusals to one line a second, which has their number.

A refusal itself takes a few microseconds; its cost is the log. So a container writes a line for the first refusal of an
account, then one a second, or with the account's next request of another kind. Each has the number of further refusals
that it represents, and its metrics count them.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

SECONDS: Final = 1.0
_MOST_ACCOUNTS: Final = 1000


@dataclass(slots=True)
class _Silence:
    since: float
    unlogged: int = 0


class Refusals:
    """The refusals of one container; thread-safe. The account None stands for requests without a valid key."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._silences: OrderedDict[str | None, _Silence] = OrderedDict()

    def line(self, account: str | None, *, refused: bool) -> int | None:
        """The number of earlier refusals that this request's line represents; None if it gets no line."""
        with self._lock:
            now = self._monotonic()
            silence = self._silences.get(account)
            if not refused:
                unlogged = silence.unlogged if silence is not None else 0
                if silence is not None:
                    silence.unlogged = 0
                return unlogged
            if silence is not None and now - silence.since < SECONDS:
                silence.unlogged += 1
                return None
            self._silences[account] = _Silence(now)
            self._silences.move_to_end(account)
            if len(self._silences) > _MOST_ACCOUNTS:
                self._silences.popitem(last=False)
            return silence.unlogged if silence is not None else 0

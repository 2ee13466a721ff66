"""Bounds the log lines of repeated events: a flood of refusals, and attributes that no schema declares.

A refusal itself takes a few microseconds; its cost is the log. So a container writes a line for the first refusal of an
account, then one a second, or with the account's next request of another kind. Each has the number of further refusals
that it represents, and its metrics count them.

An identity provider sends an attribute that no schema has with every user, so a container names it once a day for its
account, without a call to the table; who reads the lines counts a name of several containers once
(docs/decisions/060). What is remembered is bounded, so that made-up names fill neither memory nor log.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from threading import Lock
from typing import Final

SECONDS: Final = 1.0
_MOST_ACCOUNTS: Final = 1000
MOST_IN_A_LINE: Final = 20
"""Names of attributes."""
MOST_IN_A_DAY: Final = 100
"""Names of attributes of one account."""
_MOST_NAMING: Final = 200
"""Accounts of which names are remembered: those with the latest requests that had one."""


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


def _today() -> date:
    return datetime.now(UTC).date()


class Named:
    """What one container has named today (UTC); thread-safe."""

    def __init__(self, *, today: Callable[[], date] = _today) -> None:
        self._today = today
        self._lock = Lock()
        self._day = today()
        self._named: OrderedDict[str, set[tuple[str, str]]] = OrderedDict()

    def new(self, account: str, unknown: Collection[tuple[str, str]]) -> dict[str, list[str]]:
        """Return the names to write now, by the noun of their resource type, and remember them.

        Names are compared without regard to case (RFC 7643 section 2.1). What has no room in this line is named with a
        later request.
        """
        if not unknown:
            return {}
        with self._lock:
            if (today := self._today()) != self._day:
                self._day = today
                self._named.clear()
            named = self._named.setdefault(account, set())
            self._named.move_to_end(account)
            if len(self._named) > _MOST_NAMING:
                self._named.popitem(last=False)
            found: dict[str, list[str]] = {}
            left = min(MOST_IN_A_LINE, MOST_IN_A_DAY - len(named))
            for noun, name in sorted(unknown):
                if left > 0 and (key := (noun, name.lower())) not in named:
                    named.add(key)
                    found.setdefault(noun, []).append(name)
                    left -= 1
            return found

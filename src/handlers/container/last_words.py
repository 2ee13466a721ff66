"""Log lines of requests whose function Lambda is about to end; without them such a request would leave no line.

A thread waits for that moment, as the request itself may be computing or waiting. Requests do not wake it: it checks
the running requests at the earliest deadline that it knows, and ends when there are none. So a container starts a
thread about every ten seconds, and a request costs two locks (docs/decisions/022).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Final

Clock = Callable[[], float]

NEVER: Final = float("inf")


@dataclass(eq=False, slots=True)
class Invocation:
    """A running request: when its line is due, by the monotonic clock, and the function that writes it."""

    at: float
    speak: Callable[[], None]
    spoken: bool = False


@dataclass
class LastWords:
    """The running requests of this process."""

    now: Clock = time.monotonic
    _changed: Condition = field(default_factory=Condition)
    _under_way: set[Invocation] = field(default_factory=set)
    _wakes_at: float = NEVER

    def begin(self, at: float, speak: Callable[[], None]) -> Invocation:
        """Call `speak` at that time in another thread, unless the request has ended by then."""
        invocation = Invocation(at, speak)
        with self._changed:
            self._under_way.add(invocation)
            if self._wakes_at == NEVER:
                self._wakes_at = at
                Thread(target=self._wait, name="last-words", daemon=True).start()
            elif at < self._wakes_at:
                self._wakes_at = at
                self._changed.notify()
        return invocation

    def end(self, invocation: Invocation) -> bool:
        """Return True if the request ended in time, False if its line is written already: it must write no other."""
        with self._changed:
            self._under_way.discard(invocation)
        return not invocation.spoken

    def _wait(self) -> None:
        with self._changed:
            try:
                while (wakes_at := self._spoken()) != NEVER:
                    self._wakes_at = wakes_at
                    self._changed.wait(max(0.0, wakes_at - self.now()))
            finally:
                self._wakes_at = NEVER

    def _spoken(self) -> float:
        """Write the lines that are due. Returns when the next one is, NEVER when there is none."""
        for invocation in [one for one in self._under_way if one.at <= self.now()]:
            self._under_way.discard(invocation)
            invocation.spoken = True
            invocation.speak()
        return min((one.at for one in self._under_way), default=NEVER)

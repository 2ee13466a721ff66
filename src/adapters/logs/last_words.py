"""The last words of requests whose function Lambda is about to end: without them such a request leaves no line.

A thread waits for the moment, as the request itself may be computing or waiting. It is not woken by a request: it looks
at what is under way when the earliest of those that it knew of would have to speak, and ends when there is nothing. So
a container starts one every ten seconds or so, and a request pays two locks (docs/decisions/022).
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
    """A request under way: when it has to speak, by the monotonic clock, and what says its words."""

    at: float
    speak: Callable[[], None]
    spoken: bool = False


@dataclass
class LastWords:
    """The requests under way in this process."""

    now: Clock = time.monotonic
    _changed: Condition = field(default_factory=Condition)
    _under_way: set[Invocation] = field(default_factory=set)
    _wakes_at: float = NEVER

    def begin(self, at: float, speak: Callable[[], None]) -> Invocation:
        """Have `speak` called at that moment, in another thread, unless the request has ended by then."""
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
        """Whether the request has ended in time; False when its last words were said: it must say no others."""
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
        """Say the words of all whose moment has come; when the next of the others comes, NEVER when there are none."""
        for invocation in [one for one in self._under_way if one.at <= self.now()]:
            self._under_way.discard(invocation)
            invocation.spoken = True
            invocation.speak()
        return min((one.at for one in self._under_way), default=NEVER)

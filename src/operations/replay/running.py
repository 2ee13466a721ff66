"""Handing what was found to the publisher: in batches, at a rate, and again where the bus did not take it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from adapters.events.event_bus import HOPELESS
from adapters.events.replay import MOST_ENTRIES
from domain.documents import Json
from operations.replay.places import Place, PlaceKind
from operations.replay.reading import Found

DEFAULT_RATE: Final = 100
MOST_RATE: Final = 1000
"""Events a second. EventBridge calls targets 750 times a second in small regions, an API destination 300 times."""
_BYTES_AT_ONCE: Final = 1_000_000
"""Size of the entries in one call of the publisher, which accepts 6 MB; one entry always fits."""
_ATTEMPTS: Final = 6
_FIRST_PAUSE: Final = 1.0


class Answer(NamedTuple):
    """What the publisher says of a batch: `handlers.jobs.replays`."""

    published: dict[str, int]
    unpublished: Sequence[int]
    failure: str | None


class Publish(Protocol):
    """The publisher of a deployment; raises `operations.deployment.DeploymentError`."""

    def __call__(self, entries: Sequence[Json]) -> Answer: ...


class ReplayStopped(Exception):
    """The publisher could not publish something now, however often it was asked; the message is one line."""


class Refused(NamedTuple):
    """A user or group of which no bus accepts an event, and the code of the error."""

    place: Place
    account: str
    code: str

    def __str__(self) -> str:
        return f"{self.place} of {self.account} ({self.code})"


@dataclass(slots=True)
class Reached:
    """How far a replay is. What was `read` after `place` may be published in part."""

    read: int = 0
    counts: Counter[PlaceKind] = field(default_factory=Counter)
    """Users and groups of which all events are published."""
    published: Counter[str] = field(default_factory=Counter)
    """Events by kind."""
    unreadable: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    place: Place | None = None


@dataclass(slots=True)
class Replay:
    """Publishes what is found, at most `rate` events a second; `reached` is right at any moment, also after an error.

    Without `publish` it only counts. `now` and `pause` are in seconds; tests pass their own.
    """

    publish: Publish | None
    rate: int = DEFAULT_RATE
    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], object] = time.sleep
    reached: Reached = field(default_factory=Reached)
    _batch: list[Found] = field(default_factory=list)
    _size: int = 0
    _free_at: float | None = None

    def run(self, found: Iterable[Found]) -> Iterator[Reached]:
        """Publish, and yield after each user or group read; raises `ReplayStopped` and what publisher and table raise.

        After an error, continuing after `reached.place` misses nothing. Events that no bus accepts are skipped and
        listed in `reached.refused`: another try would stop there again.
        """
        for one in found:
            if one.last:
                self.reached.read += 1
            size = 0 if one.entry is None else len(json.dumps(one.entry))
            if self._batch and self._is_too_much(one, size):
                self._flush()
            self._batch.append(one)
            self._size += size
            yield self.reached
        self._flush()
        yield self.reached

    def _is_too_much(self, one: Found, size: int) -> bool:
        events = sum(each.events for each in self._batch)
        return self._size + size > _BYTES_AT_ONCE or len(self._batch) >= MOST_ENTRIES or events + one.events > self.rate

    def _flush(self) -> None:
        sent = [one for one in self._batch if one.entry is not None]
        if self.publish is None:
            for one in sent:
                self.reached.published.update(one.kinds)
        elif sent:
            self._publish(self.publish, sent)
        refused = {one.place for one in self.reached.refused}
        for one in self._batch:
            if not one.readable:
                self.reached.unreadable.append(str(one.place))
            if one.last:
                self.reached.place = one.place
                self.reached.counts[one.place.kind] += one.entry is not None and one.place not in refused
        self._batch, self._size = [], 0

    def _publish(self, publish: Publish, batch: Sequence[Found]) -> None:
        attempt = 0
        while batch:
            self._wait(sum(one.events for one in batch))
            answer = publish([one.entry for one in batch if one.entry is not None])
            self.reached.published.update(answer.published)
            batch = [batch[position] for position in answer.unpublished]
            attempt += 1
            if batch and answer.failure in HOPELESS:
                self._around_refused(publish, batch, str(answer.failure))
                return
            if batch and attempt == _ATTEMPTS:
                raise ReplayStopped(f"The events of {batch[0].place} could not be published ({answer.failure}).")
            if batch:
                self.pause(_FIRST_PAUSE * 2 ** (attempt - 1))

    def _around_refused(self, publish: Publish, batch: Sequence[Found], code: str) -> None:
        """Publish all but what the bus refuses, in the same order; the answer does not say which entry that is."""
        if len(batch) > 1:
            for half in (batch[: len(batch) // 2], batch[len(batch) // 2 :]):
                self._publish(publish, half)
        elif (entry := batch[0].entry) is not None:
            account = entry["Item"]["pk"]["S"].partition("#")[0]
            refused = Refused(batch[0].place, account, code)
            if refused not in self.reached.refused[-1:]:  # a large group comes in several parts
                self.reached.refused.append(refused)

    def _wait(self, events: int) -> None:
        """Wait until the rate allows these events."""
        now = self.now()
        if self._free_at is not None and self._free_at > now:
            self.pause(self._free_at - now)
            now = self._free_at
        self._free_at = now + events / self.rate

"""Publishing the current state of users and groups again, for the operator's command (docs/decisions/062).

Nothing is done in the table, and Lambda repeats nothing: the command reads the answer and sends again what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from adapters.events.event_bus import NOT_SENT, EventBus
from adapters.events.replay import MalformedReplay, Replayed, replay_of
from adapters.logs.log import Log
from adapters.logs.publisher_telemetry import BatchRecord, emit
from domain.documents import Json
from domain.events.lifecycle import LifecycleEvent
from handlers.jobs.bus_entries import BusEntries


@dataclass(frozen=True, slots=True)
class Replays:
    """Publishes replays; `now` is the wall clock in seconds since 1970."""

    bus: EventBus
    entries: BusEntries
    log: Log
    now: Callable[[], float]

    def publish(self, event: Mapping[str, Any], request_id: str) -> Json:
        """Publish the events of all entries.

        Returns `published` (numbers by kind), `unpublished` (positions of the entries of which an event is missing) and
        `failure` (the code of the first event that failed, or null). An entry that is sent again gives the same ids.
        Raises `MalformedReplay`, and then nothing is published.
        """
        record = BatchRecord(request_id, 0, replay=True)
        try:
            found = replay_of(event)
        except MalformedReplay as error:
            record.failure, record.cause, record.failed = type(error).__name__, str(error), 1
            emit(self.log, record)
            raise
        events = list(_in_turns(found))
        # Rules and archives go by the time of an event, and may take none that is years old; `occurredAt` has that.
        at = datetime.fromtimestamp(self.now(), UTC)
        rendered = [self.entries.of(one, at) for _, one in events]
        codes = self.bus.publish([one.entry for one in rendered])
        failures = [code for code in codes if code not in (None, NOT_SENT)]
        published = Counter(one.kind.value for (_, one), code in zip(events, codes, strict=True) if code is None)
        record.records, record.published, record.failed = len(found), dict(published), len(failures)
        record.values_omitted = sum(
            one.values_omitted for one, code in zip(rendered, codes, strict=True) if code is None
        )
        record.failure = failures[0] if failures else None
        emit(self.log, record)
        missing = {position for (position, _), code in zip(events, codes, strict=True) if code is not None}
        return {"published": record.published, "unpublished": sorted(missing), "failure": record.failure}


def _in_turns(found: Sequence[Replayed]) -> Iterator[tuple[int, LifecycleEvent]]:
    """Yield the first event of each entry, then the second of each: a request of the bus has one of each subject."""
    for turn in zip_longest(*(one.events for one in found)):
        for one, event in zip(found, turn, strict=True):
            if event is not None:
                yield one.position, event

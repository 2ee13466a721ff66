"""The local server's event bus: what is published goes to the page, to a file, and to a URL.

Nothing here holds up a request: events come from a thread that reads the table's stream, and another one delivers them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any, Final
from uuid import uuid4

from domain.documents import Json

MOST: Final = 500
"""How many events are kept for the page."""
_MOST_CHARACTERS: Final = 8_000_000
"""Of all events that are kept; the oldest go first."""
_AWS_ACCOUNT: Final = "123456789012"


class Delivery(StrEnum):
    """How far an event is on its way to EVENTS_URL."""

    NONE = "none"
    """There is no URL."""
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Published:
    """An event as EventBridge delivers it. `revision` grows with each change of any event."""

    revision: int
    id: str
    text: str
    kind: str
    account: str
    resource: str
    """The id of the user or group."""
    at: datetime
    delivery: Delivery
    why: str | None = None
    """Why it could not be delivered."""

    def as_json(self) -> Json:
        """The event for the page."""
        return {
            "id": self.id,
            "kind": self.kind,
            "account": self.account,
            "resource": self.resource,
            "at": self.at.isoformat(),
            "delivery": self.delivery.value,
            "why": self.why,
            "event": json.loads(self.text),
        }


class PublishedEvents:
    """The last events, and how far they are delivered."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, Published] = {}
        self._revision = 0
        self._size = 0

    def add(self, event: Published) -> None:
        """Keep an event; the oldest go when there are too many or they are too large."""
        with self._lock:
            self._revision += 1
            self._kept[event.id] = replace(event, revision=self._revision)
            self._size += len(event.text)
            while len(self._kept) > MOST or (self._size > _MOST_CHARACTERS and len(self._kept) > 1):
                self._size -= len(self._kept.pop(next(iter(self._kept))).text)

    def mark(self, event_id: str, delivery: Delivery, why: str | None = None) -> None:
        """Note how far an event is; nothing when it is not kept any more."""
        with self._lock:
            if event_id in self._kept:
                self._revision += 1
                known = self._kept[event_id]
                self._kept[event_id] = replace(known, revision=self._revision, delivery=delivery, why=why)

    def after(self, revision: int) -> tuple[int, list[Published]]:
        """The present revision, and the events that are new or changed since another one, oldest first."""
        with self._lock:
            return self._revision, [event for event in self._kept.values() if event.revision > revision]

    def about(self, resource_id: str) -> list[Published]:
        """The events of a user or group, oldest first."""
        return [event for event in self.after(0)[1] if event.resource == resource_id]

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._kept.clear()
            self._size = 0


class LocalBus:
    """Takes events as EventBridge's PutEvents does, and never refuses one.

    `deliver` gets each event that a URL is to receive; None when there is no URL.
    """

    def __init__(self, events: PublishedEvents, file: Path, region: str, deliver: Callable[[Published], None] | None):
        self._events = events
        self._file = file
        self._region = region
        self._deliver = deliver

    def put_events(self, *, Entries: Sequence[Mapping[str, Any]]) -> Json:
        """Publish events in their order and answer their ids."""
        published = [self._published(entry) for entry in Entries]
        with self._file.open("a", encoding="utf-8") as file:
            file.writelines(f"{event.text}\n" for event in published)
        for event in published:
            self._events.add(event)
            if self._deliver is not None:
                self._deliver(event)
        return {"FailedEntryCount": 0, "Entries": [{"EventId": event.id} for event in published]}

    def _published(self, entry: Mapping[str, Any]) -> Published:
        """The event with the envelope that EventBridge puts around it."""
        detail = json.loads(entry["Detail"])
        event_id = str(uuid4())
        at = entry["Time"].astimezone(UTC)
        envelope = {
            "version": "0",
            "id": event_id,
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": _AWS_ACCOUNT,
            "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._region,
            "resources": [],
            "detail": detail,
        }
        return Published(
            revision=0,
            id=event_id,
            text=json.dumps(envelope),
            kind=entry["DetailType"],
            account=str(detail.get("account", "")),
            resource=str(detail.get("userId") or detail.get("groupId") or ""),
            at=at,
            delivery=Delivery.NONE if self._deliver is None else Delivery.WAITING,
        )

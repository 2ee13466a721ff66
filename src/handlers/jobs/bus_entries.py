"""An event as the bus takes it: with the values that were asked for, or without where it would be too large."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapters.events.event_bus import BusEntry
from domain.documents import encode
from domain.events.event_detail import detail, without_values
from domain.events.lifecycle import LifecycleEvent


@dataclass(frozen=True, slots=True)
class Rendered:
    """An entry for the bus; `values_omitted` is True if its values did not fit."""

    entry: BusEntry
    values_omitted: bool = False


@dataclass(frozen=True, slots=True)
class BusEntries:
    """Makes the entries; `issuer` is the base URI of the service, `personal_data` says whether values are sent."""

    issuer: str
    personal_data: bool

    def of(self, event: LifecycleEvent, time: datetime | None = None) -> Rendered:
        """Return the entry of an event; its time is that of the change, or the one given."""
        values = detail(event, self.issuer, self.personal_data)
        at = event.change.recorded_at if time is None else time
        entry = _entry(event, encode(values), at)
        if self.personal_data and not entry.fits:
            return Rendered(_entry(event, encode(without_values(values)), at), values_omitted=True)
        return Rendered(entry)


def _entry(event: LifecycleEvent, text: str, at: datetime) -> BusEntry:
    return BusEntry(event.kind.value, text, at, f"{event.change.account}/{event.resource.id}")

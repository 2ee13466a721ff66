"""The EventBridge bus on which lifecycle events are published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE: Final = "rollcall"
"""The `source` of every event; rules of consumers match it."""

_MOST_ENTRIES: Final = 10
_SIZE_LIMIT: Final = 256 * 1024
"""The sum of all entries of a PutEvents request must be smaller."""
_TIME_SIZE: Final = 14
"""The constant size of an entry's time."""

NOT_SENT: Final = "NotSent"
"""The code of an entry that was not sent because an earlier one failed."""
TOO_LARGE: Final = "TooLarge"
"""The code of an entry that no bus accepts."""
HOPELESS: Final = frozenset({TOO_LARGE, "MalformedDetail", "InvalidArgument"})
"""Codes of errors in the entry itself, which a retry cannot repair."""


@dataclass(frozen=True, slots=True)
class BusEntry:
    """One event for the bus; events with the same `subject` are published in order."""

    detail_type: str
    detail: str
    time: datetime
    subject: str

    @property
    def size(self) -> int:
        """Bytes as EventBridge counts them."""
        # EventBridge rejects half a surrogate pair, which JSON can contain; here only its size counts.
        texts = (SOURCE, self.detail_type, self.detail)
        return _TIME_SIZE + sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)

    @property
    def fits(self) -> bool:
        """True if a bus accepts an event of this size."""
        return self.size < _SIZE_LIMIT


class EventBus:
    """Publishes events in order; `name` is the bus's name or ARN."""

    def __init__(self, client: EventBridgeClient, name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, entries: Sequence[BusEntry]) -> list[str | None]:
        """Publish entries and return the error code of each: None when it was published.

        It stops after the first request that did not succeed completely; later entries are `NOT_SENT`. No request has
        two events of one subject, so a later event is never published after an earlier one failed.
        """
        codes: list[str | None] = []
        for batch in _batches(entries):
            codes += self._put(batch)
            if any(codes):
                break
        return codes + [NOT_SENT] * (len(entries) - len(codes))

    def _put(self, batch: Sequence[BusEntry]) -> list[str | None]:
        if not batch[0].fits:
            return [TOO_LARGE]
        try:
            results = self._client.put_events(Entries=[self._request(entry) for entry in batch])["Entries"]
        except ClientError as error:
            return [error.response.get("Error", {}).get("Code", "ClientError")] * len(batch)
        except BotoCoreError as error:
            return [type(error).__name__] * len(batch)
        return [None if result.get("EventId") else result.get("ErrorCode", "Unknown") for result in results]

    def _request(self, entry: BusEntry) -> PutEventsRequestEntryTypeDef:
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": entry.detail_type,
            "Detail": entry.detail,
            "Time": entry.time,
        }


def _batches(entries: Sequence[BusEntry]) -> Iterator[list[BusEntry]]:
    """Split the entries into requests that PutEvents accepts; one that is too large has its own request."""
    batch: list[BusEntry] = []
    for entry in entries:
        size = sum(other.size for other in batch) + entry.size
        crowded = len(batch) == _MOST_ENTRIES or size >= _SIZE_LIMIT
        if batch and (crowded or any(entry.subject == other.subject for other in batch)):
            yield batch
            batch = []
        batch.append(entry)
    if batch:
        yield batch

"""The publisher on this machine: what the function Publisher does, over the stream of the local table.

Lambda passes records of the stream in batches and repeats a batch from the record that failed. This does the same, with
fewer repetitions; a record that fails each time is given up, as on AWS it becomes a dead letter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Final, Protocol
from uuid import uuid4

from adapters.clock import MonotonicDeadline
from adapters.events.stream import StreamRecord, sequence_number
from handlers.jobs.publisher import Publisher, UnpublishableRecord

_AT_ONCE: Final = 100
"""Records in a batch, as in template.yaml."""
_SECONDS: Final = 30.0
"""The time-out of the function."""
_ATTEMPTS: Final = 5
_FIRST_PAUSE: Final = 0.2
_STOP_SECONDS: Final = 10.0


class TableStream(Protocol):
    """The records of the table's stream that were not read yet."""

    idle_seconds: float | None
    """How often to look for records; None where something says that there are new ones."""

    def read(self) -> Sequence[StreamRecord]:
        """The next records, in order for each item; empty when there are none."""


class EventPublishing:
    """Publishes what the stream has, in its own thread. `note` gets a line for the terminal about a failure."""

    def __init__(self, stream: TableStream, note: Callable[[str], None]) -> None:
        self._stream = stream
        self._note = note
        self._wake = Event()
        self._ending = Event()
        self._publisher: Publisher | None = None
        self._thread = Thread(target=self._run, name="event-publishing", daemon=True)

    def start(self, publisher: Publisher) -> None:
        """Begin to publish."""
        self._publisher = publisher
        self._thread.start()

    def wake(self) -> None:
        """Say that there are new records."""
        self._wake.set()

    def stop(self) -> None:
        """Publish the remaining changes, and end."""
        self._ending.set()
        self._wake.set()
        if self._publisher is not None:
            self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        while True:
            last = self._ending.is_set()
            try:
                while records := self._stream.read():
                    for first in range(0, len(records), _AT_ONCE):
                        self._publish(records[first : first + _AT_ONCE])
            except Exception as error:  # whatever is wrong with one reading, later records are to be published
                self._note(f"Life-cycle events were not published: {type(error).__name__}")
                self._ending.wait(_FIRST_PAUSE)
            if last:
                return
            self._wake.wait(self._stream.idle_seconds)
            self._wake.clear()

    def _publish(self, records: Sequence[StreamRecord]) -> None:
        attempts = 0
        while records:
            failed = self._first_failed(records)
            if failed is None:
                return
            attempts = 1 if failed else attempts + 1
            records = records[failed:]
            if attempts >= _ATTEMPTS:
                self._note("The events of a change could not be published. The activity file shows why.")
                records, attempts = records[1:], 0
            else:
                self._ending.wait(_FIRST_PAUSE * attempts)

    def _first_failed(self, records: Sequence[StreamRecord]) -> int | None:
        """Publish a batch; the position of the first record that failed, None when none did."""
        assert self._publisher is not None  # noqa: S101 - set before the thread starts
        try:
            answer = self._publisher.publish(records, str(uuid4()), MonotonicDeadline.after(_SECONDS))
        except UnpublishableRecord:
            return self._first_failed(records[:1])
        failures = answer["batchItemFailures"]
        if not failures:
            return None
        numbers = [sequence_number(record) for record in records]
        number = failures[0]["itemIdentifier"]
        return numbers.index(number) if number in numbers else 0

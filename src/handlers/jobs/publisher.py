"""From the table's stream to the event bus: at least once, and in order for each user and group.

A batch is published up to the first record that fails. The answer reports that record's sequence number and Lambda
resumes there, so a record may be published again (its events keep their ids) but never after a later one of its user.
A record that can never be published ends up in its own batch (docs/events), which goes to the dead-letter queue
after its retries; the records behind it are published.

The operator's command may hand it users and groups instead of records, to publish their present state again
(`handlers.jobs.replays`); nothing but the events is done for these.

After the events comes what the same records leave to do in the table (`handlers.jobs.unfinished`). A record whose work
fails is reported like one whose events fail: so Lambda tries again, and in the end there is a dead letter.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from adapters.aws import Clients
from adapters.clock import RESERVE_SECONDS, MonotonicDeadline
from adapters.environment import Variables
from adapters.events.event_bus import HOPELESS, NOT_SENT, EventBus
from adapters.events.stream import REPLAY, MalformedRecord, StreamRecord, change_of, sequence_number
from adapters.logs.log import Log
from adapters.logs.publisher_telemetry import BatchRecord, emit
from domain.events.lifecycle import LifecycleEvent, ResourceChange, events_of
from domain.ports import Deadline
from domain.resources.stored_group import StoredGroup
from handlers.environment.publisher import PublisherEnvironment
from handlers.jobs.bus_entries import BusEntries, Rendered
from handlers.jobs.unfinished import OpenGroups, Task, Undone, groups_in_table, tasks_of, undone_of
from handlers.start import made_at_start


class InvocationContext(Protocol):
    """The members of Lambda's context object that are used."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


class UnpublishableRecord(Exception):
    """The batch begins with a record that can never be published, and has others behind it.

    An error of the function makes Lambda halve the batch, which reporting the first record does not. Only a batch of
    one record keeps the others out of the dead-letter queue.
    """


@dataclass(frozen=True, slots=True)
class _Event:
    """An event, the place of its record in the batch, and its form on the bus."""

    position: int
    event: LifecycleEvent
    rendered: Rendered


@dataclass(frozen=True, slots=True)
class _Failure:
    position: int
    code: str
    hopeless: bool
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes batches; `now` is the wall clock in seconds since 1970."""

    bus: EventBus
    open_groups: OpenGroups
    issuer: str
    personal_data: bool
    log: Log
    now: Callable[[], float] = time.time

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> Publisher:
        """Raise `InvalidEnvironment` for a variable that is missing."""
        environment, clients = PublisherEnvironment.from_env(env), Clients()
        bus = EventBus(clients.events, environment.event_bus)
        open_groups = groups_in_table(clients, environment.table_name)
        return cls(bus, open_groups, environment.issuer, environment.personal_data, Log.to_output())

    def __call__(self, event: dict[str, Any], context: InvocationContext) -> dict[str, Any]:
        """Publish the events of one batch of the table's stream; Lambda reads `batchItemFailures` of the answer.

        A replay has its own answer (`Replays.publish`).
        """
        if REPLAY in event:
            return self.replay(event, context.aws_request_id)
        deadline = MonotonicDeadline.after(context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS)
        return self.publish(event.get("Records", []), context.aws_request_id, deadline)

    def replay(self, event: Mapping[str, Any], request_id: str) -> dict[str, Any]:
        """Publish the current state of users and groups again; raises `MalformedReplay`."""
        from handlers.jobs.replays import Replays  # no batch of the stream needs it

        return Replays(self.bus, self._entries, self.log, self.now).publish(event, request_id)

    def publish(self, records: Sequence[StreamRecord], request_id: str, deadline: Deadline) -> dict[str, Any]:
        """Publish the records' events; the answer reports the first record that failed, if any did."""
        batch = BatchRecord(request_id, len(records))
        changes, malformed = _changes(records)
        entries = self._entries
        events = [
            _Event(position, event, entries.of(event)) for position, change in changes for event in events_of(change)
        ]
        codes = self.bus.publish([event.rendered.entry for event in events])
        unpublished = _first_failure(events, codes)
        end = unpublished.position if unpublished else len(records)
        tasks = list(tasks_of((position, change) for position, change in changes if position < end))
        undone = list(undone_of(tasks, self.open_groups, deadline))
        failure = _first_undone(undone) or unpublished or malformed
        self._describe(batch, events, codes, failure)
        _describe_work(batch, tasks, undone)
        if failure is not None:
            batch.sequence_number = sequence_number(records[failure.position])
            batch.failed += failure is malformed
            _describe_subject(batch, dict(changes).get(failure.position))
        emit(self.log, batch)
        if failure is None:
            return {"batchItemFailures": []}
        if failure.position == 0 and failure.hopeless and len(records) > 1:
            raise UnpublishableRecord(failure.code)
        # Without a sequence number the report is empty, and Lambda treats the whole batch as failed.
        return {"batchItemFailures": [{"itemIdentifier": batch.sequence_number or ""}]}

    @property
    def _entries(self) -> BusEntries:
        return BusEntries(self.issuer, self.personal_data)

    def _describe(
        self, batch: BatchRecord, events: Sequence[_Event], codes: Sequence[str | None], failure: _Failure | None
    ) -> None:
        sent = [event for event, code in zip(events, codes, strict=True) if code is None]
        batch.published = dict(Counter(one.event.kind.value for one in sent))
        batch.values_omitted = sum(one.rendered.values_omitted for one in sent)
        batch.failed = sum(code not in (None, NOT_SENT) for code in codes)
        if sent:
            oldest = min(one.event.change.recorded_at.timestamp() for one in sent)
            batch.lag_ms = max(0.0, round((self.now() - oldest) * 1000, 1))
        if failure is not None:
            batch.failure, batch.cause = failure.code, failure.cause


_MALFORMED: Final = "MalformedRecord"


def _changes(records: Sequence[StreamRecord]) -> tuple[list[tuple[int, ResourceChange]], _Failure | None]:
    """The changes in the records before the first malformed one, by position, and that one."""
    changes: list[tuple[int, ResourceChange]] = []
    for position, record in enumerate(records):
        try:
            change = change_of(record)
        except MalformedRecord as error:
            return changes, _Failure(position, _MALFORMED, hopeless=True, cause=str(error))
        if change is not None:
            changes.append((position, change))
    return changes, None


def _first_failure(events: Sequence[_Event], codes: Sequence[str | None]) -> _Failure | None:
    for event, code in zip(events, codes, strict=True):
        if code is not None:
            return _Failure(event.position, code, code in HOPELESS)
    return None


def _first_undone(undone: Sequence[Undone]) -> _Failure | None:
    first = min(undone, key=lambda one: one.task.position, default=None)
    return None if first is None else _Failure(first.task.position, first.code, first.hopeless)


def _describe_work(batch: BatchRecord, tasks: Sequence[Task], undone: Sequence[Undone]) -> None:
    failed = {one.task for one in undone}
    batch.done = dict(Counter(task.work.value for task in tasks if task not in failed))
    batch.undone = dict(Counter(one.task.work.value for one in undone))


def _describe_subject(batch: BatchRecord, change: ResourceChange | None) -> None:
    """Name the user or group whose record failed; of a malformed record nothing is known."""
    resource = (change.after or change.before) if change else None
    if change is None or resource is None:
        return
    batch.account = change.account
    if isinstance(resource, StoredGroup):
        batch.group_id = resource.id
    else:
        batch.user_id = resource.id


handler: Final = made_at_start(Publisher.from_env)

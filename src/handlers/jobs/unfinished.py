"""What writes leave to do for groups, as the publisher sees it in the stream, and doing it (docs/decisions/041).

A group with a large change under way: that is finished. A user who was removed: the memberships are ended. A group that
was removed: what is left of its memberships is removed. The request that began it normally does it all, so there is
most often nothing left; a crash in between makes it late and never half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final, Protocol

from adapters.aws import Clients
from adapters.dynamodb import Table, with_items_as_sent
from domain.errors import Retryable
from domain.events.lifecycle import ResourceChange
from domain.ports import Deadline
from domain.resources.stored_group import StoredGroup


class Work(StrEnum):
    """What there is to do; the names are those in the log."""

    FINISH = "finish"
    LEAVE = "leave"
    CLEAR = "clear"


class Groups(Protocol):
    """The part of `domain.ports.GroupStore` that is used."""

    def finish(self, group_id: str) -> None: ...

    def leave_all(self, user_id: str) -> int: ...

    def clear(self, group_id: str) -> None: ...


OpenGroups = Callable[[str, Deadline], Groups]
"""Returns the groups of an account, for work that has time until the deadline."""


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work: for the group or user that a change at a position of the batch concerns."""

    position: int
    work: Work
    account: str
    id: str

    def do(self, groups: Groups) -> None:
        """Do it; doing it again changes nothing. Raises what the store raises."""
        if self.work is Work.FINISH:
            groups.finish(self.id)
        elif self.work is Work.LEAVE:
            groups.leave_all(self.id)
        else:
            groups.clear(self.id)


@dataclass(frozen=True, slots=True)
class Undone:
    """A task that failed; `hopeless` if another try will hardly help."""

    task: Task
    code: str
    hopeless: bool


def tasks_of(changes: Iterable[tuple[int, ResourceChange]]) -> Iterator[Task]:
    """Yield what the changes of a batch leave to do; of each user and group, the last change decides."""
    latest = {
        (change.account, change.kinds, resource.id): (position, change)
        for position, change in changes
        if (resource := change.after or change.before) is not None
    }
    for (account, _, resource_id), (position, change) in latest.items():
        work = _work(change)
        if work is not None:
            yield Task(position, work, account, resource_id)


def _work(change: ResourceChange) -> Work | None:
    """What one change leaves to do."""
    if change.after is None:
        return Work.CLEAR if isinstance(change.before, StoredGroup) else Work.LEAVE
    return Work.FINISH if isinstance(change.after, StoredGroup) and change.after.under_way else None


def undone_of(tasks: Iterable[Task], open_groups: OpenGroups, deadline: Deadline) -> Iterator[Undone]:
    """Do the tasks and yield those that failed. One that fails holds up no other, until the time is over."""
    for task in tasks:
        if deadline.remaining() <= 0:
            yield Undone(task, OUT_OF_TIME, hopeless=False)
            continue
        try:
            task.do(open_groups(task.account, deadline))
        except Retryable as error:
            yield Undone(task, type(error).__name__, hopeless=False)
        except Exception as error:  # whatever is wrong with one group must not end the work for the others
            yield Undone(task, type(error).__name__, hopeless=True)


OUT_OF_TIME: Final = "OutOfTime"
"""The code of a task for which no time was left."""


def groups_in_table(clients: Clients, table_name: str) -> OpenGroups:
    """Return how to open the groups of an account. Most batches need none, so the first call makes the client."""

    @cache
    def table() -> Table:
        return Table(with_items_as_sent(clients.dynamodb), table_name)

    def open_groups(account: str, deadline: Deadline) -> Groups:
        return table().account(account, deadline).groups

    return open_groups

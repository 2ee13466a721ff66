"""Groups that note what the publisher does for them, and fail on demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from domain.ports import Deadline


@dataclass
class GroupWork:
    """The groups of all accounts; `open` is the publisher's `open_groups`."""

    done: list[tuple[str, str, str]] = field(default_factory=list)
    """Work, account and id."""
    failing: dict[str, Exception] = field(default_factory=dict)
    """What is raised for the id of a user or group."""
    after_each: Callable[[], None] = lambda: None

    def open(self, account: str, deadline: Deadline) -> _Account:
        return _Account(self, account)

    def note(self, work: str, account: str, resource_id: str) -> None:
        self.after_each()
        if resource_id in self.failing:
            raise self.failing[resource_id]
        self.done.append((work, account, resource_id))


@dataclass
class _Account:
    work: GroupWork
    account: str

    def finish(self, group_id: str) -> None:
        self.work.note("finish", self.account, group_id)

    def leave_all(self, user_id: str) -> int:
        self.work.note("leave", self.account, user_id)
        return 0

    def clear(self, group_id: str) -> None:
        self.work.note("clear", self.account, group_id)

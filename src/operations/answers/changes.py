"""Answers of the commands that change one user or one group."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, Self

from domain.events.lifecycle import AttributeChange
from operations.answers.base import Answer, Done


class ChangedAttribute(Answer):
    """An attribute that differs, by its path; `null` stands for no value."""

    attribute: str
    before: Any
    after: Any

    @classmethod
    def all_of(cls, changes: Iterable[AttributeChange]) -> list[Self]:
        """The answers for the attributes."""
        return [cls(attribute=each.path, before=each.before, after=each.after) for each in changes]


class ChangedUser(Done):
    """`rollcall users deactivate`, `activate`, `delete`, `rename` and `set`."""

    result: Literal["deactivated", "activated", "deleted", "renamed", "set", "unchanged", "checked"]
    """`checked` is the answer of --dry-run."""
    account: str
    user_id: str
    dry_run: bool
    audited: bool
    """True if the record has who made the change. Nothing is recorded if nothing was changed."""
    version: int | None
    """The version of the user after the change, or what it would be; null after a deletion."""
    changes: list[ChangedAttribute]
    memberships_ended: int
    """Of a user who was deleted."""


class ChangedGroup(Done):
    """`rollcall groups delete` and `rename`."""

    result: Literal["deleted", "renamed", "unchanged", "checked"]
    """`checked` is the answer of --dry-run."""
    account: str
    group_id: str
    dry_run: bool
    audited: bool
    """True if the record has who made the change. Nothing is recorded if nothing was changed."""
    changes: list[ChangedAttribute]
    memberships_ended: int
    """Of a group that was deleted."""

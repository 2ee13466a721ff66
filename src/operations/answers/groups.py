"""Answers of `rollcall groups`."""

from __future__ import annotations

from domain.documents import Json
from operations.answers.base import Answer, Done


class GroupList(Answer):
    """`rollcall groups list`."""

    total: int
    groups: list[Json]
    """SCIM resources without members, as many as --limit allows."""


class ShownGroup(Answer):
    """`rollcall groups show`."""

    account: str
    members: int
    """How many there are."""
    group: Json
    """The SCIM resource without members."""


class GroupMember(Answer):
    """A member of a group."""

    id: str
    user_name: str
    email: str
    """The primary address, or empty."""
    active: bool


class GroupMembers(Answer):
    """`rollcall groups members`."""

    account: str
    id: str
    display_name: str
    total: int
    members: list[GroupMember]
    """As many as --limit allows."""


class ExportedGroups(Done):
    """`rollcall groups export --output FILE`."""

    account: str
    groups: int
    memberships: int
    file: str

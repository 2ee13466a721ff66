"""Answers of `rollcall groups`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

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


class ImportedGroup(Answer):
    """What an import did to one group."""

    group: str
    created: bool
    added: int
    unchanged: int


class RefusedMembershipRow(Answer):
    """A row that was not imported."""

    line: int
    row: int
    """Its number in a spreadsheet, in which a value may have several lines."""
    reason: str
    detail: str
    group: str
    user: str


class ImportedGroups(Done):
    """`rollcall groups import`."""

    result: Literal["imported", "checked", "stopped"]
    account: str
    dry_run: bool
    groups_created: int
    added: int
    """How many memberships."""
    unchanged: int
    refused: int
    reasons: dict[str, int]
    """How many rows were refused, by reason."""
    columns: dict[str, str]
    """What each column was read as."""
    groups: list[ImportedGroup]
    refusals: list[RefusedMembershipRow]
    stopped: str | None = Field(None, exclude_if=lambda why: why is None)
    """Why the import stopped early; only if it did."""

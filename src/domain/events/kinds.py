"""The kinds of life-cycle event of each resource type: data by which `domain.events.lifecycle` reads a write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Final

from domain.resources.attributes import ResourceType
from domain.resources.group_schema import GROUP, MEMBERS
from domain.resources.user_schema import USER


class EventKind(StrEnum):
    """The kinds of event; the names are the detail types on the event bus."""

    PROVISIONED = "UserProvisioned"
    UPDATED = "UserUpdated"
    DEACTIVATED = "UserDeactivated"
    REACTIVATED = "UserReactivated"
    DEPROVISIONED = "UserDeprovisioned"
    ADOPTED = "UserAdopted"
    GROUP_PROVISIONED = "GroupProvisioned"
    GROUP_UPDATED = "GroupUpdated"
    GROUP_DEPROVISIONED = "GroupDeprovisioned"
    MEMBERS_ADDED = "GroupMembersAdded"
    MEMBERS_REMOVED = "GroupMembersRemoved"


@dataclass(frozen=True, slots=True)
class Switch:
    """A boolean attribute, true by default, whose change has its own kinds."""

    attribute: str
    on: EventKind
    off: EventKind


@dataclass(frozen=True, slots=True)
class Membership:
    """A multi-valued attribute whose values are stored apart: those that join and leave have kinds of their own."""

    attribute: str
    added: EventKind
    removed: EventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """The kinds of event of one resource type."""

    resource_type: ResourceType
    provisioned: EventKind
    updated: EventKind
    deprovisioned: EventKind
    adopted: EventKind | None = None
    switch: Switch | None = None
    membership: Membership | None = None


USER_KINDS: Final = Kinds(
    resource_type=USER,
    provisioned=EventKind.PROVISIONED,
    updated=EventKind.UPDATED,
    deprovisioned=EventKind.DEPROVISIONED,
    adopted=EventKind.ADOPTED,
    switch=Switch("active", on=EventKind.REACTIVATED, off=EventKind.DEACTIVATED),
)


@cache
def kinds_of_users(user_type: ResourceType) -> Kinds:
    """Return the kinds of event of users of that type (`domain.resources.user_schema.user_type`)."""
    return replace(USER_KINDS, resource_type=user_type)


GROUP_KINDS: Final = Kinds(
    resource_type=GROUP,
    provisioned=EventKind.GROUP_PROVISIONED,
    updated=EventKind.GROUP_UPDATED,
    deprovisioned=EventKind.GROUP_DEPROVISIONED,
    membership=Membership(MEMBERS.name, added=EventKind.MEMBERS_ADDED, removed=EventKind.MEMBERS_REMOVED),
)

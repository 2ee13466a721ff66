"""What a request did to users and groups, for the operator's log: counts and ids, no data of a user."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

LossKind = Literal["deactivated", "removed", "displaced"]


@dataclass(frozen=True, slots=True)
class Adopted:
    """A user whom an identity provider took over; `privileges_dropped` if roles, entitlements or userType went."""

    user_id: str
    privileges_dropped: bool


class Loss(NamedTuple):
    """A user who lost access."""

    user_id: str
    """The id of the user."""
    what: LossKind
    """How: `deactivated`, `removed`, or `displaced`, which means that userName and all addresses were taken."""


@dataclass(slots=True)
class Effects:
    """Counts of one request, filled while it is served; a bulk request may change many users (RFC 7644 section 3.7)."""

    deactivated: int = 0
    """How many users were deactivated: their `active` became false."""
    removed: int = 0
    """How many users were removed."""
    displaced: int = 0
    """How many users lost their userName and all addresses."""
    refused: int = 0
    """How many losses of access the account's guard refused."""
    guard_used: int | None = None
    """How much of the account's limit was used up with the last loss of access that the guard counted."""
    guard_allowed: int | None = None
    """How many losses of access the limit allows in a day; absent until it had to be worked out."""
    half_used: bool = False
    """If a loss of access was in the second half of the limit."""
    let_through: dict[str, str] = field(default_factory=dict)
    """The users who lost access because an operator let them, with that operator."""
    adopted: list[Adopted] = field(default_factory=list)
    """How many users an identity provider took over."""
    taken_back: list[str] = field(default_factory=list)
    """How many deactivated users a create reactivated."""
    lost: list[Loss] = field(default_factory=list)
    """Every user who lost access."""
    groups_created: int = 0
    """How many groups were created."""
    groups_removed: int = 0
    """How many groups were removed."""
    members_joined: int = 0
    """How many memberships an operation on a group began."""
    members_left: int = 0
    """How many memberships an operation on a group ended."""
    members_left_out: int = 0
    """How many users whom the request names as members do not exist, and were left out."""

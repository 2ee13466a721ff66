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
    """A user who lost access, and how; `displaced` is one who lost userName and all addresses."""

    user_id: str
    what: LossKind


@dataclass(slots=True)
class Effects:
    """Counts of one request, filled while it is served; a bulk request may change many users (RFC 7644 section 3.7).

    `deactivated` counts users whose `active` became false, `removed` those who were deleted, `displaced` those who lost
    userName and addresses, `refused` the losses of access that the account's guard held back. `guard_used` and
    `guard_allowed` are how far the guard was with the last that it counted, `half_used` True if one was in the
    second half; `let_through` maps users to the operator who let them pass. `adopted` are the users whom an
    identity provider took over, `taken_back` the ids of the deactivated ones whom a create brought back.

    `groups_created` and `groups_removed` count groups, `members_joined` and `members_left` memberships that an
    operation on a group began and ended, `members_left_out` the users whom a request named as members and who do not
    exist.

    `lost` names every user who lost access.
    """

    deactivated: int = 0
    removed: int = 0
    displaced: int = 0
    refused: int = 0
    guard_used: int | None = None
    guard_allowed: int | None = None
    half_used: bool = False
    let_through: dict[str, str] = field(default_factory=dict)
    adopted: list[Adopted] = field(default_factory=list)
    taken_back: list[str] = field(default_factory=list)
    lost: list[Loss] = field(default_factory=list)
    groups_created: int = 0
    groups_removed: int = 0
    members_joined: int = 0
    members_left: int = 0
    members_left_out: int = 0

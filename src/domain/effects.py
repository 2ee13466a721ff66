"""What a request did to users, for the operator's record beside the answer: counts and ids, nothing of a user."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Adopted:
    """A user whom an identity provider took over, and whether roles, entitlements or userType went with it."""

    user_id: str
    privileges_dropped: bool


@dataclass(slots=True)
class Effects:
    """Filled while a request is served; one request may change many users (RFC 7644 section 3.7).

    `deactivated` counts users whose `active` became false, `removed` those who were deleted, `refused` the
    deactivations and removals that the account's guard held back; `adopted` are the users whom an identity provider
    took over, `taken_back` the ids of the deactivated ones whom a create brought back.
    """

    deactivated: int = 0
    removed: int = 0
    refused: int = 0
    adopted: list[Adopted] = field(default_factory=list)
    taken_back: list[str] = field(default_factory=list)

"""What the set-up page shows, as values: its templates get these and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.accounts.consoles import ConsoleSetup, IdentityProvider

LightName = Literal["reached", "tested", "activated", "first-user", "first-group"]
"""In the order in which a set-up turns them on; `first-group` only where the account has groups."""


@dataclass(frozen=True, slots=True)
class Light:
    """A step of the set-up: `since` is when the service saw it first, None when it has not."""

    name: LightName
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that was refused, in the words of the customer's administrator; it holds no value of the request.

    `times` counts equal failures, of which `at` is the last.
    """

    at: datetime
    operation: str
    status: int
    reason: str
    explanation: str
    remedy: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class SetupView:
    """The page of one link. It never holds a key; the answer of a reveal does, once."""

    account: str
    base_url: str
    groups: bool
    enabled: bool
    idp: IdentityProvider | None
    """The identity provider that the link or the administrator chose; None until then."""
    consoles: tuple[ConsoleSetup, ...]
    """The fields and steps of every identity provider, with the masked key."""
    expires_at: datetime
    revealed_at: datetime | None
    """When this link showed the key; it shows it once."""
    lights: tuple[Light, ...]
    failures: tuple[Failure, ...]
    """The latest first; at most ten."""
    users: int | None
    user_groups: int | None
    """How many users and groups the account has; None when the table does not answer."""
    now: datetime

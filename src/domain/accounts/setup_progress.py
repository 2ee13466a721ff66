"""How far the set-up of an account has come, and what failed: worked out from what the log of requests says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

LightName = Literal["reached", "tested", "activated", "first-user", "first-group"]
"""In the order in which a set-up turns them on; `first-group` only where the account has groups."""

TEST_USER_LIFE: Final = timedelta(minutes=10)
"""A user who is created and deleted within that time was a test."""
STAYS_AFTER: Final = timedelta(minutes=1)
"""For so long a single new user may still be the test user of an activation that is under way."""
MAX_FAILURES: Final = 10

READING: Final = frozenset(
    {"ListUsers", "GetUser", "SearchUsers", "ListGroups", "GetGroup", "SearchGroups", "Discovery"}
)
CHANGING: Final = frozenset({"ReplaceUser", "PatchUser", "CreateGroup", "ReplaceGroup", "PatchGroup", "Bulk"})
"""Changes that no identity provider makes while it is tested, apart from those of a test user."""


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests of one kind: the same operation, status and reason, with a valid key (`authenticated`) or without."""

    operation: str
    status: int
    reason: str | None
    authenticated: bool
    first: datetime
    last: datetime
    times: int = 1

    @property
    def succeeded(self) -> bool:
        """True if they did what was asked."""
        return self.status < 400


@dataclass(frozen=True, slots=True)
class UserChange:
    """A user who was created or deleted, by id."""

    at: datetime
    created: bool
    user_id: str


@dataclass(frozen=True, slots=True)
class Light:
    """A step of the set-up: `since` is when the service saw it first, None when it has not."""

    name: LightName
    since: datetime | None


def lights(
    requests: Sequence[Requests], changes: Sequence[UserChange], now: datetime, *, groups: bool
) -> tuple[Light, ...]:
    """The lights of a set-up, of which the requests and changes since it began are known.

    - reached: the first request with a valid key, whatever its answer.
    - tested: the first successful read with a valid key, as every test of a connection has one.
    - activated: a test user was created and deleted again (JumpCloud). Microsoft Entra ID and Okta have no test user:
      their first change shows that provisioning is on, as does a first user who stays.
    - first-user: the first user who was created and stays.
    - first-group: the first group that was created.

    What the operator's doctor does counts as well: it uses the account's key.
    """
    valid = [each for each in requests if each.authenticated]
    good = [each for each in valid if each.succeeded]
    test_user, first_user = _users(changes, now)
    found: dict[LightName, datetime | None] = {
        "reached": _first(each.first for each in valid),
        "tested": _first(each.first for each in good if each.operation in READING),
        "activated": test_user or _first([*_changes(good, changes), *([first_user] if first_user else [])]),
        "first-user": first_user,
    }
    if groups:
        found["first-group"] = _first(each.first for each in good if each.operation == "CreateGroup")
    return tuple(Light(name, since) for name, since in found.items())


def failures(requests: Iterable[Requests]) -> list[Requests]:
    """The kinds of requests that were refused or failed, the latest first."""
    failed = [each for each in requests if each.status >= 400 and each.reason is not None]
    return sorted(failed, key=lambda each: each.last, reverse=True)[:MAX_FAILURES]


def _users(changes: Sequence[UserChange], now: datetime) -> tuple[datetime | None, datetime | None]:
    """When the first test user was gone again, and when the first user was created who stays."""
    created: dict[str, datetime] = {}
    test_user: datetime | None = None
    for change in sorted(changes, key=lambda each: each.at):
        if change.created:
            created.setdefault(change.user_id, change.at)
        elif (at := created.pop(change.user_id, None)) is not None and change.at - at <= TEST_USER_LIFE:
            test_user = test_user or change.at
    # An activation has one test user at a time: of several users, at least one is no test user.
    are_several = len(created) > 1
    stays = [at for at in created.values() if are_several or (test_user and at > test_user) or now - at >= STAYS_AFTER]
    return test_user, _first(stays)


def _changes(good: Sequence[Requests], changes: Sequence[UserChange]) -> list[datetime]:
    """When changes were made that are not those of a test user."""
    if changes:
        # JumpCloud changes its test user; whether this is one shows when the user is deleted, or stays.
        return [each.first for each in good if each.operation in CHANGING and each.operation.endswith("Group")]
    return [each.first for each in good if each.operation in CHANGING]


def _first(moments: Iterable[datetime]) -> datetime | None:
    return min(moments, default=None)

"""How many users may lose access at once: one wrong group scope in an identity provider can empty a directory.

An account's guard counts losses of access (`.access`) over a rolling day. A request takes a place before it writes, so
that no more than the limit get through at the same time, and gives the place back when nothing was written. The first
request that finds no place pauses the account: for a day, or until an operator resumes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Final, Protocol, Self

from domain import remedies
from domain.effects import Effects
from domain.errors import Forbidden, Retryable, ScimError

HOURS: Final = 24
"""Length of the rolling window; older losses no longer count."""
PAUSE: Final = timedelta(hours=24)
"""How long an account stays paused unless it is resumed."""
PASS: Final = timedelta(hours=24)
"""How long an operator's permission for one user lasts."""
MAX_PASSES: Final = 20
"""Users whom an operator may let through at the same time; for more, resume the account."""
SETTLED: Final = timedelta(days=1)
"""Age from which a user counts for the size of an account, which a client must not be able to inflate."""
LEAST: Final = 3
"""Losses that a limit with a percentage allows in every account, so that a small team can let two people go."""

_TEXT: Final = re.compile(r"(\d{1,7})(?:\s*(?:,|or)\s*(\d{1,3})\s*%)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many users may lose access in a day.

    A number alone is that number, whatever the account's size. With `percent` the limit follows the settled users, who
    are active and have been there for more than a day: the number, but at most half of them in a small account;
    `percent` of them in a large one.
    """

    users: int
    percent: int = 0

    def __post_init__(self) -> None:
        if self.users < 0 or not 0 <= self.percent <= 100:
            raise ValueError("a limit below 0 users or above 100 percent")

    @classmethod
    def parse(cls, text: str) -> Limit | None:
        """Return the limit that a person writes, such as `20` or `20,10%`; None for any other text.

        >>> Limit.parse("20, 10%")
        Limit(users=20, percent=10)
        """
        found = _TEXT.fullmatch(text.strip())
        if found is None or int(found[2] or 0) > 100:
            return None
        return cls(int(found[1]), int(found[2] or 0))

    @property
    def least(self) -> int:
        """Losses allowed in any account; up to this number the users need not be counted."""
        return min(self.users, LEAST) if self.percent else self.users

    @property
    def is_closed(self) -> bool:
        """True if no user may lose access, whatever the account's size; then no pause begins or ends."""
        return not self.users and not self.percent

    def allowance(self, settled: int) -> int:
        """Return how many losses are allowed in an account of so many settled users.

        >>> [Limit(20, 10).allowance(users) for users in (3, 12, 40, 200, 1_000)]
        [3, 6, 20, 20, 100]
        """
        if not self.percent:
            return self.users
        return max(min(self.users, max(LEAST, settled // 2)), settled * self.percent // 100)

    def __str__(self) -> str:
        return f"{self.users},{self.percent}%" if self.percent else str(self.users)


DEFAULT_LIMIT: Final = Limit(20, 10)
OFF: Final = "off"


def limit_as_text(limit: Limit | None) -> str:
    """Return a limit as it is written and shown, `off` for none."""
    return OFF if limit is None else str(limit)


@dataclass(frozen=True, slots=True)
class LetThrough:
    """A user who may lose access once while the account is paused, until when, and which operator allowed it."""

    user_id: str
    until: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Place:
    """A place that was taken: how many are `used` with it, of how many `allowed` (None: not computed yet).

    `hour` (since 1970) is the one in which it counts; `let_through` is the permission by which it passed the limit.
    """

    used: int
    allowed: int | None
    hour: int
    let_through: LetThrough | None = None

    @property
    def is_in_second_half(self) -> bool:
        """True if at least half of what is allowed is used."""
        return self.let_through is None and self.allowed is not None and 2 * self.used >= self.allowed


@dataclass(frozen=True, slots=True)
class GuardState:
    """How far an account is: losses of access in the last day, and how many there may be."""

    used: int
    allowed: int
    is_paused: bool
    """True if the next loss of access will be refused."""
    paused_until: datetime | None = None
    """When the pause ends; None before the first refusal."""
    let_through: tuple[LetThrough, ...] = ()


class DeprovisioningPaused(Forbidden):
    """The account's limit is reached: no other user loses access until the pause ends or an operator resumes."""

    reason = "deprovisioning-paused"
    remedy = (
        f"Check who lost access ({remedies.LOST_ACCESS}) and which users the identity provider has in scope. If the "
        f"change is intended: {remedies.resume()}. For one urgent user: {remedies.let_through()}."
    )

    def __init__(self, account: str, used: int, until: datetime) -> None:
        super().__init__(
            f"Nothing was changed: deprovisioning is paused until {minute_text(until)}. {used} of this account's "
            "users lost access within a day, which is its limit. Check which users and groups the identity provider "
            "has in scope. If the change is intended, the service's operator ends the pause with: "
            f"{remedies.resume(account)}; or lets one user through with: "
            f"{remedies.let_through(account, '--email ADDRESS')}"
        )


class DeprovisioningGuard(Protocol):
    """Counts an account's losses of access over a rolling day, exactly, however many requests run at once."""

    def take(self, user_id: str | None = None) -> Place:
        """Count one more loss, of that user.

        Raises `DeprovisioningPaused` when the limit is reached and no operator let the user through.
        """

    def give_back(self, place: Place) -> None:
        """Stop counting the place, because no user lost access after all."""

    def state(self) -> GuardState:
        """Return how much of the limit is used, to show it."""

    def resume(self, by: str, at: str) -> None:
        """End the pause and begin a new day; `by` is the operator, `at` RFC 3339 text."""

    def let_through(self, user_id: str, by: str) -> LetThrough:
        """Let one user lose access while the account is paused, once and within a day; `by` is the operator."""


class Reservation:
    """A request's place in the guard's count; taken once, given back unless it was used.

    Without a guard it lets everything through.
    """

    def __init__(self, guard: DeprovisioningGuard | None, effects: Effects) -> None:
        self._guard = guard
        self._effects = effects
        self._place: Place | None = None

    def take(self, user_id: str) -> None:
        """Take the place for that user unless it is taken; raises `DeprovisioningPaused`."""
        if self._guard is None or self._place is not None:
            return
        try:
            self._place = self._guard.take(user_id)
        except DeprovisioningPaused:
            self._effects.refused += 1
            raise

    def use(self, user_id: str) -> None:
        """Keep the place, because the user lost access."""
        place, self._place = self._place, None
        if place is None:
            return
        self._effects.guard_used, self._effects.guard_allowed = place.used, place.allowed
        self._effects.half_used = self._effects.half_used or place.is_in_second_half
        if place.let_through is not None:
            self._effects.let_through[user_id] = place.let_through.by

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # After a failure of the table it is unknown whether the write was done; then the place counts as used.
        nothing_was_written = error is None or (isinstance(error, ScimError) and not isinstance(error, Retryable))
        if self._place is not None and self._guard is not None and nothing_was_written:
            self._guard.give_back(self._place)


def settled_before(now: datetime) -> str:
    """Return the time, in the form of `StoredUser.created`, up to which created users count for an account's size."""
    return (now - SETTLED).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def minute_text(moment: datetime) -> str:
    """Return the minute in UTC, such as 2030-01-31T12:00Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")

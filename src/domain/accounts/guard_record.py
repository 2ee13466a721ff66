"""What a deprovisioning guard has recorded of an account, and what follows from it at a given time.

Every `DeprovisioningGuard` uses this arithmetic, wherever it keeps its record. `now` is the wall clock in seconds since
1970; hours are whole hours since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.accounts.deprovisioning import HOURS, GuardState, LetThrough, Limit


def hour_of(now: float) -> int:
    """The hour in which a loss of access counts.

    >>> hour_of(7_200.5)
    2
    """
    return int(now // 3600)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many users a limit allows, worked out in that hour from the number of settled users."""

    users: int
    hour: int
    limit: str


@dataclass(frozen=True, slots=True)
class Pause:
    """The account is paused until then, by that limit."""

    until: datetime
    limit: str


@dataclass(frozen=True, slots=True)
class GuardRecord:
    """Losses of access by hour, the last known allowance, the pause, and the users who may pass it.

    >>> record = GuardRecord({100: 2, 130: 1})
    >>> record.used, record.current(Limit(5), now=130 * 3600).used
    (3, 1)
    """

    hours: Mapping[int, int] = field(default_factory=dict)
    allowance: Allowance | None = None
    pause: Pause | None = None
    passes: tuple[LetThrough, ...] = ()

    @property
    def used(self) -> int:
        """How many losses of access are recorded."""
        return sum(self.hours.values())

    def current(self, limit: Limit, now: float) -> GuardRecord:
        """The part of the record that still counts.

        That is the last 24 hours and the hour in which they began. When a pause is over a new day begins, as when an
        operator resumes: nothing from before counts. A pause by a limit that has been changed has no effect.
        """
        pause, hours = self.pause, {hour: n for hour, n in self.hours.items() if hour >= hour_of(now) - HOURS}
        if pause is not None and pause.until.timestamp() <= now:
            pause, hours = None, {}
        if pause is not None and pause.limit != str(limit):
            pause = None
        passes = tuple(each for each in self.passes if each.until.timestamp() > now)
        return replace(self, hours=hours, pause=pause, passes=passes)

    def allowed(self, limit: Limit, now: float) -> int | None:
        """How many losses of access the limit allows; None when the settled users were not counted within a day."""
        if not limit.percent:
            return limit.users
        known = self.allowance
        if known is None or known.hour <= hour_of(now) - HOURS or known.limit != str(limit):
            return None
        return known.users

    def state(self, limit: Limit, now: float) -> GuardState:
        """What a person sees of the record."""
        current, known = self.current(limit, now), self.allowed(limit, now)
        allowed = max(limit.least, known or 0)
        # The first request above the least counts the settled users, and then may find room after all.
        used_up = known is not None and current.used >= allowed
        until = None if current.pause is None else current.pause.until
        return GuardState(current.used, allowed, until is not None or used_up, until, current.passes)

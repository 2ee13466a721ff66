"""How many users may lose access at once: one wrong group scope in an identity provider can empty a directory.

An account's guard counts deactivations and removals over a rolling hour. A request takes its place before it writes,
so that never more than the limit get through at the same time; it gives the place back when nothing was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from domain.effects import Effects
from domain.errors import Forbidden, Retryable, ScimError

if TYPE_CHECKING:
    from domain.ports import DeprovisioningGuard

MINUTES: Final = 60
"""Of the rolling window."""

_TEXT: Final = re.compile(r"(\d{1,7})(?:\s*(?:,|or)\s*(\d{1,3})\s*%)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `users` in any hour, or `percent` of the users who are active when those are used up, if that is more."""

    users: int
    percent: int = 0

    def __post_init__(self) -> None:
        if self.users < 0 or not 0 <= self.percent <= 100:
            raise ValueError("a limit of less than no users, or of more than all")

    @classmethod
    def parse(cls, text: str) -> Limit | None:
        """The limit that a person writes, such as `20` or `20,10%`; None for any other text."""
        found = _TEXT.fullmatch(text.strip())
        if found is None or int(found[2] or 0) > 100:
            return None
        return cls(int(found[1]), int(found[2] or 0))

    def __str__(self) -> str:
        return f"{self.users},{self.percent}%" if self.percent else str(self.users)


DEFAULT_LIMIT: Final = Limit(20, 10)


@dataclass(frozen=True, slots=True)
class GuardState:
    """How far an account is: deactivations and removals in the last hour, and how many there may be."""

    used: int
    allowed: int
    is_paused: bool
    """Whether the next one will be refused."""


class DeprovisioningPaused(Forbidden):
    """The account's limit is reached: nobody else is deactivated or removed until an hour has passed or a person has
    looked."""

    reason = "deprovisioning-paused"
    remedy = (
        "Look at who was deactivated or removed in the last hour and at the identity provider's scope. If it is as "
        "intended: rollcall account resume NAME."
    )

    def __init__(self, account: str, let_through: int) -> None:
        super().__init__(
            f"Nothing was changed: as many users of this account as it allows ({let_through}) were deactivated or "
            "removed within an hour. Check which users and groups the identity provider has in scope. If it is "
            f"intended, the service's operator lets it go on with: rollcall account resume {account}"
        )


class Reservation:
    """A request's place among those that the guard lets through; taken once, given back unless it was used.

    Without a guard it lets everything through.
    """

    def __init__(self, guard: DeprovisioningGuard | None, effects: Effects) -> None:
        self._guard = guard
        self._effects = effects
        self._taken = False

    def take(self) -> None:
        """Take the place, if this has not been done; raises `DeprovisioningPaused`."""
        if self._guard is None or self._taken:
            return
        try:
            self._guard.take()
        except DeprovisioningPaused:
            self._effects.refused += 1
            raise
        self._taken = True

    def use(self) -> None:
        """The user was deactivated or removed."""
        self._taken = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # After a failure of the table nobody knows whether the write was done after all; then the place counts as used.
        nothing_was_written = error is None or (isinstance(error, ScimError) and not isinstance(error, Retryable))
        if self._taken and self._guard is not None and nothing_was_written:
            self._guard.give_back()

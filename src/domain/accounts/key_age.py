"""How old an account's Connector Key is, and when an operator should rotate it.

A bearer token should not live for ever (RFC 7644 section 7.4), but a person must paste a new one into the identity
provider. So no key is refused for its age: there is a notice 90 and 30 days before it is a year old, and then an alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.accounts.account import Connector
from domain.limits import MAX_KEY_AGE

_DAY: Final = timedelta(days=1)
_SOON: Final = timedelta(days=90)
_VERY_SOON: Final = timedelta(days=30)
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Urgency(StrEnum):
    """How soon a key should be rotated."""

    NONE = "none"
    SOON = "soon"
    VERY_SOON = "very-soon"
    NOW = "now"


@dataclass(frozen=True, slots=True)
class KeyAge:
    """The age of a key in whole days; None when its secret, written by hand, does not say when it was made."""

    days: int | None

    @classmethod
    def of(cls, connector: Connector, now: datetime) -> KeyAge:
        """The age of the account's current key."""
        made = connector.current.created_at
        return cls(None if made < _EARLIEST else max(0, (now - made) // _DAY))

    @property
    def urgency(self) -> Urgency:
        """`NOW` from `MAX_KEY_AGE` on, and for a key of unknown age."""
        left = timedelta(0) if self.days is None else MAX_KEY_AGE - self.days * _DAY
        if left <= timedelta(0):
            return Urgency.NOW
        return Urgency.VERY_SOON if left <= _VERY_SOON else Urgency.SOON if left <= _SOON else Urgency.NONE

    @property
    def is_old(self) -> bool:
        """True if the alarm counts this key."""
        return self.urgency is Urgency.NOW

    def __str__(self) -> str:
        return "unknown" if self.days is None else "1 day" if self.days == 1 else f"{self.days} days"

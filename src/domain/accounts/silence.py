"""What needs attention in an account although no request fails: silence, a key about to be refused, a key too old."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from domain.accounts.account import Connector, KeyUsed
from domain.accounts.key_age import KeyAge

ENDING_GRACE: Final = timedelta(hours=48)
"""A previous key with less left of its grace period, and in use, needs attention; a metric filter counts its use."""


@dataclass(frozen=True, slots=True)
class LastRequest:
    """The last authenticated request of an account."""

    at: datetime
    key_used: KeyUsed


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of the requests of all accounts: the last ones by account, from logs read up to a moment.

    `upto` is None when no log was ever read.
    """

    upto: datetime | None
    last_requests: Mapping[str, LastRequest]

    def and_then(self, upto: datetime, found: Mapping[str, LastRequest]) -> Heard:
        """The same after logs up to a later moment were read; of two requests of an account the later one counts."""
        news = {
            account: last
            for account, last in found.items()
            if account not in self.last_requests or self.last_requests[account].at <= last.at
        }
        return Heard(upto, {**self.last_requests, **news})


class Memory(Protocol):
    """What one check of accounts leaves for the next one."""

    def read(self) -> Heard:
        """Everything that is remembered; nothing before the first check."""

    def remember(self, upto: datetime, heard: Mapping[str, LastRequest], forgotten: Collection[str]) -> None:
        """Replace what is known of these accounts, forget others, and note that the logs are read up to a moment."""


@dataclass(frozen=True, slots=True)
class AccountWarning:
    """What needs attention in an account; hours are rounded to a tenth."""

    account: str
    """The account."""
    reason: Literal["silent", "previous-key-ending", "key-old"]
    """What was found: [one of these words](errors.md#reasons-in-other-log-lines)."""
    silent_hours: float | None = None
    """How many hours ago the identity provider sent its last request. With reason `silent`."""
    previous_key_hours_left: float | None = None
    """How many hours of its grace period are left to the previous key. With reason `previous-key-ending`."""
    key_age_days: int | None = None
    """The age of the key in days. With reason `key-old`, unless the age is not known."""


def check_key_ages(connectors: Iterable[Connector], now: datetime) -> Iterator[AccountWarning]:
    """Yield a warning for each account with SCIM switched on and a key older than `MAX_KEY_AGE`."""
    for connector in connectors:
        age = KeyAge.of(connector, now)
        if connector.enabled and age.is_old:
            yield AccountWarning(connector.account, "key-old", key_age_days=age.days)


def check_requests(
    connectors: Iterable[Connector],
    last_requests: Mapping[str, LastRequest],
    now: datetime,
    silence: timedelta | None,
) -> Iterator[AccountWarning]:
    """Yield warnings for the accounts that SCIM is switched on for, from when they sent their last request.

    `last_requests` are by account. `silence` is how long an account may send nothing (None: any time). The use of a
    previous key is a warning when less than `ENDING_GRACE` is left of its grace period.

    An account without any request is not silent: it is not connected yet. An account that was switched on again has
    `silence` from then.
    """
    for connector in connectors:
        last = last_requests.get(connector.account)
        if last is None or not connector.enabled:
            continue
        quiet = now - max(last.at, _switched_on(connector) or last.at)
        if silence is not None and quiet > silence:
            yield AccountWarning(connector.account, "silent", silent_hours=_hours(now - last.at))
        previous = connector.previous_at(now)
        if previous is not None and last.key_used == "previous" and previous.expires_at - now < ENDING_GRACE:
            left = _hours(previous.expires_at - now)
            yield AccountWarning(connector.account, "previous-key-ending", previous_key_hours_left=left)


def _switched_on(connector: Connector) -> datetime | None:
    return connector.last_change.at if connector.last_change.action == "enable" else None


def _hours(period: timedelta) -> float:
    return round(period / timedelta(hours=1), 1)

"""What is wrong with an account although no request fails: silence, a key about to be refused, a key too old."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from domain.accounts.account import Connector, KeyUsed
from domain.accounts.key_age import KeyAge


@dataclass(frozen=True, slots=True)
class Heard:
    """The last authenticated request of an account."""

    at: datetime
    key_used: KeyUsed


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of an account; hours are rounded to a tenth."""

    account: str
    reason: Literal["silent", "previous-key-ending", "key-old"]
    silent_hours: float | None = None
    previous_key_hours_left: float | None = None
    key_age_days: int | None = None
    """None for an old key of unknown age, too."""


def old_keys(connectors: Iterable[Connector], now: datetime) -> Iterator[Finding]:
    """The accounts that SCIM is switched on for with a key older than `MAX_KEY_AGE`."""
    for connector in connectors:
        age = KeyAge.of(connector, now)
        if connector.enabled and age.is_old:
            yield Finding(connector.account, "key-old", key_age_days=age.days)


def findings(
    connectors: Iterable[Connector],
    heard: Mapping[str, Heard],
    now: datetime,
    silence: timedelta | None,
    ending: timedelta,
) -> Iterator[Finding]:
    """What is wrong with the accounts that SCIM is switched on for; `heard` by account, as far back as logs reach.

    `silence` is how long an account may say nothing (None: for ever), `ending` how much of its grace period a previous
    key may have left before its use is worth a word.

    An account that was never heard is not silent: it is not connected yet, or has been silent for longer than anybody
    kept logs. One that was switched on again has that long to be heard.
    """
    for connector in connectors:
        last = heard.get(connector.account)
        if last is None or not connector.enabled:
            continue
        quiet = now - max(last.at, _switched_on(connector) or last.at)
        if silence is not None and quiet > silence:
            yield Finding(connector.account, "silent", silent_hours=_hours(now - last.at))
        previous = connector.previous_at(now)
        if previous is not None and last.key_used == "previous" and previous.expires_at - now < ending:
            left = _hours(previous.expires_at - now)
            yield Finding(connector.account, "previous-key-ending", previous_key_hours_left=left)


def _switched_on(connector: Connector) -> datetime | None:
    return connector.last_change.at if connector.last_change.what == "enable" else None


def _hours(period: timedelta) -> float:
    return round(period / timedelta(hours=1), 1)

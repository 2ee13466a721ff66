"""An account's connector: its Connector Keys, its settings, and whether SCIM is switched on for it.

A `Connector` is a value; what happens to it (enable, rotate, revoke ...) gives a new one, stamped with who and when.
Times are aware datetimes in UTC, RFC 3339 text in JSON.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from domain.accounts.connector_key import ConnectorKey
from domain.accounts.deprovisioning import DEFAULT_LIMIT, Limit
from domain.accounts.rate import DEFAULT_RATE, Rate
from domain.limits import MAX_GRACE, MAX_REQUESTS_PER_SECOND

if TYPE_CHECKING:
    from domain.resources.attributes import Schema

Mode = Literal["tolerant", "strict"]
KeyUsed = Literal["current", "previous"]
IdentityProvider = Literal["jumpcloud", "entra", "okta"]
"""The names of the identity providers in commands and links."""

RELEASE_CHECK_ACCOUNT: Final = "rollcall-check"
"""The account in which each release is tried before it gets traffic (handlers/jobs/pre_traffic.py)."""

# Compared with in place of a missing key, so that this takes the same time as a wrong key.
_NO_KEY: Final = bytes(32)


class InvalidGrace(ValueError):
    """The grace period is out of range; the message names the range."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator can set for an account.

    - `mode`: "tolerant" accepts known deviations from the RFC.
    - `match_existing_by_email`: a create with the primary address of an existing user whom no identity provider has
      claimed takes that user over, instead of being refused with 409.
    - `adopted_keep_privileges`: a user taken over keeps roles, entitlements and userType.
    - `take_back_deactivated`: a create with the userName of a user whom the identity provider had deactivated brings
      that user back.
    - `deprovisioning_limit`: how many users may lose access in a day; None for any number.
    - `rate`: how many requests the account may send.
    - `groups`: the identity provider may manage groups; off, `/Groups` is a 404 that says why.
    - `idp`: the identity provider that the account uses, for the instructions that people see; None if not known.
    - `extensions`: the URNs of the extensions that the account has of those that the deployment declares; None for all.
    """

    mode: Mode = "tolerant"
    match_existing_by_email: bool = False
    deprovisioning_limit: Limit | None = DEFAULT_LIMIT
    adopted_keep_privileges: bool = False
    take_back_deactivated: bool = True
    rate: Rate = DEFAULT_RATE
    groups: bool = False
    idp: IdentityProvider | None = None
    extensions: tuple[str, ...] | None = None

    @property
    def is_tolerant(self) -> bool:
        """True if known deviations from the RFC are accepted."""
        return self.mode == "tolerant"

    def switched_on(self, declared: tuple[Schema, ...]) -> tuple[Schema, ...]:
        """Return those of the declared extensions that the account has; the argument itself if it has all."""
        if self.extensions is None:
            return declared
        wanted = {urn.lower() for urn in self.extensions}
        return tuple(schema for schema in declared if schema.id.lower() in wanted)

    @property
    def takes_back(self) -> bool:
        """True if deactivated users are taken back; in strict mode a taken userName is a 409 (RFC 7644 section 3.3)."""
        return self.take_back_deactivated and self.is_tolerant


@dataclass(frozen=True, slots=True)
class CurrentKey:
    """The key to paste into the identity provider."""

    key: ConnectorKey
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class PreviousKey:
    """The key before the last rotation, accepted until it expires."""

    key: ConnectorKey
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last thing done to a connector: what, when and by whom."""

    action: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Connector:
    """Everything stored about an account except its users."""

    account: str
    enabled: bool
    current: CurrentKey
    last_change: LastChange
    sealing_key: bytes = field(repr=False)
    previous: PreviousKey | None = None
    settings: Settings = Settings()
    setup_links: tuple[Mapping[str, Any], ...] = field(default=(), hash=False, repr=False)
    """As the secret has them: `domain.accounts.setup_links` reads them, which no request of a client needs."""
    stored: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """The secret's JSON object, of which a change keeps the members that this release does not know."""

    @classmethod
    def new(cls, key: ConnectorKey, sealing_key: bytes, now: datetime, by: str) -> Connector:
        """Return the connector of an account for which SCIM is switched on for the first time."""
        # Many releases a day, each tried for all functions at once, must not look like a directory being emptied or an
        # account that sends too much. A release is tried with groups too.
        is_of_releases = key.account == RELEASE_CHECK_ACCOUNT
        settings = (
            Settings(deprovisioning_limit=None, rate=Rate(MAX_REQUESTS_PER_SECOND), groups=True)
            if is_of_releases
            else Settings()
        )
        return cls(
            key.account,
            True,
            CurrentKey(key, now, by),
            LastChange("enable", now, by),
            sealing_key,
            settings=settings,
        )

    def switched(self, enabled: bool, now: datetime, by: str) -> Connector:
        """Return the connector with SCIM switched on or off; the keys stay."""
        return replace(
            self,
            enabled=enabled,
            last_change=LastChange("enable" if enabled else "disable", now, by),
        )

    def rotated(self, key: ConnectorKey, grace: timedelta, now: datetime, by: str) -> Connector:
        """Return the connector with `key` as its current one.

        The former current key is accepted for another `grace`, the key before it no longer. Raises `InvalidGrace` for a
        period that is negative or longer than `MAX_GRACE`.
        """
        if not timedelta(0) <= grace <= MAX_GRACE:
            raise InvalidGrace(f"The grace period of a previous key is between 0 and {MAX_GRACE.days} days.")
        previous = PreviousKey(self.current.key, now + grace) if grace > timedelta(0) else None
        changed = replace(self, current=CurrentKey(key, now, by), previous=previous)
        return replace(changed, last_change=LastChange("rotate-key", now, by))

    def without_previous(self, now: datetime, by: str) -> Connector:
        """Return the connector with its previous key revoked."""
        return replace(self, previous=None, last_change=LastChange("revoke-previous", now, by))

    def with_settings(self, settings: Settings, now: datetime, by: str) -> Connector:
        """Return the connector with other settings."""
        return replace(self, settings=settings, last_change=LastChange("set", now, by))

    def previous_at(self, now: datetime) -> PreviousKey | None:
        """Return the previous key if it is still accepted.

        Its grace period begins when the current key was created. A secret edited to name a creation time in the future
        therefore has no previous key; one day is allowed for clocks that differ.
        """
        if self.previous is None or self.current.created_at - now > timedelta(days=1):
            return None
        return self.previous if now < self.previous.expires_at else None


def key_used(connector: Connector | None, presented: ConnectorKey, now: datetime) -> KeyUsed | None:
    """Return which of the connector's keys was presented, or None.

    Both digests are always compared, in constant time, and against a constant for an account that does not exist: the
    time taken reveals neither whether the account exists nor how much of a key was right.
    """
    digest = presented.digest
    previous = connector.previous_at(now) if connector is not None else None
    is_current = hmac.compare_digest(digest, connector.current.key.digest if connector is not None else _NO_KEY)
    is_previous = hmac.compare_digest(digest, previous.key.digest if previous is not None else _NO_KEY)
    return "current" if is_current else "previous" if is_previous else None


def rfc3339(moment: datetime) -> str:
    """Return RFC 3339 text in UTC with whole seconds.

    >>> rfc3339(datetime(2030, 1, 31, 12, tzinfo=UTC))
    '2030-01-31T12:00:00Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

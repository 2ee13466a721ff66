"""An account's connector: its Connector Keys, its settings, and whether SCIM is switched on for it.

A `Connector` is a value; what happens to it (enable, rotate, revoke ...) gives a new one, stamped with who and when.
Times are aware datetimes in UTC, RFC 3339 text in JSON.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, get_args

from domain.accounts.connector_key import ConnectorKey
from domain.accounts.deprovisioning import DEFAULT_LIMIT, Limit
from domain.accounts.rate import DEFAULT_RATE, Rate
from domain.limits import MAX_GRACE, MAX_REQUESTS_PER_SECOND

Mode = Literal["tolerant", "strict"]
KeyUsed = Literal["current", "previous"]

RELEASE_CHECK_ACCOUNT: Final = "rollcall-check"
"""The account in which each release is tried before it gets traffic (handlers/jobs/pre_traffic.py); nobody's users."""

# Compared with when there is no key to compare with, so that its absence costs the same time as a wrong key.
_NO_KEY: Final = bytes(32)


class InvalidGrace(ValueError):
    """A grace period that no previous key gets; the message says which it gets."""


class InvalidConnector(ValueError):
    """The text kept for an account is not a connector; the message names the member at fault and holds no value."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator can set for an account.

    `mode`: whether what identity providers do beside the RFC is forgiven. `match_existing_by_email`: whether a create
    with the primary address of an existing user whom no identity provider has claimed takes that user over instead of
    being refused with 409; `adopted_keep_privileges`: whether the user's roles, entitlements and userType stay then.
    `take_back_deactivated`: whether a create with the userName of a user whom the identity provider had deactivated
    brings that user back. `deprovisioning_limit`: how many users may lose access in a day; None for any.
    `rate`: how many requests it may send.
    """

    mode: Mode = "tolerant"
    match_existing_by_email: bool = False
    deprovisioning_limit: Limit | None = DEFAULT_LIMIT
    adopted_keep_privileges: bool = False
    take_back_deactivated: bool = True
    rate: Rate = DEFAULT_RATE

    @property
    def is_tolerant(self) -> bool:
        """True if known deviations from the RFC are accepted."""
        return self.mode == "tolerant"

    @property
    def takes_back(self) -> bool:
        """Whether deactivated users are taken back; RFC 7644 section 3.3 has 409 for a userName that is taken."""
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
    """Everything kept of an account beside its users."""

    account: str
    enabled: bool
    current: CurrentKey
    last_change: LastChange
    sealing_key: bytes = field(repr=False)
    previous: PreviousKey | None = None
    settings: Settings = Settings()

    @classmethod
    def new(cls, key: ConnectorKey, sealing_key: bytes, now: datetime, by: str) -> Connector:
        """The connector of an account that SCIM is switched on for the first time."""
        # A day of many releases, each tried for all functions at once, must look neither like a directory that is being
        # emptied nor like an account that sends too much.
        is_of_releases = key.account == RELEASE_CHECK_ACCOUNT
        settings = (
            Settings(deprovisioning_limit=None, rate=Rate(MAX_REQUESTS_PER_SECOND)) if is_of_releases else Settings()
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
        """SCIM switched on or off; the keys stay."""
        return replace(
            self,
            enabled=enabled,
            last_change=LastChange("enable" if enabled else "disable", now, by),
        )

    def rotated(self, key: ConnectorKey, grace: timedelta, now: datetime, by: str) -> Connector:
        """`key` becomes the current one; the present one is accepted for `grace` more, the one before no longer.

        Raises `InvalidGrace` for one that is negative or longer than `MAX_GRACE`.
        """
        if not timedelta(0) <= grace <= MAX_GRACE:
            raise InvalidGrace(f"The grace period of a previous key is between 0 and {MAX_GRACE.days} days.")
        previous = PreviousKey(self.current.key, now + grace) if grace > timedelta(0) else None
        changed = replace(self, current=CurrentKey(key, now, by), previous=previous)
        return replace(changed, last_change=LastChange("rotate-key", now, by))

    def without_previous(self, now: datetime, by: str) -> Connector:
        """The previous key revoked."""
        return replace(self, previous=None, last_change=LastChange("revoke-previous", now, by))

    def with_settings(self, settings: Settings, now: datetime, by: str) -> Connector:
        """Other settings."""
        return replace(self, settings=settings, last_change=LastChange("set", now, by))

    def previous_at(self, now: datetime) -> PreviousKey | None:
        """The previous key, if it is still accepted.

        Its time counts from the making of the current one, so a secret that was edited to say that this is yet to come
        has no previous key. A day is left for clocks that differ.
        """
        if self.previous is None or self.current.created_at - now > timedelta(days=1):
            return None
        return self.previous if now < self.previous.expires_at else None

    def to_json(self) -> str:
        """The text that the account's secret holds."""
        value: dict[str, Any] = {
            "account": self.account,
            "enabled": self.enabled,
            "current": {
                "key": self.current.key.text,
                "createdAt": rfc3339(self.current.created_at),
                "createdBy": self.current.created_by,
            },
            "settings": {
                "mode": self.settings.mode,
                "matchExistingByEmail": self.settings.match_existing_by_email,
                "deprovisioningLimit": limit_as_text(self.settings.deprovisioning_limit),
                "adoptedKeepPrivileges": self.settings.adopted_keep_privileges,
                "takeBackDeactivated": self.settings.take_back_deactivated,
                "requestsPerSecond": self.settings.rate.per_second,
            },
            "lastChange": {
                "what": self.last_change.action,
                "at": rfc3339(self.last_change.at),
                "by": self.last_change.by,
            },
            "sealingKey": self.sealing_key.hex(),
        }
        if self.previous is not None:
            value["previous"] = {
                "key": self.previous.key.text,
                "expiresAt": rfc3339(self.previous.expires_at),
            }
        return json.dumps(value, indent=2)


def key_used(connector: Connector | None, presented: ConnectorKey, now: datetime) -> KeyUsed | None:
    """Which of the connector's keys was presented, or None.

    Digests are compared in constant time, always both, and against nothing at all for an account that does not exist:
    the time taken tells neither whether the account exists nor how much of a key was right.
    """
    digest = presented.digest
    previous = connector.previous_at(now) if connector is not None else None
    is_current = hmac.compare_digest(digest, connector.current.key.digest if connector is not None else _NO_KEY)
    is_previous = hmac.compare_digest(digest, previous.key.digest if previous is not None else _NO_KEY)
    return "current" if is_current else "previous" if is_previous else None


def connector_from_json(text: str, account: str) -> Connector:
    """The connector that the secret of `account` holds; raises `InvalidConnector`.

    Strict on what decides about access (keys, their account, `enabled`, expiry). What only informs people or has a
    default (settings, who and when) may be missing, so that a hand-written secret works.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidConnector("it is not JSON") from error
    root = _object(value, "the secret")
    if root.get("account") != account:
        raise InvalidConnector('"account" does not name the account of the secret')
    if not isinstance(root.get("enabled"), bool):
        raise InvalidConnector('"enabled" is neither true nor false')
    current = _object(root.get("current"), '"current"')
    key = _key(current, "current", account)
    created_at = _time(current.get("createdAt", _UNKNOWN_TIME), "current.createdAt")
    changed = _object(root.get("lastChange", {}), '"lastChange"')
    return Connector(
        account=account,
        enabled=root["enabled"],
        current=CurrentKey(
            key,
            created_at,
            _text(current, "createdBy"),
        ),
        last_change=LastChange(
            _text(changed, "what"),
            _time(changed.get("at", _UNKNOWN_TIME), "lastChange.at"),
            _text(changed, "by"),
        ),
        sealing_key=_sealing_key(root, key),
        previous=_previous(root, account, created_at),
        settings=_settings(_object(root.get("settings", {}), '"settings"')),
    )


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC with whole seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# A hand-written secret that does not say when its key was made: the key counts as old, and has no key before it.
_UNKNOWN_TIME: Final = "1970-01-01T00:00:00Z"


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidConnector(f"{name} is not a JSON object")
    return value


def _text(container: dict[str, Any], name: str) -> str:
    value = container.get(name, "unknown")
    # JSON can hold halves of characters, which nothing that is shown may.
    return value.encode(errors="replace").decode() if isinstance(value, str) else "unknown"


def _key(container: dict[str, Any], name: str, account: str) -> ConnectorKey:
    text = container.get("key")
    key = ConnectorKey.parse(text) if isinstance(text, str) else None
    if key is None or key.account != account:
        raise InvalidConnector(f'"{name}.key" is not a Connector Key of this account')
    return key


def _time(value: object, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise InvalidConnector(f'"{name}" is not a time such as 2030-01-31T12:00:00Z')


def _previous(root: dict[str, Any], account: str, rotated_at: datetime) -> PreviousKey | None:
    """The previous key; a secret that was edited to keep it for longer than `MAX_GRACE` keeps it for that long."""
    value = root.get("previous")
    if value is None:
        return None
    previous = _object(value, '"previous"')
    expires_at = _time(previous.get("expiresAt"), "previous.expiresAt")
    if expires_at - rotated_at > MAX_GRACE:
        expires_at = rotated_at + MAX_GRACE
    return PreviousKey(_key(previous, "previous", account), expires_at)


def _settings(value: dict[str, Any]) -> Settings:
    mode = value.get("mode", "tolerant")
    match = value.get("matchExistingByEmail", False)
    keep = value.get("adoptedKeepPrivileges", False)
    take_back = value.get("takeBackDeactivated", True)
    written = value.get("deprovisioningLimit", str(DEFAULT_LIMIT))
    if mode not in get_args(Mode):
        raise InvalidConnector('"settings.mode" is neither "tolerant" nor "strict"')
    if not isinstance(match, bool):
        raise InvalidConnector('"settings.matchExistingByEmail" is neither true nor false')
    if not isinstance(keep, bool):
        raise InvalidConnector('"settings.adoptedKeepPrivileges" is neither true nor false')
    if not isinstance(take_back, bool):
        raise InvalidConnector('"settings.takeBackDeactivated" is neither true nor false')
    limit = Limit.parse(written) if isinstance(written, str) else None
    if limit is None and written != OFF:
        raise InvalidConnector('"settings.deprovisioningLimit" is neither "off" nor text such as "20" or "20,10%"')
    return Settings(mode, match, limit, keep, take_back, _rate(value.get("requestsPerSecond", DEFAULT_RATE.per_second)))


def _rate(written: Any) -> Rate:
    try:
        if isinstance(written, int) and not isinstance(written, bool):
            return Rate(written)
    except ValueError as error:
        raise InvalidConnector(f'"settings.requestsPerSecond" is {error}') from error
    raise InvalidConnector('"settings.requestsPerSecond" is not a whole number')


OFF: Final = "off"


def limit_as_text(limit: Limit | None) -> str:
    """A limit as it is written and shown, `off` for none."""
    return OFF if limit is None else str(limit)


def _sealing_key(root: dict[str, Any], current: ConnectorKey) -> bytes:
    text = root.get("sealingKey")
    if text is None:
        return hashlib.sha256(b"sealing" + current.text.encode()).digest()
    try:
        sealing_key = bytes.fromhex(text)
    except (TypeError, ValueError) as error:
        raise InvalidConnector('"sealingKey" is not hexadecimal text') from error
    if len(sealing_key) < 16:
        raise InvalidConnector('"sealingKey" is shorter than 16 bytes')
    return sealing_key

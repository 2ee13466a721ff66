"""Authentication: the account that a request's Connector Key names, checked against Secrets Manager through a cache.

Each container reads an account's secret at most once per `ttl`, and again when a well-formed key does not match: a few
times, then once every 15 seconds, and never twice for the same key. So a new key works at once, or within 15 seconds
while other clients send wrong ones, and a flood of wrong keys causes hardly any reads. A flood of invented accounts is
bounded for each address (`adapters.secrets.guesses`). While Secrets Manager is down, the last good value is used for an
hour. A cache hit takes microseconds.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from threading import Lock
from typing import TYPE_CHECKING, Final

from adapters.secrets.connector_secrets import (
    ConnectorSecrets,
    ConnectorUnavailable,
    SecretsManagerDown,
    SecretUnusable,
)
from adapters.secrets.guesses import Guesses
from domain import remedies
from domain.accounts.account import Connector, KeyUsed, Settings, key_used
from domain.accounts.authorization import bearer_key
from domain.accounts.connector_key import ConnectorKey
from domain.errors import Forbidden, TooManyWrongKeys, Unauthorized

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

DEFAULT_TTL: Final = 60.0
_COOLDOWN: Final = 15.0
"""Seconds between re-reads of an account that gets wrong keys."""
LAST_GOOD_SECONDS: Final = 3600.0
"""How long the last good value is used while Secrets Manager is down; a key revoked meanwhile is accepted that long."""
_MOST_UNKNOWN_ACCOUNTS: Final = 1000
_MOST_REFUSED_KEYS: Final = 64
_REREADS_AT_ONCE: Final = 3
# Without any value, a request may read again soon, but not every request of a burst.
_PAUSE_WITHOUT_VALUE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The account of a request. `stale`: Secrets Manager is down and an earlier answer was used.

    `sealing_key` is the account's own secret for sealing cursors; a rotation of the Connector Key does not change it.
    """

    account: str
    settings: Settings
    key_used: KeyUsed
    previous_expires_at: datetime | None
    sealing_key: bytes = field(repr=False)
    stale: bool = False

    def hours_of_grace_left(self, now: datetime) -> float | None:
        """The hours for which the previous key remains valid; None for a request with the current key."""
        if self.key_used != "previous" or self.previous_expires_at is None:
            return None
        return round(max(0.0, (self.previous_expires_at - now).total_seconds() / 3600), 1)


@dataclass(frozen=True, slots=True)
class _State:
    """One answer of Secrets Manager: a connector, no such account (neither), or a failure.

    With both a connector and a failure, the connector is the last good value, valid until `good_until`.
    """

    expires: float
    connector: Connector | None = None
    failure: ConnectorUnavailable | None = None
    good_until: float = float("-inf")


class _CachedAccount:
    """The cache entry of one account. `state` is replaced as a whole, so it can be read without the lock."""

    __slots__ = ("allowance", "lock", "refused", "state")

    def __init__(self) -> None:
        self.lock = Lock()
        self.state = _State(expires=float("-inf"))
        # When the allowance of re-reads will be full again (the generic cell rate algorithm).
        self.allowance = float("-inf")
        # Digests of keys that did not match after a re-read. Without it, a client with a revoked key would use up the
        # allowance, and a new key would have to wait.
        self.refused: OrderedDict[bytes, None] = OrderedDict()


class Authenticator:
    """Checks Connector Keys; thread-safe.

    `monotonic` (seconds) ages the cache, `now` (aware datetime) decides whether a previous key has expired.
    """

    def __init__(
        self,
        client: SecretsManagerClient,
        prefix: str,
        *,
        ttl: float = DEFAULT_TTL,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._secrets = ConnectorSecrets(client, prefix)
        self._ttl = ttl
        self._monotonic = monotonic
        self._now = now
        self._lock = Lock()
        self._known: dict[str, _CachedAccount] = {}
        # Bounded, as any client can invent account names.
        self._unknown: OrderedDict[str, _CachedAccount] = OrderedDict()
        self._guesses = Guesses()

    def authenticate(self, authorization: str | None, address: str = "") -> Authenticated:
        """Return the account of the Authorization header, sent from that address.

        Raises `Unauthorized` (no, a malformed or a wrong key), `Forbidden` (the right key of an account that SCIM is
        switched off for), `TooManyWrongKeys` (nothing was looked up) and `ConnectorUnavailable` (503; it names the
        secret for the log).
        """
        key = bearer_key(authorization)
        entry = self._entry(key.account)
        state = entry.state
        wait = self._guesses.wait(address, self._monotonic())
        # For known accounts too: an attacker must not see which ones exist.
        if wait and key_used(state.connector, key, self._now()) is None:
            raise TooManyWrongKeys(ceil(wait))
        has_read = False
        if self._monotonic() >= state.expires:
            state, has_read = self._refresh(entry, key.account, state)
        used = key_used(state.connector, key, self._now())
        if has_read and used is None:
            # Counts as a re-read, so that probing shows no difference between known and unknown accounts.
            with entry.lock:
                self._allow(entry)
        # The key or the switch may be newer than the cache, and an answer to another thread's read may be older than
        # this request. So continue until this request itself has read, or is not allowed to.
        while not (has_read or _lets_in(state, used)):
            latest, has_read = self._reread(entry, key, state)
            if latest is state:
                break
            state = latest
            used = key_used(state.connector, key, self._now())
        if has_read and used is None and not isinstance(state.failure, SecretsManagerDown):
            self._remember_refused(entry, key)
            self._guesses.count(address, self._monotonic())
        return _answer(state, used, self._secrets.prefix)

    def _entry(self, account: str) -> _CachedAccount:
        entry = self._known.get(account)
        if entry is not None:
            return entry
        with self._lock:
            entry = self._known.get(account) or self._unknown.pop(account, None) or _CachedAccount()
            if account not in self._known:
                self._keep_unknown(account, entry)
            return entry

    def _keep_unknown(self, account: str, entry: _CachedAccount) -> None:
        self._unknown[account] = entry
        self._unknown.move_to_end(account)
        if len(self._unknown) > _MOST_UNKNOWN_ACCOUNTS:
            self._unknown.popitem(last=False)

    def _refresh(self, entry: _CachedAccount, account: str, seen: _State) -> tuple[_State, bool]:
        """The state that replaces an expired one, and True if this call, not another thread, has read it."""
        with entry.lock:
            if entry.state is not seen:
                return entry.state, False
            self._read(entry, account)
            return entry.state, True

    def _reread(self, entry: _CachedAccount, key: ConnectorKey, seen: _State) -> tuple[_State, bool]:
        """The state after `seen`, as far as the limits allow, and True if this call has read it."""
        with entry.lock:
            if entry.state is not seen:
                return entry.state, False
            if key.digest in entry.refused or not self._allow(entry):
                return seen, False
            self._read(entry, key.account)
            return entry.state, True

    def _allow(self, entry: _CachedAccount) -> bool:
        now = self._monotonic()
        if entry.allowance - now > _COOLDOWN * (_REREADS_AT_ONCE - 1):
            return False
        entry.allowance = max(entry.allowance, now) + _COOLDOWN
        return True

    def _read(self, entry: _CachedAccount, account: str) -> None:
        try:
            connector = self._secrets.read(account)
        except SecretsManagerDown as failure:
            now, before = self._monotonic(), entry.state
            last_good = before.connector if now < before.good_until else None
            again = now + _PAUSE_WITHOUT_VALUE if last_good is None else min(now + _COOLDOWN, before.good_until)
            # A copy, here and below: the cache must not keep a request alive through the traceback.
            entry.state = _State(again, last_good, failure.without_traceback(), before.good_until)
            return
        except SecretUnusable as failure:
            # Cached as long as a missing account: an attacker must not see the difference.
            entry.state = _State(self._monotonic() + self._ttl, None, failure.without_traceback())
            return
        now = self._monotonic()
        entry.state = _State(now + self._ttl, connector, good_until=now + LAST_GOOD_SECONDS)
        with self._lock:
            if connector is not None:
                self._known[account] = entry
                self._unknown.pop(account, None)
            elif self._known.pop(account, None) is not None:
                self._keep_unknown(account, entry)

    def _remember_refused(self, entry: _CachedAccount, key: ConnectorKey) -> None:
        with entry.lock:
            entry.refused[key.digest] = None
            if len(entry.refused) > _MOST_REFUSED_KEYS:
                entry.refused.popitem(last=False)


def _lets_in(state: _State, used: KeyUsed | None) -> bool:
    return state.connector is not None and state.connector.enabled and used is not None


def _answer(state: _State, used: KeyUsed | None, prefix: str) -> Authenticated:
    connector = state.connector
    if connector is None or used is None:
        if isinstance(state.failure, SecretsManagerDown):
            raise state.failure.of_some_account(prefix) if connector is None else state.failure.without_traceback()
        raise _refusal(state, prefix)
    if not connector.enabled:
        raise Forbidden(
            f'The Connector Key is right, but SCIM is switched off for the account "{connector.account}". The '
            f"service's operator can switch it on: {remedies.enable_account(connector.account)}",
            reason="account-disabled",
            remedy=f"Switch SCIM on for the account ({remedies.ENABLE_ACCOUNT}), or stop provisioning in the identity "
            "provider.",
            account=connector.account,
        )
    previous = connector.previous
    return Authenticated(
        connector.account,
        connector.settings,
        used,
        previous.expires_at if previous is not None else None,
        connector.sealing_key,
        stale=state.failure is not None,
    )


def _refusal(state: _State, prefix: str) -> Unauthorized:
    """The same answer to a wrong key, an unknown account and an unusable secret; only the log shows the difference."""
    unusable, connector = state.failure, state.connector
    if unusable is not None:
        name = unusable.secret_name
        account = name.removeprefix(prefix)
        return Unauthorized(
            _NOT_ACCEPTED, reason=unusable.reason, remedy=unusable.remedy, account=account, secret_name=name
        )
    if connector is None:  # the log names no account: the name in the key may be any text of a client
        return Unauthorized(_NOT_ACCEPTED, reason="unknown-account")
    return Unauthorized(_NOT_ACCEPTED, reason="wrong-key", account=connector.account)


_NOT_ACCEPTED: Final = (
    "This service does not accept the Connector Key. Paste the account's current Connector Key into the "
    "identity provider's token field."
)

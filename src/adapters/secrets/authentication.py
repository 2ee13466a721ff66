"""Authentication: the account that a request's Connector Key names, checked against Secrets Manager through a cache.

An account's secret is read at most once per `ttl` and container, and once more when a well-formed key does not fit:
a few times, then one more per `cooldown`, and not twice for the same key. So a new key works at once, or within the
`cooldown` while others send wrong ones, and a flood of those reads next to nothing; a flood of invented accounts is
bounded for each address that it comes from (`adapters.secrets.guesses`). While Secrets Manager is down, the
last good value serves for an hour. A hit asks no one and takes microseconds.
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
DEFAULT_COOLDOWN: Final = 15.0
LAST_GOOD_SECONDS: Final = 3600.0
"""How long the answer of a last successful read serves while Secrets Manager is down. A key that was revoked meanwhile
is accepted so long, therefore not for ever."""
_MOST_UNKNOWN_ACCOUNTS: Final = 1000
_MOST_REFUSED_KEYS: Final = 64
_REREADS_AT_ONCE: Final = 3
# Without any value to serve, the next request may ask again soon, but not every request of a burst.
_PAUSE_WITHOUT_VALUE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Authenticated:
    """Whose request it is. `stale`: Secrets Manager is down and an earlier answer was used.

    `sealing_key` is the account's own secret for sealing what goes out and comes back, such as cursors; it outlives a
    rotation of the Connector Key.
    """

    account: str
    settings: Settings
    key_used: KeyUsed
    previous_expires_at: datetime | None
    sealing_key: bytes = field(repr=False)
    stale: bool = False

    def hours_of_grace_left(self, now: datetime) -> float | None:
        """How long the previous key, if the request came with it, will be accepted still."""
        if self.key_used != "previous" or self.previous_expires_at is None:
            return None
        return round(max(0.0, (self.previous_expires_at - now).total_seconds() / 3600), 1)


@dataclass(frozen=True, slots=True)
class _State:
    """One answer of Secrets Manager: a connector, no such account (neither), or a failure.

    Connector and failure together: the last good value, kept while Secrets Manager is down, until `good_until`.
    """

    expires: float
    connector: Connector | None = None
    failure: ConnectorUnavailable | None = None
    good_until: float = float("-inf")


class _Entry:
    """What is known of one account. `state` is replaced whole, so that a reader without the lock sees one answer."""

    __slots__ = ("allowance", "lock", "refused", "state")

    def __init__(self) -> None:
        self.lock = Lock()
        self.state = _State(expires=float("-inf"))
        # When the allowance of re-reads will be full again (the generic cell rate algorithm).
        self.allowance = float("-inf")
        # Digests that did not fit what was read after they came. Without it, a connector left behind with a revoked
        # key would use up the allowance, and a new key would have to wait for it.
        self.refused: OrderedDict[bytes, None] = OrderedDict()


class Authenticator:
    """Checks Connector Keys; may be used by many threads.

    `monotonic` (seconds) ages the cache, `now` (aware datetime) decides whether a previous key has expired.
    """

    def __init__(
        self,
        client: SecretsManagerClient,
        prefix: str,
        *,
        ttl: float = DEFAULT_TTL,
        cooldown: float = DEFAULT_COOLDOWN,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._secrets = ConnectorSecrets(client, prefix)
        self._ttl = ttl
        self._cooldown = cooldown
        self._monotonic = monotonic
        self._now = now
        self._lock = Lock()
        self._known: dict[str, _Entry] = {}
        # Anybody can think up account names, so what is kept of names without a connector is bounded.
        self._unknown: OrderedDict[str, _Entry] = OrderedDict()
        self._guesses = Guesses()

    def authenticate(self, authorization: str | None, address: str = "") -> Authenticated:
        """The account that the Authorization header, sent from that address, proves the right to.

        Raises `Unauthorized` (no, a malformed or a wrong key), `Forbidden` (the right key of an account that SCIM is
        switched off for), `TooManyWrongKeys` (nothing was looked up) and `ConnectorUnavailable` (503; it names the
        secret for the log).
        """
        key = bearer_key(authorization)
        entry = self._entry(key.account)
        state = entry.state
        wait = self._guesses.wait(address, self._monotonic())
        # Whether the account is known here or not: a guesser must not see which are.
        if wait and key_used(state.connector, key, self._now()) is None:
            raise TooManyWrongKeys(ceil(wait))
        asked = False
        if self._monotonic() >= state.expires:
            state, asked = self._refresh(entry, key.account, state)
        used = key_used(state.connector, key, self._now())
        if asked and used is None:
            # Counts as a re-read, so that probing finds no difference between accounts, known or not, in use or not.
            with entry.lock:
                self._allow(entry)
        # The key, or the switch, may be newer than what is cached; an answer that another thread asked for, too, may
        # be older than this request. So go on until an answer was asked for on this request's behalf, or may not be.
        while not (asked or _lets_in(state, used)):
            latest, asked = self._reread(entry, key, state)
            if latest is state:
                break
            state = latest
            used = key_used(state.connector, key, self._now())
        if asked and used is None and not isinstance(state.failure, SecretsManagerDown):
            self._remember_refused(entry, key)
            self._guesses.count(address, self._monotonic())
        return _answer(state, used, self._secrets.prefix)

    def _entry(self, account: str) -> _Entry:
        entry = self._known.get(account)
        if entry is not None:
            return entry
        with self._lock:
            entry = self._known.get(account) or self._unknown.pop(account, None) or _Entry()
            if account not in self._known:
                self._keep_unknown(account, entry)
            return entry

    def _keep_unknown(self, account: str, entry: _Entry) -> None:
        self._unknown[account] = entry
        self._unknown.move_to_end(account)
        if len(self._unknown) > _MOST_UNKNOWN_ACCOUNTS:
            self._unknown.popitem(last=False)

    def _refresh(self, entry: _Entry, account: str, seen: _State) -> tuple[_State, bool]:
        """The state in the place of an expired one, and whether this call asked for it (or another thread did)."""
        with entry.lock:
            if entry.state is not seen:
                return entry.state, False
            self._read(entry, account)
            return entry.state, True

    def _reread(self, entry: _Entry, key: ConnectorKey, seen: _State) -> tuple[_State, bool]:
        """The state after `seen` as far as the limits allow, and whether this call asked for it."""
        with entry.lock:
            if entry.state is not seen:
                return entry.state, False
            if key.digest in entry.refused or not self._allow(entry):
                return seen, False
            self._read(entry, key.account)
            return entry.state, True

    def _allow(self, entry: _Entry) -> bool:
        now = self._monotonic()
        if entry.allowance - now > self._cooldown * (_REREADS_AT_ONCE - 1):
            return False
        entry.allowance = max(entry.allowance, now) + self._cooldown
        return True

    def _read(self, entry: _Entry, account: str) -> None:
        try:
            connector = self._secrets.read(account)
        except SecretsManagerDown as failure:
            now, before = self._monotonic(), entry.state
            last_good = before.connector if now < before.good_until else None
            again = now + _PAUSE_WITHOUT_VALUE if last_good is None else min(now + self._cooldown, before.good_until)
            # A copy, here and below: what is kept must not hold the stack of the request that met it, body and all.
            entry.state = _State(again, last_good, failure.anew(), before.good_until)
            return
        except SecretUnusable as failure:
            # Kept as long as the answer that there is no such account: a guesser must not see which of both it is.
            entry.state = _State(self._monotonic() + self._ttl, None, failure.anew())
            return
        now = self._monotonic()
        entry.state = _State(now + self._ttl, connector, good_until=now + LAST_GOOD_SECONDS)
        with self._lock:
            if connector is not None:
                self._known[account] = entry
                self._unknown.pop(account, None)
            elif self._known.pop(account, None) is not None:
                self._keep_unknown(account, entry)

    def _remember_refused(self, entry: _Entry, key: ConnectorKey) -> None:
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
            raise state.failure.of_some_account(prefix) if connector is None else state.failure.anew()
        raise _refusal(state, prefix)
    if not connector.enabled:
        raise Forbidden(
            f'The Connector Key is right, but SCIM is switched off for the account "{connector.account}". The '
            f"service's operator switches it on with: {remedies.enable_account(connector.account)}",
            reason="account-disabled",
            remedy=f"Switch SCIM on for the account ({remedies.ENABLE_ACCOUNT}), or off in the identity provider.",
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
    """One answer to a wrong key, an unknown account and an unusable secret; only the log says which it was."""
    unusable, connector = state.failure, state.connector
    if unusable is not None:
        reason, secret_name = unusable.reason, unusable.secret_name
        account: str | None = secret_name.removeprefix(prefix)
    else:
        # Without a connector no account is named: what a key without one calls an account is anybody's text.
        reason, secret_name = "unknown-account" if connector is None else "wrong-key", None
        account = None if connector is None else connector.account
    return Unauthorized(
        "The Connector Key is not one that this service accepts. Paste the account's current Connector Key into the "
        "identity provider's token field.",
        reason=reason,
        remedy=None if unusable is None else unusable.remedy,
        account=account,
        secret_name=secret_name,
    )

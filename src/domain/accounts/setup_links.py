"""Set-up links: what lets a customer's administrator open the set-up page of one account, for some days.

A link ends with a token, `rcs_<account>_<random><checksum>`, of the same form as a Connector Key. The account's secret
has the token's hash alone: who reads the secret cannot open the page. A link shows the key once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final, Literal, get_args

from domain.accounts.account import Connector, IdentityProvider, LastChange, rfc3339
from domain.accounts.connector_key import Entropy, account_in, new_secret
from domain.limits import MAX_SETUP_CHOICES, MAX_SETUP_LINK_PERIOD, MAX_SETUP_LINKS

PREFIX: Final = "rcs"
DEFAULT_PERIOD: Final = timedelta(days=7)

LinkState = Literal["open", "used", "expired"]
"""`used`: it has shown the key, and still shows how the set-up is going."""

_ID_BYTES: Final = 4
_ID: Final = re.compile(r"[0-9a-f]{8}")
# Compared with in place of a missing link, so that this takes the same time as a wrong token.
_NO_LINK: Final = bytes(32)


class TooManyLinks(ValueError):
    """The account has as many open links as it may have; the message says how many."""


class TooManyChoices(ValueError):
    """The identity provider of the link was changed so often that it stays."""


class InvalidPeriod(ValueError):
    """A link cannot be open for so long; the message names the range."""


@dataclass(frozen=True)
class SetupToken:
    """A well-formed token. Its text stays out of `repr`, so that no traceback or log line can show it."""

    account: str
    text: str = field(repr=False)

    @classmethod
    def generate(cls, account: str, entropy: Entropy) -> SetupToken:
        """Return a new token of an account; raises `InvalidAccountName`."""
        return cls(account, new_secret(PREFIX, account, entropy))

    @classmethod
    def parse(cls, text: str) -> SetupToken | None:
        """Return the token in `text`; None when its form or checksum is wrong."""
        account = account_in(PREFIX, text)
        return None if account is None else cls(account, text)

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the text, which is what is stored. A plain hash is enough for 190 random bits."""
        return hashlib.sha256(self.text.encode()).digest()


@dataclass(frozen=True, slots=True)
class SetupLink:
    """A link as the account's secret has it. `id` names it to the operator; it opens no page."""

    id: str
    digest: bytes = field(repr=False)
    created_at: datetime
    created_by: str
    expires_at: datetime
    idp: IdentityProvider | None = None
    """The identity provider that the operator or the administrator chose."""
    revealed_at: datetime | None = None
    """When it showed the Connector Key."""
    choices: int = 0
    """How often another identity provider was chosen."""
    stored: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """The link as the secret has it, of which a change keeps the members that this release does not know."""

    @classmethod
    def new(
        cls,
        token: SetupToken,
        *,
        entropy: Entropy,
        period: timedelta,
        idp: IdentityProvider | None,
        now: datetime,
        by: str,
    ) -> SetupLink:
        """Return the link of a new token, which opens the page for `period`; raises `InvalidPeriod`."""
        if not timedelta(days=1) <= period <= MAX_SETUP_LINK_PERIOD:
            raise InvalidPeriod(f"A set-up link is open for 1 to {MAX_SETUP_LINK_PERIOD.days} days.")
        return cls(entropy(_ID_BYTES).hex(), token.digest, now, by, now + period, idp)

    def is_open(self, now: datetime) -> bool:
        """Return True while the link opens the page, whether it has shown the key or not."""
        return now < self.expires_at

    def state(self, now: datetime) -> LinkState:
        """What an operator calls it."""
        if not self.is_open(now):
            return "expired"
        return "open" if self.revealed_at is None else "used"

    def chosen(self, idp: IdentityProvider) -> SetupLink:
        """Return the link with another identity provider; raises `TooManyChoices`."""
        if self.choices >= MAX_SETUP_CHOICES:
            raise TooManyChoices
        return replace(self, idp=idp, choices=self.choices + 1)

    def revealed(self, now: datetime) -> SetupLink:
        """Return the link after it has shown the key."""
        return replace(self, revealed_at=now)


def links_of(connector: Connector) -> tuple[SetupLink, ...]:
    """The account's links, open or not. One that was edited into something unusable is none: it opens nothing."""
    read = (_from_json(value) for value in connector.setup_links)
    return tuple(link for link in read if link is not None)


def with_links(
    connector: Connector, links: Sequence[SetupLink], now: datetime, change: LastChange | None = None
) -> Connector:
    """The connector with these links instead, without those that have expired."""
    kept = tuple(_as_json(link) for link in links if link.is_open(now))
    return replace(connector, setup_links=kept, last_change=change or connector.last_change)


def with_new_link(connector: Connector, new: SetupLink, now: datetime) -> Connector:
    """The connector with one more link; raises `TooManyLinks`."""
    links = [link for link in links_of(connector) if link.is_open(now)]
    if len(links) >= MAX_SETUP_LINKS:
        raise TooManyLinks(f"The account already has {MAX_SETUP_LINKS} open set-up links, the maximum")
    return with_links(connector, [*links, new], now, LastChange("invite", now, new.created_by))


def link_opened_by(token: SetupToken, connector: Connector | None, now: datetime) -> SetupLink | None:
    """Return the link that the token opens now, or None.

    As many digests are compared for every account, in constant time: the time taken reveals neither whether the account
    exists nor whether it has links.
    """
    links = () if connector is None else tuple(link for link in links_of(connector) if link.is_open(now))
    found = None
    for position in range(MAX_SETUP_LINKS):
        link = links[position] if position < len(links) else None
        is_same = hmac.compare_digest(token.digest, link.digest if link is not None else _NO_LINK)
        if is_same and link is not None:
            found = link
    return found


def _as_json(link: SetupLink) -> dict[str, Any]:
    value = {
        "id": link.id,
        "sha256": link.digest.hex(),
        "createdAt": rfc3339(link.created_at),
        "createdBy": link.created_by,
        "expiresAt": rfc3339(link.expires_at),
        "idp": link.idp,
        "revealedAt": None if link.revealed_at is None else rfc3339(link.revealed_at),
        "choices": link.choices,
    }
    if link.idp is None and link.stored.get("idp") not in get_args(IdentityProvider):
        value["idp"] = link.stored.get("idp")
    return value | {name: member for name, member in link.stored.items() if name not in value}


def _from_json(value: Mapping[str, Any]) -> SetupLink | None:
    try:
        idp, revealed, by = value.get("idp"), value.get("revealedAt"), value.get("createdBy")
        choices = value.get("choices", 0)
        digest = bytes.fromhex(value["sha256"])
        created_at = _time(value["createdAt"])
        if len(digest) != len(_NO_LINK) or not _ID.fullmatch(value["id"]):
            return None
        return SetupLink(
            id=value["id"],
            digest=digest,
            created_at=created_at,
            created_by=by.encode(errors="replace").decode() if isinstance(by, str) else "unknown",
            # An edited secret cannot keep a link open for longer than a link may be.
            expires_at=min(_time(value["expiresAt"]), created_at + MAX_SETUP_LINK_PERIOD),
            idp=idp if idp in get_args(IdentityProvider) else None,
            revealed_at=None if revealed is None else _time(revealed),
            choices=choices if isinstance(choices, int) else 0,
            stored=value,
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC)

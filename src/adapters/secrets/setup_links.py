"""The set-up links of the accounts, in the accounts' secrets."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from adapters.secrets.conditional_change import AdministrationError, NoSuchAccount, changed
from adapters.secrets.connector_secrets import ConnectorSecrets, SecretUnusable
from domain.accounts.account import Connector, IdentityProvider, LastChange
from domain.accounts.connector_key import account_name
from domain.accounts.setup_links import (
    DEFAULT_PERIOD,
    InvalidPeriod,
    SetupLink,
    SetupToken,
    TooManyLinks,
    link_opened_by,
    links_of,
    with_links,
    with_new_link,
)

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class LinkClosed(Exception):
    """The token opens no page: unknown, expired, revoked, or of an account that was deleted."""


class KeyShownBefore(Exception):
    """The link has shown the Connector Key already."""


class SwitchedOff(Exception):
    """SCIM is off for the account, so the key would be refused; nothing was shown."""


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """A link that a token opened, and the account's connector."""

    link: SetupLink
    connector: Connector


class SetupLinks:
    """The links of one deployment. `actor` returns who invites or revokes; it is called only for a change.

    All methods raise `AdministrationError` when Secrets Manager refuses, `NoSuchAccount`, and `ConnectorUnavailable`
    for a secret that cannot be read or used.
    """

    def __init__(
        self,
        client: SecretsManagerClient,
        prefix: str,
        actor: Callable[[], str],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._secrets = ConnectorSecrets(client, prefix)
        self._actor = actor
        self._now = now

    def invite(
        self, account: str, period: timedelta = DEFAULT_PERIOD, idp: IdentityProvider | None = None
    ) -> tuple[SetupToken, SetupLink]:
        """Make a link; only now is there its token. `AdministrationError` for a period or number out of range."""
        now, token = self._now(), SetupToken.generate(account, secrets.token_bytes)
        try:
            link = SetupLink.new(token, entropy=secrets.token_bytes, period=period, idp=idp, now=now, by=self._actor())
            changed(self._secrets, account, lambda connector: with_new_link(connector, link, now))
        except InvalidPeriod as error:
            raise AdministrationError(f"{error} Nothing was changed.") from error
        except TooManyLinks as error:
            raise AdministrationError(
                f"{error}; nothing was changed. Close one first: rollcall account uninvite {account} ID"
            ) from error
        return token, link

    def of(self, account: str) -> tuple[SetupLink, ...]:
        """The account's links, open or not, the oldest first."""
        connector = self._secrets.read(account_name(account))
        if connector is None:
            raise NoSuchAccount(account)
        return links_of(connector)

    def revoke(self, account: str, ids: Collection[str] | None = None) -> tuple[SetupLink, ...]:
        """Close the links with these ids, or all of them; returns those that were open."""
        now, closed = self._now(), list[SetupLink]()

        def revoke(connector: Connector) -> Connector | None:
            links = [link for link in links_of(connector) if link.is_open(now)]
            closed[:] = [link for link in links if ids is None or link.id in ids]
            if not closed:
                return None
            kept = [link for link in links if link not in closed]
            return with_links(connector, kept, now, LastChange("uninvite", now, self._actor()))

        changed(self._secrets, account, revoke)
        return tuple(closed)

    def open(self, token: SetupToken) -> OpenedLink:
        """Return the link that a token opens; raises `LinkClosed` after the same calls, whatever is wrong with it."""
        try:
            connector = self._secrets.read(token.account)
        except SecretUnusable:
            connector = None
        link = link_opened_by(token, connector, self._now())
        if connector is None or link is None:
            raise LinkClosed
        return OpenedLink(link, connector)

    def choose(self, token: SetupToken, idp: IdentityProvider) -> OpenedLink:
        """Remember the identity provider that the administrator chose; raises `LinkClosed`, `TooManyChoices`."""
        return self._change(token, lambda opened: None if opened.link.idp == idp else opened.link.chosen(idp))

    def reveal(self, token: SetupToken) -> OpenedLink:
        """Mark the link as used and return what it shows, once: of several calls at the same time one succeeds.

        Raises `LinkClosed`, `KeyShownBefore`, and `SwitchedOff`, after which the link can still show the key.
        """

        def revealed(opened: OpenedLink) -> SetupLink:
            if opened.link.revealed_at is not None:
                raise KeyShownBefore
            if not opened.connector.enabled:
                raise SwitchedOff
            return opened.link.revealed(self._now())

        return self._change(token, revealed)

    def _change(self, token: SetupToken, change: Callable[[OpenedLink], SetupLink | None]) -> OpenedLink:
        self.open(token)
        now = self._now()
        found: list[SetupLink] = []

        def transition(connector: Connector) -> Connector | None:
            link = link_opened_by(token, connector, now)
            if link is None:
                raise LinkClosed
            after = change(OpenedLink(link, connector))
            found.append(after or link)
            if after is None:
                return None
            return with_links(connector, [after if each == link else each for each in links_of(connector)], now)

        try:
            connector = changed(self._secrets, token.account, transition)
        except NoSuchAccount:
            raise LinkClosed from None
        return OpenedLink(found[-1], connector)

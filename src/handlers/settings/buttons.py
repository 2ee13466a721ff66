"""What the controls of the settings page do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from adapters import clock
from adapters.dynamodb.table import DynamoDBAccount
from adapters.logs import telemetry
from adapters.logs.log import Log
from adapters.secrets.accounts import Accounts
from adapters.secrets.setup_links import SetupLinks
from domain import remedies
from domain.accounts import group_management
from domain.accounts.account import Connector
from domain.accounts.connector_key import ACCOUNT_NAME_RULE, InvalidAccountName, account_name
from handlers.settings.page import connect_html, invitation_html, values_html

UNKNOWN_ACTOR: Final = "unknown (see CloudTrail, Invoke)"


@dataclass(frozen=True, slots=True)
class Done:
    """The result of a control: a note for the page, a created account, the content of a pop-up, or a refused name."""

    note: str | None = None
    made: Connector | None = None
    popup: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Press:
    """The invocation of a control, and who pressed it as far as that is known."""

    actor: str
    request_id: str
    theme: str
    log: Log

    @property
    def by(self) -> str:
        """The actor for an account's or guard's last change, with the invocation if the actor is unknown."""
        return self.actor if self.actor != UNKNOWN_ACTOR else f"unknown (see CloudTrail, Invoke {self.request_id})"

    def audit(self, what: str, account: str) -> None:
        """Write an audit line of what the control did or showed."""
        telemetry.audit(self.log, what, account, self.actor, self.request_id)


@dataclass(frozen=True, slots=True)
class Invitations:
    """The set-up links, and the address of the page that they open."""

    links: SetupLinks
    page_url: str


@dataclass(frozen=True, slots=True)
class Buttons:
    """Carries out what was pressed, by `press`, and audits it. `account_of` opens an account in the table."""

    base_url: str
    reveals: bool
    accounts: Accounts
    account_of: Callable[[str], DynamoDBAccount]
    press: Press
    invitations: Invitations | None = None

    def act(self, action: str, account: str, link: str = "") -> Done:
        """Carry out an action; do nothing for an unknown one.

        Raises `AdministrationError`, `InvalidAccountName`, `ConnectorUnavailable` and `ScimError`.
        """
        match action:
            case "add":
                return self._add(account)
            case "enable" | "disable":
                return self._switch(account, on=action == "enable")
            case "groups-on" | "groups-off":
                return self._switch_groups(account, on=action == "groups-on")
            case "revoke":
                return self._revoke(account)
            case "rotate":
                connector = self.accounts.rotate_key(account).connector
                self.press.audit("key-rotated", account)
                return self._values(connector, f"New key for {account}")
            case "resume":
                return self._resume(account)
            case "reveal":
                return self._reveal(account)
            case "invite" if self.invitations is not None:
                return self._invite(account, self.invitations)
            case "uninvite" if self.invitations is not None:
                return self._uninvite(account, link, self.invitations)
            case "connect":
                connector = self.accounts.show(account)
                return Done(popup=connect_html(self.base_url, connector, self.press.theme))
            case _:
                return Done()

    def _add(self, account: str) -> Done:
        """Create the account of the name that was typed; a name that cannot be used is the field's error."""
        if not account:
            return Done(refusal=f"Enter the name of the account: {ACCOUNT_NAME_RULE}")
        try:
            if self.accounts.exists(account):
                return Done(refusal=f"The account {account} already exists: use its switch below.")
        except InvalidAccountName as refused:
            return Done(refusal=str(refused))
        outcome = self.accounts.enable(account)
        self.press.audit("enabled", account)
        return Done(f"SCIM is on for {account}.", outcome.connector if outcome.action == "created" else None)

    def _switch(self, account: str, *, on: bool) -> Done:
        state = "on" if on else "off"
        outcome = self.accounts.enable(account) if on else self.accounts.disable(account)
        if not outcome.changed:
            return Done(f"SCIM was already {state} for {account}.")
        self.press.audit("enabled" if on else "disabled", account)
        return Done(f"SCIM is {state} for {account}.", outcome.connector if outcome.action == "created" else None)

    def _switch_groups(self, account: str, *, on: bool) -> Done:
        state = "on" if on else "off"
        if not self.accounts.configure(account, groups=on).changed:
            return Done(f"Groups were already {state} for {account}.")
        self.press.audit(f"groups-switched-{state}", account)
        steps = " ".join(group_management.next_steps(switched_on=on))
        return Done(f"Groups are {state} for {account}. It takes effect within a minute. {steps}")

    def _revoke(self, account: str) -> Done:
        if not self.accounts.revoke_previous(account).changed:
            return Done("There was no previous key.")
        self.press.audit("previous-key-revoked", account)
        return Done(f"The previous key of {account} is revoked.")

    def _reveal(self, account: str) -> Done:
        if not self.reveals:
            typed = remedies.show_account(account_name(account), reveal=True)
            return Done(f"This page does not show existing keys. To see this key: {typed}")
        connector = self.accounts.show(account)
        self.press.audit("key-revealed", account)
        return self._values(connector, f"Base URL and Connector Key of {account}")

    def _values(self, connector: Connector, title: str) -> Done:
        return Done(popup=values_html(self.base_url, connector, title, self.press.theme))

    def _invite(self, account: str, invitations: Invitations) -> Done:
        token, link = invitations.links.invite(account_name(account))
        self.press.audit("invited", account)
        address = f"{invitations.page_url}#{token.text}"
        return Done(popup=invitation_html(account, address, link.expires_at, self.press.theme))

    def _uninvite(self, account: str, link: str, invitations: Invitations) -> Done:
        if not invitations.links.revoke(account_name(account), [link]):
            return Done(f"The account {account} has no open link {link}.")
        self.press.audit("uninvited", account)
        return Done(f"The link {link} of {account} is revoked.")

    def _resume(self, account: str) -> Done:
        limit = self.accounts.show(account).settings.deprovisioning_limit
        if limit is None or limit.is_closed:
            return Done(
                f"There is nothing to resume: {account} has no limit, or a limit that lets no user lose access."
            )
        self.account_of(account).guard(limit).resume(self.press.by, clock.now())
        self.press.audit("deprovisioning-resumed", account)
        return Done(f"The identity provider of {account} can deactivate and delete users again.")

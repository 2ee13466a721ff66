"""The settings page: a CloudWatch dashboard's custom widget to switch SCIM on and off and to manage Connector Keys.

CloudWatch calls this function with the IAM rights of the viewer of the dashboard (`lambda:InvokeFunction`), so the page
grants no new access. The event is the button's JSON plus `widgetContext`; the answer is HTML.

The event does not say who pressed a button (Amazon CloudWatch User Guide, "Details about custom widgets in
CloudWatch"), and could not be trusted if it did. So an audit line has the invocation's request id, by which a data
event of CloudTrail (Lambda, Invoke) names the person.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from adapters import clock
from adapters.aws import Clients
from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from adapters.dynamodb.table import DynamoDBAccount
from adapters.environment import Variables
from adapters.logs import telemetry
from adapters.logs.activity import AccountActivity, Activity, InsightsActivity
from adapters.logs.log import Log
from adapters.secrets.accounts import Accounts, ListedAccount
from adapters.secrets.conditional_change import AdministrationError
from adapters.secrets.connector_secrets import ConnectorUnavailable
from domain.accounts import group_management
from domain.accounts.account import Connector
from domain.accounts.connector_key import InvalidAccountName, account_name
from domain.accounts.deprovisioning import GuardState
from domain.errors import ScimError
from handlers.environment.settings import SettingsEnvironment
from handlers.settings.page import AccountRow, SettingsPage, values_html
from handlers.start import made_at_start

_DOCUMENTATION: Final = """## Rollcall settings
Shows the accounts of this deployment and manages their Connector Keys. Takes no parameters.
"""
_READERS: Final = 8
_SECONDS: Final = 5.0
"""For the reads of one account, for which the page waits."""


@dataclass(frozen=True, slots=True)
class _ButtonResult:
    """The result of a button: a note for the page, a created account, or the content of a pop-up."""

    note: str | None = None
    made: Connector | None = None
    popup: str | None = None


UNKNOWN_ACTOR: Final = "unknown (see CloudTrail, Invoke)"


@dataclass(frozen=True, slots=True)
class _Press:
    """The invocation of a button, and who pressed it as far as that is known."""

    actor: str
    request_id: str
    log: Log

    @property
    def by(self) -> str:
        """The actor for an account's or guard's last change, with the invocation if the actor is unknown."""
        return self.actor if self.actor != UNKNOWN_ACTOR else f"unknown (see CloudTrail, Invoke {self.request_id})"

    def audit(self, what: str, account: str) -> None:
        """Write an audit line of what the button did or showed."""
        telemetry.audit(self.log, what, account, self.actor, self.request_id)


@dataclass(frozen=True, slots=True)
class SettingsWidget:
    """The page. `accounts` gives them for changes by that actor; `activity` is what the log shows of each account.

    `base_url` is the SCIM Connector Base URL; `reveals` is False when the page shows no existing keys.
    """

    base_url: str
    reveals: bool
    accounts: Callable[[str], Accounts]
    table: Table
    activity: Activity
    log: Log

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> SettingsWidget:
        """Raise `InvalidEnvironment` for a variable that is missing."""
        environment, clients = SettingsEnvironment.from_env(env), Clients()
        secrets, prefix = clients.secretsmanager, environment.connector_secret_prefix
        return cls(
            environment.base_url,
            environment.reveals,
            lambda actor: Accounts(secrets, prefix, lambda: actor),
            Table(clients.dynamodb, environment.table_name),
            InsightsActivity(clients.logs, list(environment.log_groups)),
            Log.to_output(),
        )

    def __call__(self, event: dict[str, Any], context: Any) -> str:
        """Return the page, or the values for a pop-up; the page shows what went wrong."""
        if event.get("describe"):
            return _DOCUMENTATION
        done, error = _ButtonResult(), None
        try:
            done = self._act(event, _Press(_actor(context), str(context.aws_request_id), self.log))
        except (AdministrationError, InvalidAccountName) as refused:
            error = str(refused)
        except ConnectorUnavailable as unavailable:
            error = unavailable.remedy
        except ScimError as unavailable:
            error = unavailable.detail
        if done.popup is not None:
            return done.popup
        rows = None
        try:
            rows = self._rows()
        except AdministrationError as refused:
            error = error or str(refused)
        page = SettingsPage(
            self.base_url,
            context.invoked_function_arn,
            rows,
            done.note,
            error,
            done.made,
            _theme(event),
            self.reveals,
        )
        return page.html(datetime.now(UTC))

    def _act(self, event: dict[str, Any], press: _Press) -> _ButtonResult:
        """Carry out the button's action and audit it; do nothing without an action."""
        accounts, action = self.accounts(press.by), event.get("action")
        account = str(event.get("account") or _typed(event)).strip()
        match action:
            case "enable":
                outcome = accounts.enable(account)
                if not outcome.changed:
                    return _ButtonResult(f"SCIM was on for {account} already.")
                press.audit("enabled", account)
                return _ButtonResult(
                    f"SCIM is on for {account}.", outcome.connector if outcome.action == "created" else None
                )
            case "disable":
                if not accounts.disable(account).changed:
                    return _ButtonResult(f"SCIM was off for {account} already.")
                press.audit("disabled", account)
                return _ButtonResult(f"SCIM is off for {account}.")
            case "groups-on" | "groups-off":
                return _switch_groups(accounts, account, press, on=action == "groups-on")
            case "revoke":
                if not accounts.revoke_previous(account).changed:
                    return _ButtonResult("There was no previous key.")
                press.audit("previous-key-revoked", account)
                return _ButtonResult(f"The previous key of {account} is revoked.")
            case "rotate":
                connector = accounts.rotate_key(account).connector
                press.audit("key-rotated", account)
                return _ButtonResult(
                    popup=values_html(self.base_url, connector, f"New key for {account}", _theme(event))
                )
            case "resume":
                return self._resume(accounts, account, press)
            case "reveal" if not self.reveals:
                typed = f"rollcall account show {account_name(account)} --reveal"
                return _ButtonResult(f"This page shows no existing keys. To see it: {typed}")
            case "reveal":
                connector = accounts.show(account)
                press.audit("key-revealed", account)
                return _ButtonResult(
                    popup=values_html(self.base_url, connector, f"Connector of {account}", _theme(event))
                )
            case _:
                return _ButtonResult()

    def _resume(self, accounts: Accounts, account: str, press: _Press) -> _ButtonResult:
        limit = accounts.show(account).settings.deprovisioning_limit
        if limit is None or limit.is_closed:
            return _ButtonResult(f"Nothing to resume: {account} has no limit, or one that lets no user lose access.")
        self._account(account).guard(limit).resume(press.by, clock.now())
        press.audit("deprovisioning-resumed", account)
        return _ButtonResult(f"The identity provider of {account} may deactivate and remove users again.")

    def _rows(self) -> list[AccountRow]:
        listed = self.accounts("unknown").list_all()
        activity = self.activity.last_day()
        with ThreadPoolExecutor(_READERS) as pool:
            counts = list(pool.map(self._users, listed))
            guards = list(pool.map(self._guard_state, listed))
        rows = []
        for each, users, guard in zip(listed, counts, guards, strict=True):
            seen = None if activity is None else activity.get(each.account, AccountActivity())
            problem = each.problem.remedy if each.problem else None
            rows.append(AccountRow(each.account, each.connector, users, seen, problem, guard))
        return rows

    def _users(self, listed: ListedAccount) -> int | None:
        """The number of users of an account; None when the table does not answer in time."""
        try:
            return self._account(listed.account).users.total()
        except ScimError:
            return None

    def _guard_state(self, listed: ListedAccount) -> GuardState | None:
        """The state of the deprovisioning limit; None without one, or when the table does not answer."""
        limit = listed.connector.settings.deprovisioning_limit if listed.connector else None
        if limit is None:
            return None
        try:
            return self._account(listed.account).guard(limit).state()
        except ScimError:
            return None

    def _account(self, name: str) -> DynamoDBAccount:
        """Return an account in the table, with a short deadline, as the page waits."""
        return self.table.account(name, MonotonicDeadline.after(_SECONDS))


def _switch_groups(accounts: Accounts, account: str, press: _Press, *, on: bool) -> _ButtonResult:
    state = "on" if on else "off"
    if not accounts.configure(account, groups=on).changed:
        return _ButtonResult(f"Groups were {state} for {account} already.")
    press.audit(f"groups-switched-{state}", account)
    steps = " ".join(group_management.next_steps(switched_on=on))
    return _ButtonResult(f"Groups are {state} for {account}; it takes effect within a minute. {steps}")


def _actor(context: Any) -> str:
    """The caller: the operator of the local server, or the identity that Lambda has verified, which CloudWatch lacks.

    Neither the event nor the client context counts: a caller can write anything into them.
    """
    if operator := getattr(context, "operator", None):
        return str(operator)
    cognito = getattr(getattr(context, "identity", None), "cognito_identity_id", None)
    return f"Cognito identity {cognito}" if cognito else UNKNOWN_ACTOR


def _theme(event: dict[str, Any]) -> str:
    """The dashboard's theme, `light` or `dark`."""
    return str(_member(event, "widgetContext", "theme") or "light")


def _typed(event: dict[str, Any]) -> str:
    return str(_member(event, "widgetContext", "forms", "all", "account") or "")


def _member(event: Any, *path: str) -> Any:
    """The member at that path of an event of any form; None when there is none."""
    for name in path:
        event = event.get(name) if isinstance(event, dict) else None
    return event


handler: Final = made_at_start(SettingsWidget.from_env)

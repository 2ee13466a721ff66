"""The settings page: a CloudWatch dashboard's custom widget to switch SCIM on and off and to manage Connector Keys.

CloudWatch calls this function with the IAM rights of whoever looks at the dashboard (`lambda:InvokeFunction`), so no
new door is opened. The event is the button's JSON plus `widgetContext`; the answer is HTML.

Who pressed a button is not in the event (Amazon CloudWatch User Guide, "Details about custom widgets in CloudWatch"),
and would be the caller's own word if it were. So what is recorded has the invocation's request id, by which a data
event of CloudTrail (Lambda, Invoke) names the person.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from adapters import clock
from adapters.aws import on_lambda
from adapters.logs import telemetry
from adapters.logs.activity import AccountActivity
from adapters.secrets.accounts import Accounts, AdministrationError, ListedAccount
from adapters.secrets.connector_secrets import ConnectorUnavailable
from adapters.settings import SETTINGS
from domain.accounts.account import Connector
from domain.accounts.connector_key import InvalidAccountName, account_name
from domain.accounts.deprovisioning import GuardState
from domain.errors import ScimError
from handlers.settings.page import AccountRow, SettingsPage, values_html

_DOCUMENTATION: Final = """## Rollcall settings
Shows the accounts of this deployment and manages their Connector Keys. Takes no parameters.
"""
_READERS: Final = 8


@dataclass(frozen=True, slots=True)
class _Done:
    """What a button did: what the page says of it, the account that it made, or what a pop-up shows instead."""

    note: str | None = None
    made: Connector | None = None
    popup: str | None = None


UNKNOWN_ACTOR: Final = "unknown (see CloudTrail, Invoke)"


@dataclass(frozen=True, slots=True)
class _Press:
    """Who pressed a button, as far as that is known, and the invocation that it was."""

    actor: str
    request_id: str

    @property
    def by(self) -> str:
        """For what an account or guard keeps of its last change, where no line says which invocation it was."""
        return self.actor if self.actor != UNKNOWN_ACTOR else f"unknown (see CloudTrail, Invoke {self.request_id})"

    def audit(self, what: str, account: str) -> None:
        """Record what it did or showed."""
        telemetry.audit(what, account, self.actor, self.request_id)


if on_lambda():
    SETTINGS.warm()


def handler(event: dict[str, Any], context: Any) -> str:
    """The page, or the values for a pop-up; what goes wrong is said in the page."""
    if event.get("describe"):
        return _DOCUMENTATION
    done, error = _Done(), None
    try:
        done = _act(event, _Press(_actor(context), str(context.aws_request_id)))
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
        rows = _rows(SETTINGS.accounts)
    except AdministrationError as refused:
        error = error or str(refused)
    page = SettingsPage(
        SETTINGS.base_url,
        context.invoked_function_arn,
        rows,
        done.note,
        error,
        done.made,
        _theme(event),
        SETTINGS.reveals,
    )
    return page.html(datetime.now(UTC))


def _actor(context: Any) -> str:
    """Who calls: the operator of the local server, or the identity that Lambda has checked, which CloudWatch has not.

    Neither the event nor the client context counts: a caller can write anything into them.
    """
    if operator := getattr(context, "operator", None):
        return str(operator)
    cognito = getattr(getattr(context, "identity", None), "cognito_identity_id", None)
    return f"Cognito identity {cognito}" if cognito else UNKNOWN_ACTOR


def _act(event: dict[str, Any], press: _Press) -> _Done:
    """Do what the button says, and record who did it and to whom. Without an action there is nothing to do."""
    accounts, action = SETTINGS.accounts_for(press.by), event.get("action")
    account = str(event.get("account") or _typed(event)).strip()
    match action:
        case "enable":
            outcome = accounts.enable(account)
            if not outcome.changed:
                return _Done(f"SCIM was on for {account} already.")
            press.audit("enabled", account)
            return _Done(f"SCIM is on for {account}.", outcome.connector if outcome.action == "created" else None)
        case "disable":
            if not accounts.disable(account).changed:
                return _Done(f"SCIM was off for {account} already.")
            press.audit("disabled", account)
            return _Done(f"SCIM is off for {account}.")
        case "revoke":
            if not accounts.revoke_previous(account).changed:
                return _Done("There was no previous key.")
            press.audit("previous-key-revoked", account)
            return _Done(f"The previous key of {account} is revoked.")
        case "rotate":
            connector = accounts.rotate_key(account).connector
            press.audit("key-rotated", account)
            return _Done(popup=values_html(SETTINGS.base_url, connector, f"New key for {account}", _theme(event)))
        case "resume":
            limit = accounts.show(account).settings.deprovisioning_limit
            if limit is None or limit.is_closed:
                return _Done(f"Nothing to resume: {account} has no limit, or one that lets no user lose access.")
            SETTINGS.account(account).guard(limit).resume(press.by, clock.now())
            press.audit("deprovisioning-resumed", account)
            return _Done(f"The identity provider of {account} may deactivate and remove users again.")
        case "reveal" if not SETTINGS.reveals:
            typed = f"rollcall account show {account_name(account)} --reveal"
            return _Done(f"This page shows no existing keys. To see it: {typed}")
        case "reveal":
            connector = accounts.show(account)
            press.audit("key-revealed", account)
            return _Done(popup=values_html(SETTINGS.base_url, connector, f"Connector of {account}", _theme(event)))
        case _:
            return _Done()


def _theme(event: dict[str, Any]) -> str:
    """The dashboard's theme, `light` or `dark`."""
    return str(_member(event, "widgetContext", "theme") or "light")


def _typed(event: dict[str, Any]) -> str:
    return str(_member(event, "widgetContext", "forms", "all", "account") or "")


def _member(event: Any, *path: str) -> Any:
    """What lies there; None where nothing does, whatever whoever calls this function by hand has sent."""
    for name in path:
        event = event.get(name) if isinstance(event, dict) else None
    return event


def _rows(accounts: Accounts) -> list[AccountRow]:
    listed = accounts.list_all()
    activity = SETTINGS.activity.last_day()
    with ThreadPoolExecutor(_READERS) as pool:
        counts = list(pool.map(_users, listed))
        guards = list(pool.map(_guard, listed))
    rows = []
    for each, users, guard in zip(listed, counts, guards, strict=True):
        seen = None if activity is None else activity.get(each.account, AccountActivity())
        problem = each.problem.remedy if each.problem else None
        rows.append(AccountRow(each.account, each.connector, users, seen, problem, guard))
    return rows


def _users(listed: ListedAccount) -> int | None:
    """How many users an account has; None when the table does not answer in time."""
    try:
        return SETTINGS.account(listed.account).users.total()
    except ScimError:
        return None


def _guard(listed: ListedAccount) -> GuardState | None:
    """How far the account's deprovisioning limit is used up; None without one, or when the table does not answer."""
    limit = listed.connector.settings.deprovisioning_limit if listed.connector else None
    if limit is None:
        return None
    try:
        return SETTINGS.account(listed.account).guard(limit).state()
    except ScimError:
        return None

"""The settings page: a CloudWatch dashboard's custom widget to switch SCIM on and off and to manage Connector Keys.

CloudWatch calls this function with the IAM rights of whoever looks at the dashboard (`lambda:InvokeFunction`), so no
new door is opened. The event is the button's JSON plus `widgetContext`; the answer is HTML.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

from adapters import clock, telemetry
from adapters.accounts import Accounts, AdministrationError, Listed, Outcome
from adapters.activity import AccountActivity
from adapters.connector_secrets import ConnectorUnavailable
from adapters.settings import SETTINGS
from domain.connector_key import InvalidAccountName
from domain.errors import ScimError
from handlers.settings_html import Page, Row, values_html

_DOCUMENTATION: Final = """## Rollcall settings
Shows the accounts of this deployment and manages their Connector Keys. Takes no parameters.
"""
_SECONDS_FOR_COUNTS: Final = 5.0
_READERS: Final = 8


def handler(event: dict[str, Any], context: Any) -> str:
    """The page, or the values for a pop-up; what goes wrong is said in the page."""
    if event.get("describe"):
        return _DOCUMENTATION
    note, error = None, None
    try:
        answer = _act(event)
        if answer.startswith(("<", "\n<")):
            return answer
        note = answer or None
    except (AdministrationError, InvalidAccountName) as refused:
        error = str(refused)
    except ConnectorUnavailable as unavailable:
        error = unavailable.remedy
    page = Page(SETTINGS.base_url, context.invoked_function_arn, _rows(SETTINGS.accounts), note, error)
    return page.html(datetime.now(UTC))


def _act(event: dict[str, Any]) -> str:
    """Do what the button says; the note to show, or the HTML of a pop-up. Without an action there is nothing to do."""
    accounts, action = SETTINGS.accounts, event.get("action")
    account = str(event.get("account") or _typed(event)).strip()
    match action:
        case "enable":
            outcome = accounts.enable(account)
            _audit(outcome, "enabled")
            return f"SCIM is on for {account}." if outcome.changed else f"SCIM was on for {account} already."
        case "disable":
            outcome = accounts.disable(account)
            _audit(outcome, "disabled")
            return f"SCIM is off for {account}." if outcome.changed else f"SCIM was off for {account} already."
        case "revoke":
            outcome = accounts.revoke_previous(account)
            _audit(outcome, "previous-key-revoked")
            return f"The previous key of {account} is revoked." if outcome.changed else "There was no previous key."
        case "rotate":
            connector = accounts.rotate_key(account).connector
            telemetry.audit("key-rotated", account)
            return values_html(SETTINGS.base_url, connector, f"New key for {account}")
        case "reveal":
            connector = accounts.show(account)
            telemetry.audit("key-revealed", account)
            return values_html(SETTINGS.base_url, connector, f"Connector of {account}")
        case _:
            return ""


def _audit(outcome: Outcome, what: str) -> None:
    if outcome.changed:
        telemetry.audit(what, outcome.connector.account)


def _typed(event: dict[str, Any]) -> str:
    forms = (event.get("widgetContext") or {}).get("forms") or {}
    return str((forms.get("all") or {}).get("account", ""))


def _rows(accounts: Accounts) -> list[Row]:
    listed = accounts.list_all()
    activity = SETTINGS.activity.last_day()
    with ThreadPoolExecutor(_READERS) as pool:
        counts = list(pool.map(_users, listed))
    rows = []
    for each, users in zip(listed, counts, strict=True):
        seen = None if activity is None else activity.get(each.account, AccountActivity())
        problem = each.problem.remedy if each.problem else None
        rows.append(Row(each.account, each.connector, users, seen, problem))
    return rows


def _users(listed: Listed) -> int | None:
    """How many users an account has; None when the table does not answer in time."""
    try:
        return SETTINGS.table.users(listed.account, clock.MonotonicDeadline.after(_SECONDS_FOR_COUNTS)).total()
    except ScimError:
        return None

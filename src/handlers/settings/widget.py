"""The settings page: a CloudWatch dashboard's custom widget to switch SCIM on and off and to manage Connector Keys.

CloudWatch calls this function with the IAM rights of the viewer of the dashboard (`lambda:InvokeFunction`), so the page
grants no new access. The event is the button's JSON plus `widgetContext`; the answer is HTML.

The event does not say who pressed a button (Amazon CloudWatch User Guide, "Details about custom widgets in
CloudWatch"), and could not be trusted if it did. So an audit line has the invocation's request id, by which a data
event of CloudTrail (Lambda, Invoke) names the person.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from adapters.aws import Clients
from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from adapters.dynamodb.table import DynamoDBAccount
from adapters.environment import Variables
from adapters.logs.activity import AccountActivity, Activity, InsightsActivity
from adapters.logs.log import Log
from adapters.logs.lost_access import LostAccess
from adapters.secrets.accounts import Accounts, ListedAccount
from adapters.secrets.conditional_change import AdministrationError
from adapters.secrets.connector_secrets import ConnectorUnavailable
from adapters.secrets.setup_links import SetupLinks
from domain.accounts.connector_key import InvalidAccountName
from domain.accounts.deprovisioning import GuardState
from domain.errors import ScimError
from handlers.environment.settings import SettingsEnvironment
from handlers.settings.accounts import AccountRow, AccountViews, Pages
from handlers.settings.buttons import UNKNOWN_ACTOR, Buttons, Done, Invitations, Press
from handlers.settings.listing import Choice, Selection, select
from handlers.settings.page import page_html, settings_view, values
from handlers.settings.view import AccountView
from handlers.start import made_at_start

_DOCUMENTATION: Final = """## Rollcall settings
Shows the accounts of this deployment and manages their Connector Keys. Takes no parameters.
"""
_READERS: Final = 8
_SECONDS: Final = 5.0
"""For the reads of one account, for which the page waits."""


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
    pages: Pages | None = None
    """Pages about users and failures, where there are any."""
    names_users: bool = False
    """True if the page may read userNames; its role in AWS may not."""
    invitations: Callable[[str], Invitations] | None = None
    """The set-up links, changed by that actor, where there is a set-up page."""

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> SettingsWidget:
        """Raise `InvalidEnvironment` for a variable that is missing."""
        environment, clients = SettingsEnvironment.from_env(env), Clients()
        secrets, prefix = clients.secretsmanager, environment.connector_secret_prefix
        page = environment.setup_page_url
        return cls(
            environment.base_url,
            environment.reveals,
            lambda actor: Accounts(secrets, prefix, lambda: actor),
            Table(clients.dynamodb, environment.table_name),
            InsightsActivity(clients.logs, list(environment.log_groups)),
            Log.to_output(),
            invitations=None
            if page is None
            else lambda actor: Invitations(SetupLinks(secrets, prefix, lambda: actor), page),
        )

    def __call__(self, event: dict[str, Any], context: Any) -> str:
        """Return the page, or the values for a pop-up; the page shows what went wrong."""
        if event.get("describe"):
            return _DOCUMENTATION
        theme, typed = str(_member(event, "widgetContext", "theme") or "light"), _typed(event, "account").strip()
        press = Press(_actor(context), str(context.aws_request_id), theme, self.log)
        invitations = self.invitations(press.by) if self.invitations else None
        buttons = Buttons(self.base_url, self.reveals, self.accounts(press.by), self._account, press, invitations)
        done, error = Done(), None
        try:
            done = buttons.act(
                str(event.get("action")), str(event.get("account") or typed).strip(), str(event.get("link"))
            )
        except (AdministrationError, InvalidAccountName) as refused:
            error = str(refused)
        except ConnectorUnavailable as unavailable:
            error = unavailable.remedy
        except ScimError as unavailable:
            error = unavailable.detail
        if done.popup is not None:
            return done.popup
        choice = Choice.of(_typed(event, "search"), _typed(event, "sort"), event.get("page"))
        accounts = selection = None
        try:
            accounts, selection = self._accounts(choice)
        except AdministrationError as refused:
            error = error or str(refused)
        view = settings_view(
            self.base_url,
            context.invoked_function_arn,
            accounts,
            choice,
            selection,
            note=done.note,
            error=error,
            refused_name=typed if done.refusal else "",
            refusal=done.refusal,
            made=None if done.made is None else values(self.base_url, done.made),
        )
        return page_html(view, theme)

    def _accounts(self, choice: Choice) -> tuple[tuple[AccountView, ...], Selection]:
        """Read the accounts of the page that was chosen, and nothing of the others but their names."""
        accounts = self.accounts("unknown")
        names = accounts.names()
        activity = self.activity.last_day()
        selection = select(names, choice, activity)
        listed = accounts.listed(selection.names)
        with ThreadPoolExecutor(_READERS) as pool:
            counts = list(pool.map(self._users, listed))
            guards = list(pool.map(self._guard_state, listed))
        lost = self.activity.lost_access() if any(guard is not None and guard.is_paused for guard in guards) else None
        kept = {"page": selection.page} if selection.page > 1 else {}
        shown = AccountViews(datetime.now(UTC), self.reveals, self.pages, kept, self.invitations is not None)
        views = []
        for each, users, guard in zip(listed, counts, guards, strict=True):
            seen = None if activity is None else activity.get(each.account, AccountActivity())
            problem = each.problem.remedy if each.problem else None
            losses = None if lost is None else [loss for loss in lost if loss.account == each.account]
            known = self._names(each.account, losses or [])
            row = AccountRow(each.account, each.connector, users, seen, problem, guard, losses, known)
            views.append(shown.view(row))
        return tuple(views), selection

    def _users(self, listed: ListedAccount) -> int | None:
        """The number of users of an account; None when the table does not answer in time."""
        try:
            return self._account(listed.account).users.total()
        except ScimError:
            return None

    def _names(self, account: str, losses: Sequence[LostAccess]) -> Mapping[str, str]:
        """The userNames of those who still exist, by id; none where the page may not read them."""
        if not self.names_users or not losses:
            return {}
        try:
            users = self._account(account).users.get_many(list(dict.fromkeys(loss.user_id for loss in losses)))
        except ScimError:
            return {}
        return {user.id: str(user.attributes["userName"]) for user in users}

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


def _actor(context: Any) -> str:
    """The caller: the operator of the local server, or the identity that Lambda has verified, which CloudWatch lacks.

    Neither the event nor the client context counts: a caller can write anything into them.
    """
    if operator := getattr(context, "operator", None):
        return str(operator)
    cognito = getattr(getattr(context, "identity", None), "cognito_identity_id", None)
    return f"Cognito identity {cognito}" if cognito else UNKNOWN_ACTOR


def _typed(event: dict[str, Any], field: str) -> str:
    """The text of a field of the widget's forms; empty without one."""
    return str(_member(event, "widgetContext", "forms", "all", field) or "")


def _member(event: Any, *path: str) -> Any:
    """The member at that path of an event of any form; None when there is none."""
    for name in path:
        event = event.get(name) if isinstance(event, dict) else None
    return event


handler: Final = made_at_start(SettingsWidget.from_env)

"""The settings page as HTML for a custom widget of CloudWatch: no script, buttons by `cwdb-action`.

All values are escaped. CloudWatch runs a button's action by calling the function again with
the JSON inside `cwdb-action`, after asking the question in `confirmation`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Final

from adapters.logs.activity import AccountActivity
from domain.accounts import group_management
from domain.accounts.account import Connector
from domain.accounts.deprovisioning import GuardState
from domain.accounts.key_age import KeyAge, Urgency
from domain.accounts.rate import DEFAULT_RATE
from handlers.settings.style import STYLE

_HEADINGS: Final = (
    "<th>Account</th><th>SCIM</th><th>Groups</th><th>Connector Key</th><th class='n'>Users</th><th>Last success</th>"
    "<th class='n'>Errors, 24 h</th><th>Previous key</th><th></th>"
)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account of the table; `connector` is None when its secret cannot be used."""

    account: str
    connector: Connector | None
    users: int | None
    activity: AccountActivity | None
    problem: str | None = None
    guard: GuardState | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """A button that calls the function again with the event `call`, after the answer OK to `question`."""

    label: str
    call: dict[str, str]
    question: str = ""
    style: str = "btn"
    popup: bool = False

    def html(self, endpoint: str) -> str:
        """The button and its action as HTML; `endpoint` is the function's ARN."""
        confirmation = f' confirmation="{escape(self.question)}"' if self.question else ""
        knob = "<i></i>" if self.style.startswith("switch") else ""
        return (
            f'<a class="{self.style}">{knob}{escape(self.label)}</a><cwdb-action action="call" '
            f'display="{"popup" if self.popup else "widget"}" endpoint="{escape(endpoint)}"{confirmation}>'
            f"{escape(json.dumps(self.call), quote=False)}</cwdb-action>"
        )


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """The whole page: `endpoint` is the function that the buttons call, `fresh` an account that was just created."""

    base_url: str
    endpoint: str
    rows: list[AccountRow] | None
    """None when the accounts cannot be listed."""
    note: str | None = None
    error: str | None = None
    fresh: Connector | None = None
    theme: str = "light"
    reveals: bool = True
    """True if the page shows existing keys."""
    _new: Button = field(
        default=Button(
            "Enable SCIM",
            {"action": "enable"},
            "Switch SCIM on for the account named in the field? A new account gets a Connector Key of its own.",
            "btn primary",
        ),
        init=False,
    )

    def html(self, now: datetime) -> str:
        """The page as HTML."""
        body = "".join(self._row(row, now) for row in self.rows or ())
        table = f'<div class="scroll"><table><thead><tr>{_HEADINGS}</tr></thead><tbody>{body}</tbody></table></div>'
        if self.rows is None:
            table = ""
        elif not self.rows:
            table = "<p>No account has SCIM switched on yet. Name one above and press Enable SCIM.</p>"
        form = (
            '<form><input name="account" aria-label="Account" placeholder="new account, such as acme" maxlength="40">'
            f"{self._new.html(self.endpoint)}{Button('Refresh', {'action': 'refresh'}).html(self.endpoint)}</form>"
        )
        made = "" if self.fresh is None else f'<div class="note">{_values(self.base_url, self.fresh)}</div>'
        return _framed(
            f'<div class="bar"><div><h2>User provisioning via SCIM</h2><p>SCIM Connector Base URL of all accounts: '
            f'<code class="copy">{escape(self.base_url)}</code></p></div>{form}</div>'
            f"{_box(self.note)}{_box(self.error, 'err')}{made}{table}",
            self.theme,
        )

    def _row(self, row: AccountRow, now: datetime) -> str:
        if row.connector is None:
            return (
                f'<tr><td><b>{escape(row.account)}</b></td><td><span class="tag bad">Unusable</span></td>'
                f'<td class="wide" colspan="7">{escape(row.problem or "The secret cannot be read.")}</td></tr>'
            )
        activity, current = row.activity, row.connector.current
        users = "?" if row.users is None else f"{row.users:,}"
        if activity is None:
            seen, errors = '<span class="dim">unknown</span>', "?"
        else:
            seen = _ago(activity.last_success, now) or '<span class="dim">none in 24 h</span>'
            errors = f'<span class="count-bad">{activity.errors:,}</span>' if activity.errors else "0"
        made = f"made {current.created_at.astimezone(UTC):%d %b %Y} by {current.created_by.rsplit('/', 1)[-1]}"
        age = KeyAge.of(row.connector, now)
        return (
            f"<tr><td><b>{escape(row.account)}</b>{_settings(row.connector)}</td>"
            f"<td>{self._switch(_toggle(row.connector), on=row.connector.enabled)}</td>"
            f"<td>{self._switch(_groups(row.connector), on=row.connector.settings.groups)}</td>"
            f'<td><code>{escape(current.key.masked)}</code><div class="small">{escape(made)}</div>{_age(age)}</td>'
            f'<td class="n">{users}{_paused(row.guard)}</td><td>{seen}</td><td class="n">{errors}</td>'
            f"<td>{_previous(row.connector, activity, now)}</td>"
            f'<td class="does">{self._does(row.connector, row.guard, now)}</td></tr>'
        )

    def _switch(self, toggle: Button, *, on: bool) -> str:
        label, style = ("On", "switch on") if on else ("Off", "switch")
        return Button(label, toggle.call, toggle.question, style).html(self.endpoint)

    def _does(self, connector: Connector, guard: GuardState | None, now: datetime) -> str:
        account = connector.account
        limit = connector.settings.deprovisioning_limit
        buttons = []
        if guard is not None and guard.is_paused and limit is not None and not limit.is_closed:
            buttons.append(_resume(account, guard))
        if self.reveals:
            question = f"Show the Connector Key of {account}? It is recorded that it was shown."
            buttons.append(Button("Reveal key", {"action": "reveal", "account": account}, question, popup=True))
        rotate = {"action": "rotate", "account": account}
        buttons.append(Button("Rotate key", rotate, _rotation(connector, now), popup=True))
        if connector.previous_at(now) is not None:
            buttons.append(
                Button(
                    "Revoke previous",
                    {"action": "revoke", "account": account},
                    f"Refuse the previous key of {account} from now on? An identity provider that still uses it fails.",
                    "btn danger",
                )
            )
        buttons.append(_toggle(connector))
        return "".join(button.html(self.endpoint) for button in buttons)


def values_html(base_url: str, connector: Connector, title: str, theme: str = "light") -> str:
    """The two values to paste, for the pop-up after Reveal and Rotate."""
    return _framed(f"<h2>{escape(title)}</h2>{_values(base_url, connector)}", theme)


def _framed(body: str, theme: str) -> str:
    return f'{STYLE}<div class="rc {"dark" if theme == "dark" else "light"}">{body}</div>'


def _values(base_url: str, connector: Connector) -> str:
    return (
        f'<dl><dt>SCIM Connector Base URL</dt><dd><code class="copy">{escape(base_url)}</code></dd>'
        f'<dt>Connector Key</dt><dd><code class="copy">{escape(connector.current.key.text)}</code></dd></dl>'
        "<p>Paste both into the identity provider, without a space or a slash at the end:</p>"
        '<p class="small">JumpCloud: Base URL, Token Key. Microsoft Entra ID: Tenant URL, Secret Token. '
        "Okta: SCIM connector base URL, HTTP Header Authorization.</p>"
    )


def _toggle(connector: Connector) -> Button:
    account = connector.account
    if connector.enabled:
        question = f"Switch SCIM off for {account}? Its identity provider is answered 403 until it is on again."
        return Button("Disable", {"action": "disable", "account": account}, question, "btn danger")
    question = f"Switch SCIM on for {account}? Its identity provider may change users again, with the key it had."
    return Button("Enable", {"action": "enable", "account": account}, question, "btn primary")


def _groups(connector: Connector) -> Button:
    account, switch_on = connector.account, not connector.settings.groups
    call = {"action": "groups-on" if switch_on else "groups-off", "account": account}
    return Button("Groups", call, group_management.question(account, switch_on=switch_on))


def _resume(account: str, guard: GuardState) -> Button:
    question = (
        f"Users of {account} who lost access in the last day: {guard.used}. Have you looked at who, and at "
        f"the scope in the identity provider? It may continue with {guard.allowed} more."
    )
    return Button("Resume", {"action": "resume", "account": account}, question, "btn primary")


def _paused(guard: GuardState | None) -> str:
    if guard is None or not guard.is_paused:
        return ""
    until = f"until {guard.paused_until.astimezone(UTC):%d %b %H:%M} UTC" if guard.paused_until else "from the next on"
    small = f"{guard.used:,} gone in a day; {until}"
    return f'<div><span class="tag bad">Paused</span></div><div class="small">{small}</div>'


def _rotation(connector: Connector, now: datetime) -> str:
    account = connector.account
    if connector.previous_at(now) is None:
        return f"Make a new Connector Key for {account}? The present one is accepted for 7 more days."
    return (
        f"Make a new Connector Key for {account}? The key before the present one, which is accepted still, is refused "
        "at once; the present one is accepted for 7 more days."
    )


def _settings(connector: Connector) -> str:
    """The settings that differ from the defaults."""
    settings = connector.settings
    unusual = ["strict"] if settings.mode == "strict" else []
    unusual += ["matches by e-mail"] if settings.match_existing_by_email else []
    unusual += ["privileges kept"] if settings.match_existing_by_email and settings.adopted_keep_privileges else []
    unusual += ["takes no user back"] if not settings.take_back_deactivated else []
    unusual += [f"{settings.rate.per_second} requests a second"] if settings.rate != DEFAULT_RATE else []
    return f'<div class="small">{escape(", ".join(unusual))}</div>' if unusual else ""


def _age(age: KeyAge) -> str:
    style = {Urgency.NOW: "tag bad", Urgency.VERY_SOON: "tag warn", Urgency.SOON: "tag warn"}.get(age.urgency)
    if style is None:
        return f'<div class="small">{age} old</div>'
    return f'<span class="{style}">age {age}: rotate it</span>'


def _previous(connector: Connector, activity: AccountActivity | None, now: datetime) -> str:
    previous = connector.previous_at(now)
    if previous is None:
        return '<span class="dim">none</span>'
    until = f"accepted until {previous.expires_at.astimezone(UTC):%d %b %H:%M} UTC"
    used = _ago(activity.previous_key_used, now) if activity else None
    usage = f'<span class="tag warn">still used, {used}</span>' if used else '<span class="dim">not used in 24 h</span>'
    return f'{usage}<div class="small">{until}</div>'


def _ago(moment: datetime | None, now: datetime) -> str | None:
    if moment is None:
        return None
    minutes = max(0, int((now - moment).total_seconds() // 60))
    if minutes < 1:
        return "just now"
    return f"{minutes} min ago" if minutes < 60 else f"{minutes // 60} h ago"


def _box(text: str | None, style: str = "") -> str:
    return f'<div class="note {style}" role="status">{escape(text)}</div>' if text else ""

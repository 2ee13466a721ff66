"""The settings page as HTML, the way CloudWatch's custom widgets want it: no script, buttons by `cwdb-action`.

Everything that is not written here is escaped. CloudWatch runs a button's action by calling the function again with
the JSON inside `cwdb-action`, after asking the question in `confirmation`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final

from adapters.activity import AccountActivity
from domain.account import Connector

STYLE: Final = """
<style>
.rc{font:14px/1.5 "Amazon Ember","Helvetica Neue",Roboto,Arial,sans-serif;color:#0f1b2a;padding:4px 2px}
.rc h2{font-size:18px;margin:0 0 2px}.rc p{margin:0 0 12px;color:#414d5c}
.rc table{border-collapse:collapse;width:100%}.rc th{text-align:left;font-size:12px;font-weight:700;color:#414d5c;
border-bottom:2px solid #e9ebed;padding:6px 10px;white-space:nowrap}.rc td{border-bottom:1px solid #e9ebed;
padding:9px 10px;vertical-align:middle}.rc td.n{text-align:right;font-variant-numeric:tabular-nums}
.rc code{font:12.5px ui-monospace,Menlo,Consolas,monospace;background:#f2f3f3;border-radius:4px;padding:2px 6px;
word-break:break-all}.rc .pill{display:inline-block;border-radius:10px;padding:1px 10px;font-size:12px;font-weight:700}
.rc .on{background:#e7f5ea;color:#03652c}.rc .off{background:#f2f3f3;color:#5f6b7a}.rc .bad{background:#fff0ee;
color:#b0120a}.rc .warn{color:#855900;font-weight:700}.rc .dim{color:#5f6b7a}
.rc a.btn{display:inline-block;cursor:pointer;border:1px solid #0972d3;border-radius:14px;color:#0972d3;
background:#fff;padding:2px 12px;margin:2px 3px 2px 0;font-size:12.5px;font-weight:700;text-decoration:none;
white-space:nowrap}.rc a.btn.primary{background:#0972d3;color:#fff}.rc a.btn.danger{border-color:#b0120a;color:#b0120a}
.rc .note{border-left:4px solid #0972d3;background:#f2f8fd;padding:8px 12px;margin:0 0 12px;border-radius:4px}
.rc .note.err{border-color:#b0120a;background:#fff7f7}.rc input{font:inherit;border:1px solid #7d8998;
border-radius:8px;padding:3px 10px;width:14em}.rc dt{font-weight:700;font-size:12px;color:#414d5c;margin-top:8px}
.rc dd{margin:0}.rc td code,.rc td .dim,.rc td .warn{white-space:nowrap}
</style>
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One account as the table shows it; `connector` is None when its secret cannot be used."""

    account: str
    connector: Connector | None
    users: int | None
    activity: AccountActivity | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page: `endpoint` is the function that the buttons call."""

    base_url: str
    endpoint: str
    rows: list[Row]
    note: str | None = None
    error: str | None = None

    def html(self, now: datetime) -> str:
        """The page as HTML."""
        body = "".join(self._row(row, now) for row in self.rows)
        table = (
            "<table><thead><tr><th>Account</th><th>SCIM</th><th>Connector Key</th><th>Users</th>"
            "<th>Last success</th><th>Errors, 24 h</th><th>Previous key</th><th></th></tr></thead>"
            f"<tbody>{body}</tbody></table>"
            if self.rows
            else "<p>No account has SCIM switched on yet. Name one below and press Enable.</p>"
        )
        return (
            f'{STYLE}<div class="rc"><h2>User provisioning via SCIM</h2>'
            f"<p>SCIM Connector Base URL: <code>{escape(self.base_url)}</code></p>"
            f"{_box(self.note)}{_box(self.error, 'err')}{table}"
            '<p></p><form><input name="account" placeholder="account, such as acme" maxlength="40"> '
            f"{self._button('Enable SCIM', {'action': 'enable'}, None, 'primary')}"
            f"{self._button('Refresh', {'action': 'refresh'}, None)}</form></div>"
        )

    def _row(self, row: Row, now: datetime) -> str:
        if row.connector is None:
            return (
                f'<tr><td><b>{escape(row.account)}</b></td><td><span class="pill bad">unusable</span></td>'
                f'<td colspan="6">{escape(row.problem or "The secret cannot be read.")}</td></tr>'
            )
        activity = row.activity
        users = "?" if row.users is None else f"{row.users:,}"
        if activity is None:
            seen, errors = '<span class="dim">unknown</span>', "?"
        else:
            seen = _ago(activity.last_success, now) or '<span class="dim">none in 24 h</span>'
            errors = f"{activity.errors:,}"
        pill = '<span class="pill on">On</span>' if row.connector.enabled else '<span class="pill off">Off</span>'
        return (
            f"<tr><td><b>{escape(row.account)}</b></td><td>{pill}</td>"
            f"<td><code>{escape(row.connector.current.key.masked)}</code></td>"
            f'<td class="n">{users}</td><td>{seen}</td><td class="n">{errors}</td>'
            f"<td>{_previous(row.connector, activity, now)}</td><td>{self._buttons(row.connector, now)}</td></tr>"
        )

    def _buttons(self, connector: Connector, now: datetime) -> str:
        account = connector.account
        buttons = [
            self._button(
                "Reveal key",
                {"action": "reveal", "account": account},
                f"Show the Connector Key of {account}? It is recorded that it was shown.",
                display="popup",
            ),
            self._button(
                "Rotate key",
                {"action": "rotate", "account": account},
                f"Make a new Connector Key for {account}? The present one is accepted for 7 more days.",
                display="popup",
            ),
        ]
        if connector.previous_at(now) is not None:
            buttons.append(
                self._button(
                    "Revoke previous",
                    {"action": "revoke", "account": account},
                    f"Refuse the previous key of {account} from now on?",
                    "danger",
                )
            )
        if connector.enabled:
            buttons.append(
                self._button(
                    "Disable",
                    {"action": "disable", "account": account},
                    f"Switch SCIM off for {account}? Its identity provider is answered 403 until it is on again.",
                    "danger",
                )
            )
        else:
            buttons.append(self._button("Enable", {"action": "enable", "account": account}, None, "primary"))
        return "".join(buttons)

    def _button(
        self, label: str, call: dict[str, str], question: str | None, style: str = "", display: str = "widget"
    ) -> str:
        confirmation = f' confirmation="{escape(question)}"' if question else ""
        return (
            f'<a class="btn {style}">{escape(label)}</a><cwdb-action action="call" display="{display}" '
            f'endpoint="{escape(self.endpoint)}"{confirmation}>{escape(json.dumps(call), quote=False)}</cwdb-action>'
        )


def values_html(base_url: str, connector: Connector, title: str) -> str:
    """The two values to paste, for the pop-up after Reveal and Rotate."""
    return (
        f'{STYLE}<div class="rc"><h2>{escape(title)}</h2><dl><dt>SCIM Connector Base URL</dt>'
        f"<dd><code>{escape(base_url)}</code></dd><dt>Connector Key</dt>"
        f"<dd><code>{escape(connector.current.key.text)}</code></dd></dl>"
        "<p>Paste both into the identity provider, without a space or a slash at the end.</p></div>"
    )


def _previous(connector: Connector, activity: AccountActivity | None, now: datetime) -> str:
    previous = connector.previous_at(now)
    if previous is None:
        return '<span class="dim">none</span>'
    until = previous.expires_at.astimezone(UTC).strftime("%d %b %H:%M UTC")
    used = _ago(activity.previous_key_used, now) if activity else None
    if used:
        return f'<span class="warn">still used, {used}</span><br><span class="dim">accepted until {until}</span>'
    return f'<span class="dim">accepted until {until}</span>'


def _ago(moment: datetime | None, now: datetime) -> str | None:
    if moment is None:
        return None
    minutes = max(0, int((now - moment).total_seconds() // 60))
    if minutes < 1:
        return "just now"
    return f"{minutes} min ago" if minutes < 60 else f"{minutes // 60} h ago"


def _box(text: str | None, style: str = "") -> str:
    return f'<div class="note {style}" role="status">{escape(text)}</div>' if text else ""

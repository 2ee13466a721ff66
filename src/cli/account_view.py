"""An account as text for a person."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from cli.wording import plain
from domain.accounts.account import Connector, Settings, rfc3339
from domain.accounts.consoles import console_setups
from domain.accounts.deprovisioning import LEAST, GuardState, minute_text
from domain.accounts.key_age import KeyAge, Urgency
from domain.limits import MAX_KEY_AGE


def paste_parts(base_url: str, key: str, *, groups: bool) -> list[RenderableType]:
    """The Base URL and the key, and the fields of each identity provider; `key` is shown as given, masked or not.

    `groups` is True if the account has groups switched on.
    """
    # One value a line without a frame, so that copying works in a window of any width.
    parts: list[RenderableType] = [
        "",
        f"[bold]SCIM Connector Base URL:[/bold] {escape(base_url)}",
        f"[bold]Connector Key:[/bold] {escape(key)}",
    ]
    for setup in console_setups(base_url, key, groups=groups):
        width = max(len(label) for label, _ in setup.fields)
        parts.append(f"\n[bold]{setup.name}[/bold]  [dim]{escape(setup.page)}[/dim]")
        parts += [f"  {escape(label):<{width}}  {escape(value)}" for label, value in setup.fields]
        parts += [f"  - {escape(step)}" for step in setup.steps]
    return [*parts, ""]


def summary(connector: Connector, guard: GuardState | None) -> RenderableType:
    """An account's state as a table of two columns; `guard` is the state of its deprovisioning limit."""
    now = datetime.now(UTC)
    previous, age = connector.previous_at(now), KeyAge.of(connector, now)
    table = Table(box=None, show_header=False, pad_edge=False)
    current, change = connector.current, connector.last_change
    rows = {
        "Account": connector.account,
        "SCIM": "on" if connector.enabled else "off",
        "Mode": connector.settings.mode,
        "Match existing by e-mail": matching(connector.settings),
        "Take back deactivated": "on" if connector.settings.take_back_deactivated else "off",
        "Deprovisioning limit": _limit(connector, guard),
        "Requests a second": str(connector.settings.rate.per_second),
        "Groups": "on" if connector.settings.groups else "off",
        "Connector Key made": f"{rfc3339(current.created_at)} by {current.created_by}",
        "Connector Key's age": str(age) + ("" if age.urgency is Urgency.NONE else ", rotate it"),
        "Previous key accepted": f"until {rfc3339(previous.expires_at)}" if previous else "no",
        "Last change": f"{change.action}, {rfc3339(change.at)} by {change.by}",
    }
    for label, value in rows.items():
        table.add_row(label, plain(value))
    return table


def matching(settings: Settings) -> str:
    """The value of match-existing-by-email as on the command line."""
    if not settings.match_existing_by_email:
        return "off"
    return "keep-privileges" if settings.adopted_keep_privileges else "on"


def _limit(connector: Connector, guard: GuardState | None) -> str:
    limit = connector.settings.deprovisioning_limit
    if limit is None:
        return "off"
    text = f"{limit.users} a day"
    if limit.percent:
        text += f", at most half of a small account ({LEAST} at least), {limit.percent} % of a large one"
    if guard is None:
        return text
    text += f"; {guard.used} in the last day"
    if guard.paused_until is not None:
        text += f", PAUSED until {minute_text(guard.paused_until)}"
    elif guard.is_paused:
        text += ", used up: PAUSED from the next one on"
    passes = (f"; {each.user_id} may pass until {minute_text(each.until)} ({each.by})" for each in guard.let_through)
    return text + "".join(passes)


def age_advice(account: str, age: KeyAge) -> str | None:
    """The advice to rotate an old key, or None; it changes 90 and 30 days before the key is a year old."""
    if age.urgency is Urgency.NONE:
        return None
    wanted = {
        Urgency.SOON: f"Plan to rotate it before it is {MAX_KEY_AGE.days}",
        Urgency.VERY_SOON: f"Rotate it this month, before it is {MAX_KEY_AGE.days}",
        Urgency.NOW: "Rotate it now",
    }[age.urgency]
    return f"{account}: the age of the Connector Key is {age}. {wanted}: rollcall account rotate-key {account}"

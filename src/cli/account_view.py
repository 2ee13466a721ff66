"""An account as text for a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from rich.console import RenderableType
from rich.markup import escape

from cli.arguments import Idp
from cli.sentences import Labelled, Sentence
from cli.wording import harmless
from domain.accounts.account import Connector, Settings, rfc3339
from domain.accounts.consoles import ConsoleSetup, console_setups
from domain.accounts.deprovisioning import LEAST, GuardState, minute_text
from domain.accounts.key_age import KeyAge, Urgency
from domain.limits import MAX_KEY_AGE

WHERE: Final = "To see where to paste them (jumpcloud, entra or okta):"


def values(base_url: str, key: str) -> list[RenderableType]:
    """The Base URL and the key, masked or not, each on a line without a frame, so that it can be copied."""
    return ["", Labelled("SCIM Connector Base URL:", base_url), Labelled("Connector Key:", key)]


def instructions(base_url: str, key: str, settings: Settings, idp: Idp | None) -> list[RenderableType]:
    """The fields and steps of the identity provider `idp`, of all, or with None of the account's, if it is known."""
    parts: list[RenderableType] = []
    for setup in _chosen(base_url, key, settings, idp):
        parts += _heading(setup)
        parts.append(Sentence(escape(setup.before), "  "))
        parts += _fields(setup.fields)
        parts += [Sentence(escape(step), "  - ") for step in (*setup.steps, setup.after)]
    return parts


def rotation(base_url: str, key: str, settings: Settings, idp: Idp | None) -> list[RenderableType]:
    """What to do with a new key in the same identity providers, whose connection works already."""
    parts: list[RenderableType] = []
    for setup in _chosen(base_url, key, settings, idp):
        parts += _heading(setup)
        parts += [Sentence(escape(step), "  - ") for step in setup.rotation]
    return parts


def next_step(rollcall: str, connector: Connector, *, is_paused: bool, is_revealed: bool, has_steps: bool) -> Labelled:
    """The one thing to do next after the account was shown, by what is most urgent."""
    name = connector.account
    if not connector.enabled:
        return Labelled("Next, to switch SCIM on:", f"{rollcall}account enable {name}")
    if is_paused:
        return Labelled(
            "Deprovisioning is paused. If the change is intended, end the pause:", f"{rollcall}account resume {name}"
        )
    if not is_revealed:
        return Labelled("Next, to see the key:", f"{rollcall}account show {name} --reveal")
    if not has_steps:
        return Labelled(WHERE, f"{rollcall}account show {name} --reveal --idp jumpcloud")
    return Labelled("Then check the service from outside:", f"{rollcall}doctor {name}")


def _chosen(base_url: str, key: str, settings: Settings, idp: Idp | None) -> list[ConsoleSetup]:
    wanted = settings.idp if idp is None else idp.value
    setups = console_setups(base_url, key, groups=settings.groups)
    return [setup for setup in setups if idp is Idp.ALL or setup.idp == wanted]


def _heading(setup: ConsoleSetup) -> list[RenderableType]:
    return ["", Sentence(f"[bold]{setup.name}[/bold]  [dim]{escape(setup.page)}[/dim]")]


def _fields(fields: tuple[tuple[str, str], ...]) -> list[RenderableType]:
    width = max(len(label) for label, _ in fields) + 1
    return [Labelled(label, value, 2, width, is_copied=" " not in value) for label, value in fields]


def summary(connector: Connector, guard: GuardState | None) -> list[RenderableType]:
    """An account's state in two columns; `guard` is the state of its deprovisioning limit."""
    now = datetime.now(UTC)
    previous, age = connector.previous_at(now), KeyAge.of(connector, now)
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
        "Extensions": "all"
        if connector.settings.extensions is None
        else ", ".join(connector.settings.extensions) or "off",
        "Identity provider": connector.settings.idp or "not known",
        "Connector Key made": f"{rfc3339(current.created_at)} by {current.created_by}",
        "Connector Key's age": str(age) + ("" if age.urgency is Urgency.NONE else ", rotate it"),
        "Previous key accepted": f"until {rfc3339(previous.expires_at)}" if previous else "no",
        "Last change": f"{change.action}, {rfc3339(change.at)} by {change.by}",
    }
    width = max(map(len, rows)) + 1
    return [Labelled(label, harmless(value), 0, width, is_copied=False) for label, value in rows.items()]


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
        text += f", at most half of a small account (but at least {LEAST}), {limit.percent} % of a large one"
    if guard is None:
        return text
    text += f"; {guard.used} in the last day"
    if guard.paused_until is not None:
        text += f", PAUSED until {minute_text(guard.paused_until)}"
    elif guard.is_paused:
        text += ", used up: the next one is refused (PAUSED)"
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

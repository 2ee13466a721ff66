"""`rollcall account`: switch SCIM on and off for an account, and manage its Connector Keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from adapters.environment import declared_user_type
from adapters.secrets.accounts import DEFAULT_GRACE
from cli import account_deletion, account_invite, account_pause, account_settings
from cli.account_settings import remembered
from cli.account_view import (
    WHERE,
    age_advice,
    instructions,
    matching,
    next_step,
    rotation,
    summary,
    values,
)
from cli.arguments import Name, RememberedIdp, ShownIdp, Yes
from cli.duration import parse_duration
from cli.invocation import invocation_of
from cli.lost_access import lost_access_parts, lost_in_the_last_hour
from cli.root import UsageError
from cli.sentences import Labelled
from cli.tables import table_of
from cli.wording import plain
from domain.accounts.account import rfc3339
from domain.accounts.key_age import KeyAge, Urgency
from domain.errors import ScimError
from domain.limits import MAX_GRACE
from operations import extensions
from operations.answers.accounts import (
    AccountDone,
    AccountList,
    Deprovisioning,
    DisabledAccount,
    EnabledAccount,
    ShownAccount,
)

app: Final = typer.Typer(
    no_args_is_help=True, help="Switch SCIM on and off for an account, and manage its Connector Keys."
)

_SECONDS: Final = 15.0


_COLOUR: Final = {Urgency.NONE: "", Urgency.SOON: "", Urgency.VERY_SOON: "[yellow]", Urgency.NOW: "[red]"}
_MESSAGES: Final = {
    "created": "SCIM is switched on for the new account {name}.",
    "enabled": "SCIM is switched on again for the account {name}; its Connector Key is unchanged.",
    "replaced": "SCIM is switched on for the account {name} with a new Connector Key, because its secret was unusable.",
    "unchanged": "SCIM is already switched on for the account {name}; nothing was changed.",
    "on": "SCIM is already switched on for the account {name}.",
}


@app.command()
def enable(
    context: typer.Context,
    name: Name,
    replace: Annotated[
        bool, typer.Option("--replace", help="Create a new key if the account's secret is unusable.")
    ] = False,
    idp: RememberedIdp = None,
) -> None:
    """Switch SCIM on and show the values for the identity provider."""
    invocation = invocation_of(context)
    accounts, base_url = invocation.deployment.accounts, invocation.deployment.base_url
    outcome = accounts.enable(name, replace=replace)
    connector = remembered(accounts, outcome.connector, idp)
    is_learned = connector.settings.idp != outcome.connector.settings.idp
    # An existing key was shown when it was created; `show --reveal` shows it again.
    fresh = outcome.action in ("created", "replaced")
    key = connector.current.key.text if fresh else connector.current.key.masked
    steps = instructions(base_url, key, connector.settings, idp)
    command = f"rollcall{invocation.options}"
    if not fresh:
        following = Labelled("Next, to see the key:", f"{command} account show {name} --reveal")
    elif steps:
        following = Labelled("Then check the service from outside:", f"{command} doctor {name}")
    else:
        following = Labelled(WHERE, f"{command} account show {name} --idp jumpcloud")
    invocation.answer(
        EnabledAccount.of(
            connector,
            result="set" if is_learned and not outcome.changed else outcome.action,
            base_url=base_url,
            connector_key=key,
        ),
        _MESSAGES["on" if is_learned and not outcome.changed else outcome.action].format(name=name),
        *([f"The account's identity provider is set to {connector.settings.idp}."] * is_learned),
        *values(base_url, key),
        *steps,
        "",
        following,
    )


@app.command()
def disable(context: typer.Context, name: Name, yes: Yes = False) -> None:
    """Switch SCIM off: the identity provider's requests get 403. Users and keys are kept."""
    invocation = invocation_of(context)
    accounts = invocation.deployment.accounts
    if accounts.show(name).enabled:
        invocation.confirm(
            f"Switch SCIM off for the account {name}? Requests from its identity provider will get 403.", yes
        )
    outcome = accounts.disable(name)
    invocation.answer(
        DisabledAccount(result=outcome.action, account=name),
        f"SCIM is switched off for the account {name}; it takes effect within a minute."
        if outcome.changed
        else f"SCIM is already switched off for the account {name}; nothing was changed.",
    )


@app.command()
def show(
    context: typer.Context,
    name: Name,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show the Connector Key itself.")] = False,
    idp: ShownIdp = None,
) -> None:
    """Show an account's state and the values for the identity provider."""
    invocation = invocation_of(context)
    connector, base_url = invocation.deployment.accounts.show(name), invocation.deployment.base_url
    key = connector.current.key.text if reveal else connector.current.key.masked
    limit = connector.settings.deprovisioning_limit
    guard = None
    if limit is not None:
        try:
            guard = invocation.deployment.account(name, _SECONDS).guard(limit).state()
        except ScimError as problem:
            invocation.note(f"The number of users who lost access in the last day cannot be read: {problem.remedy}")
    lost = lost_in_the_last_hour(invocation, name)
    steps = instructions(base_url, key, connector.settings, idp)
    if connector.settings.extensions and (
        note := extensions.unknown_note(connector.settings.extensions, declared_user_type())
    ):
        invocation.note(note)
    invocation.answer(
        ShownAccount.of(
            connector,
            base_url=base_url,
            connector_key=key,
            deprovisioning=Deprovisioning.of(guard) if guard is not None else None,
            lost_access=lost,
        ),
        *summary(connector, guard),
        *lost_access_parts(lost),
        *values(base_url, key),
        *steps,
        "",
        next_step(
            f"rollcall{invocation.options} ",
            connector,
            is_paused=guard is not None and guard.is_paused,
            is_revealed=reveal,
            has_steps=bool(steps),
        ),
    )


@app.command("list")
def list_accounts(context: typer.Context) -> None:
    """List all accounts."""
    invocation = invocation_of(context)
    listed = invocation.deployment.accounts.list_all()
    table = table_of(
        "Account",
        "SCIM",
        "Groups",
        "Mode",
        "Match by e-mail",
        "Key age",
        "Previous key accepted until",
        "Last change",
    )
    now = datetime.now(UTC)
    for each in listed:
        if each.connector is None:
            table.add_row(each.account, f"[red]{each.problem.reason if each.problem else 'unusable'}[/red]")
            continue
        found, age = each.connector, KeyAge.of(each.connector, now)
        previous = found.previous_at(now)
        change = found.last_change
        table.add_row(
            each.account,
            "on" if found.enabled else "off",
            "on" if found.settings.groups else "off",
            found.settings.mode,
            matching(found.settings),
            f"{_COLOUR[age.urgency]}{age}",
            rfc3339(previous.expires_at) if previous else "",
            plain(f"{change.action} {rfc3339(change.at)}"),
        )
    invocation.answer(
        AccountList.of(listed),
        table
        if listed
        else f"There are no accounts yet. Create one: rollcall{invocation.options} account enable default",
    )
    if invocation.as_json:
        return
    for each in listed:
        if each.problem is not None:
            invocation.note(f"{each.account}: {each.problem.remedy}")
        elif each.connector is not None and (advice := age_advice(each.account, KeyAge.of(each.connector, now))):
            invocation.note(advice)


@app.command("rotate-key")
def rotate_key(
    context: typer.Context,
    name: Name,
    grace: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="How long the current key keeps working: 7d, 12h, 30m, at most 30d, or 0 to refuse it immediately.",
        ),
    ] = f"{DEFAULT_GRACE.days}d",
    idp: RememberedIdp = None,
    yes: Yes = False,
) -> None:
    """Create a new key. The current key keeps working for a grace period, 7 days by default."""
    invocation = invocation_of(context)
    accounts = invocation.deployment.accounts
    period = parse_duration(grace, "--grace", may_be_zero=True)
    if period > MAX_GRACE:
        raise UsageError(f"--grace is at most {MAX_GRACE.days} days, not {grace}; nothing was changed.")
    present = accounts.show(name)
    previous = present.previous_at(datetime.now(UTC))
    if previous is not None:
        invocation.confirm(
            f"The previous key still works until {rfc3339(previous.expires_at)}; rotating again refuses it "
            "immediately. Continue?",
            yes,
        )
    elif period == timedelta(0):
        invocation.confirm(f"Without a grace period, the current key of {name} is refused immediately. Continue?", yes)
    remembered(accounts, present, idp)
    connector, base_url = accounts.rotate_key(name, period).connector, invocation.deployment.base_url
    key = connector.current.key.text
    until = connector.previous.expires_at if connector.previous else None
    invocation.answer(
        EnabledAccount.of(
            connector,
            result="rotated",
            base_url=base_url,
            connector_key=key,
        ),
        f"The account {name} has a new Connector Key. "
        + (f"The previous key works until {rfc3339(until)}." if until else "The previous key is refused from now on."),
        *values(base_url, key),
        *(
            rotation(base_url, key, connector.settings, idp)
            or [
                "",
                "In the identity provider, replace the key with the new one and save. Nothing else changes.",
            ]
        ),
        "",
        Labelled(
            "When the identity provider uses the new key:",
            f"rollcall{invocation.options} account revoke-previous {name}",
        )
        if until
        else Labelled("Then check the service from outside:", f"rollcall{invocation.options} doctor {name}"),
    )


@app.command("revoke-previous")
def revoke_previous(context: typer.Context, name: Name, yes: Yes = False) -> None:
    """Refuse the previous key now, before its grace period ends."""
    invocation = invocation_of(context)
    accounts = invocation.deployment.accounts
    if accounts.show(name).previous is not None:
        invocation.confirm(f"Refuse the previous key of {name}? Requests that still use it will fail.", yes)
    outcome = accounts.revoke_previous(name)
    invocation.answer(
        AccountDone(result=outcome.action, account=name),
        f"The previous key of {name} is refused; it takes effect within a minute."
        if outcome.changed
        else f"The account {name} has no previous key; nothing was changed.",
    )


# Registered last: the help lists commands in this order.
app.command()(account_invite.invite)
app.command()(account_invite.invites)
app.command()(account_invite.uninvite)
app.command()(account_pause.resume)
app.command("let-through")(account_pause.let_through)
# A negative number is a bad value, not an option.
app.command("set", context_settings={"ignore_unknown_options": True})(account_settings.set_setting)
app.command("delete")(account_deletion.delete)

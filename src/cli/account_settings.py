"""`rollcall account set`: change a setting of an account."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, TypeVar, get_args

import typer

from adapters.environment import declared_extensions
from adapters.secrets.accounts import Accounts, SomeSettings
from cli.account_view import matching
from cli.arguments import Idp, Yes
from cli.invocation import invocation_of
from cli.root import UsageError
from domain import remedies
from domain.accounts import group_management
from domain.accounts.account import Connector, IdentityProvider, Mode, Settings
from domain.accounts.connector_key import account_name
from domain.accounts.deprovisioning import OFF, Limit, limit_as_text
from domain.accounts.rate import Rate
from domain.limits import MAX_REQUESTS_PER_SECOND, MIN_REQUESTS_PER_SECOND
from operations.answers.accounts import ConfiguredAccount

_Value = TypeVar("_Value")


class Setting(StrEnum):
    """The settings of an account, by their names on the command line."""

    MODE = "mode"
    MATCH_EXISTING_BY_EMAIL = "match-existing-by-email"
    TAKE_BACK_DEACTIVATED = "take-back-deactivated"
    DEPROVISIONING_LIMIT = "deprovisioning-limit"
    REQUESTS_PER_SECOND = "requests-per-second"
    GROUPS = "groups"
    IDP = "idp"
    EXTENSIONS = "extensions"


_MODES: Final[dict[str, Mode]] = {"tolerant": "tolerant", "strict": "strict"}
_SWITCH: Final = {"on": True, "off": False}
_IDPS: Final[dict[str, IdentityProvider | None]] = {**{idp: idp for idp in get_args(IdentityProvider)}, "none": None}
_MATCHING: Final = {"on": (True, False), "off": (False, False), "keep-privileges": (True, True)}
"""The two flags of each value: match existing users, and let those keep their privileges."""


def set_setting(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME SETTING VALUE",
            help="The account, the setting and its value.",
        ),
    ],
    yes: Yes = False,
) -> None:
    """Change a setting of an account, for example: rollcall account set acme mode strict.

    [bold]mode[/bold], tolerant or strict: tolerant accepts known deviations from the standard, strict rejects them.

    [bold]match-existing-by-email[/bold], on, keep-privileges or off: a create request takes over the existing user with
    the same primary address if no identity provider manages that user yet. With on, the user keeps only the roles,
    entitlements and userType that the identity provider sends; with keep-privileges, the user keeps all of them.

    [bold]take-back-deactivated[/bold], on or off: a create request with the userName of a deactivated user reactivates
    that user. It has no effect in strict mode.

    [bold]deprovisioning-limit[/bold], for example 20, 20,10% or off: how many users may lose access in a day. With a
    percentage, the limit depends on the size of the account: the number, but at most half of a small account (at least
    3), or the percentage of a large one. When the limit is exceeded, deprovisioning is paused for a day, or until
    rollcall account resume.

    [bold]requests-per-second[/bold], 25 to 1000: how many requests the identity provider may send; further requests get
    429 with Retry-After. The default is 50.

    [bold]groups[/bold], on or off (the default): the identity provider may manage groups and their members. Switching
    them off keeps the groups, but they cannot be reached until groups are on again; the command asks first.

    [bold]extensions[/bold], all (the default), off, or URNs separated by commas: which extensions from schemas/ the
    account uses. Values of other extensions are kept, but cannot be reached.

    [bold]idp[/bold], jumpcloud, entra, okta or none: the identity provider whose instructions rollcall account enable,
    show and rotate-key print.
    """
    name, setting, value = _parsed(words)
    invocation = invocation_of(context)
    changed, accounts = _changed(setting, value), invocation.deployment.accounts
    if changed.get("groups") is False and accounts.show(name).settings.groups:
        invocation.confirm(group_management.question(name, switch_on=False), yes)
    outcome = accounts.configure(name, **changed)
    when = "" if setting is Setting.IDP else "; it takes effect within a minute"
    done = f"{setting.value} of {name} is now {value}{when}."
    advice = group_management.next_steps(switched_on=value == "on") if setting is Setting.GROUPS else []
    invocation.answer(
        ConfiguredAccount.of(outcome.connector, result=outcome.action),
        *(
            [done, *advice]
            if outcome.changed
            else [f"{setting.value} of {name} is already {value}; nothing was changed."]
        ),
    )


def possible_values(setting: Setting) -> list[str] | str:
    """The values that a setting may have: each of them, or words for how they are written."""
    match setting:
        case Setting.MODE:
            return list(_MODES)
        case Setting.MATCH_EXISTING_BY_EMAIL:
            return list(_MATCHING)
        case Setting.TAKE_BACK_DEACTIVATED | Setting.GROUPS:
            return list(_SWITCH)
        case Setting.IDP:
            return list(_IDPS)
        case Setting.DEPROVISIONING_LIMIT:
            return "a number of users such as `20`, a number and a percentage such as `20,10%`, or `off`"
        case Setting.REQUESTS_PER_SECOND:
            return f"a whole number from {MIN_REQUESTS_PER_SECOND} to {MAX_REQUESTS_PER_SECOND}"
        case Setting.EXTENSIONS:
            return "`all`, `off`, or URNs of declared extensions with commas between"


def value_in(settings: Settings, setting: Setting) -> str:
    """The value of one setting, as it is written on the command line."""
    match setting:
        case Setting.MODE:
            return settings.mode
        case Setting.MATCH_EXISTING_BY_EMAIL:
            return matching(settings)
        case Setting.TAKE_BACK_DEACTIVATED:
            return _switch(settings.take_back_deactivated)
        case Setting.GROUPS:
            return _switch(settings.groups)
        case Setting.IDP:
            return settings.idp or "none"
        case Setting.DEPROVISIONING_LIMIT:
            return limit_as_text(settings.deprovisioning_limit)
        case Setting.REQUESTS_PER_SECOND:
            return str(settings.rate.per_second)
        case Setting.EXTENSIONS:
            return "all" if settings.extensions is None else ",".join(settings.extensions) or OFF


def _switch(on: bool) -> str:
    return next(word for word, value in _SWITCH.items() if value is on)


def remembered(accounts: Accounts, connector: Connector, idp: Idp | None) -> Connector:
    """The connector after `--idp`, which the account remembers unless it says all."""
    if idp is None or idp is Idp.ALL or idp.value == connector.settings.idp:
        return connector
    return accounts.configure(connector.account, idp=_IDPS[idp.value]).connector


def _parsed(words: list[str]) -> tuple[str, Setting, str]:
    """Account, setting and value."""
    if len(words) != 3:
        raise UsageError(f"Usage: rollcall account set NAME SETTING VALUE. The settings: {', '.join(Setting)}.")
    name, setting, value = words
    if setting not in list(Setting):
        raise UsageError(f"{setting!r} is not a setting. The settings: {', '.join(Setting)}.")
    return account_name(name), Setting(setting), value


def _changed(setting: Setting, value: str) -> SomeSettings:
    if setting is Setting.DEPROVISIONING_LIMIT:
        limit = Limit.parse(value)
        if limit is None and value != OFF:
            raise UsageError(
                f"{setting.value} is a number of users (20), a number and a percentage (20,10%), or off, not {value!r}."
            )
        return {"deprovisioning_limit": limit}
    match setting:
        case Setting.MODE:
            return {"mode": _one_of(_MODES, setting, value)}
        case Setting.MATCH_EXISTING_BY_EMAIL:
            matches, keeps = _one_of(_MATCHING, setting, value)
            return {"match_existing_by_email": matches, "adopted_keep_privileges": keeps}
        case Setting.REQUESTS_PER_SECOND:
            return {"rate": _rate(value)}
        case Setting.GROUPS:
            return {"groups": _one_of(_SWITCH, setting, value)}
        case Setting.IDP:
            return {"idp": _one_of(_IDPS, setting, value)}
        case Setting.EXTENSIONS:
            return {"extensions": _extensions(value)}
        case _:
            return {"take_back_deactivated": _one_of(_SWITCH, setting, value)}


def _one_of(allowed: Mapping[str, _Value], setting: Setting, value: str) -> _Value:
    if value not in allowed:
        raise UsageError(f"{setting.value} is {' or '.join(allowed)}, not {value!r}.")
    return allowed[value]


def _extensions(value: str) -> tuple[str, ...] | None:
    """The URNs as they are declared; None for all."""
    if value in ("all", OFF):
        return None if value == "all" else ()
    declared = {schema.id.lower(): schema.id for schema in declared_extensions()}
    urns = list(dict.fromkeys(urn.strip() for urn in value.split(",")))
    unknown = [urn for urn in urns if urn.lower() not in declared]
    if unknown:
        there = f"Declared are: {', '.join(declared.values())}." if declared else "None is declared."
        raise UsageError(
            f"The extension {unknown[0]!r} was not found. {there} {remedies.FIND_EXTENSIONS} The value is all, off, "
            "or URNs separated by commas."
        )
    return tuple(dict.fromkeys(declared[urn.lower()] for urn in urns))


def _rate(value: str) -> Rate:
    number = int(value) if re.fullmatch(r"[0-9]{1,9}", value) else 0
    if not MIN_REQUESTS_PER_SECOND <= number <= MAX_REQUESTS_PER_SECOND:
        raise UsageError(
            f"requests-per-second is a whole number from {MIN_REQUESTS_PER_SECOND} to {MAX_REQUESTS_PER_SECOND}, not "
            f"{value!r}. Identity providers fail below the minimum; the table cannot count more than the maximum."
        )
    return Rate(number)

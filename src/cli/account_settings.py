"""`rollcall account set`: what an operator can set for an account."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import typer

from adapters.accounts import Listed, SomeSettings
from cli.account_view import listed_as_json
from cli.invocation import invocation
from cli.root import UsageError
from domain.account import OFF, Mode
from domain.connector_key import account_name
from domain.deprovisioning import Limit


class Setting(StrEnum):
    """What can be set for an account."""

    MODE = "mode"
    MATCH_EXISTING_BY_EMAIL = "match-existing-by-email"
    DEPROVISIONING_LIMIT = "deprovisioning-limit"


_DEFAULT_ACCOUNT: Final = "default"
_MODES: Final[dict[str, Mode]] = {"tolerant": "tolerant", "strict": "strict"}
_SWITCH: Final = {"on": True, "off": False}


def set_setting(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME] SETTING VALUE",
            help="The account (else default), what to set, and to what.",
        ),
    ],
) -> None:
    """Change a setting, such as: rollcall account set acme mode strict.

    [bold]mode[/bold], tolerant or strict: whether what identity providers do beside the standard is forgiven.

    [bold]match-existing-by-email[/bold], on or off: whether creating a user whose address exists takes that user over.

    [bold]deprovisioning-limit[/bold], such as 20, or 20,10%, or off: how many users may be deactivated or removed in
    an hour, or which percentage of the active users if that is more; further ones are refused until the hour is over,
    or until rollcall account resume.
    """
    name, setting, value = _said(words)
    here = invocation(context)
    outcome = here.stack.accounts.configure(name, **_changed(setting, value))
    here.answer(
        {"result": outcome.what} | listed_as_json(Listed(name, outcome.connector)),
        f"{setting.value} of {name} is {value} now; it takes effect within a minute."
        if outcome.changed
        else f"{setting.value} of {name} is already {value}; nothing was changed.",
    )


def _said(words: list[str]) -> tuple[str, Setting, str]:
    """Account, setting and value; of two words the account is left out."""
    if len(words) == 2:
        words = [_DEFAULT_ACCOUNT, *words]
    if len(words) != 3:
        raise UsageError(f"Write: rollcall account set NAME SETTING VALUE. The settings: {', '.join(Setting)}.")
    name, setting, value = words
    if setting not in list(Setting):
        raise UsageError(f"{setting!r} is no setting. The settings: {', '.join(Setting)}.")
    return account_name(name), Setting(setting), value


def _changed(setting: Setting, value: str) -> SomeSettings:
    if setting is Setting.DEPROVISIONING_LIMIT:
        limit = Limit.parse(value)
        if limit is None and value != OFF:
            raise UsageError(
                f"{setting.value} is a number of users such as 20, or that and a percentage such as 20,10%, or off, "
                f"not {value!r}."
            )
        return {"deprovisioning_limit": limit}
    allowed = _MODES if setting is Setting.MODE else _SWITCH
    if value not in allowed:
        raise UsageError(f"{setting.value} is either {' or '.join(allowed)}, not {value!r}.")
    return {"mode": _MODES[value]} if setting is Setting.MODE else {"match_existing_by_email": _SWITCH[value]}

"""Arguments and options that several commands take."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from domain.accounts.connector_key import account_name

# Checked while the command line is parsed, before any question.
Name = Annotated[
    str,
    typer.Argument(metavar="NAME", callback=account_name, help="The account: 1 to 40 characters of a-z, 0-9 and '-'."),
]
OneAccount = Annotated[
    str | None,
    typer.Option(
        "--account",
        metavar="NAME",
        callback=lambda name: None if name is None else account_name(name),
        help="One account; default: all.",
    ),
]
Account = Annotated[str, typer.Option("--account", metavar="NAME", callback=account_name, help="The account.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]


class Idp(StrEnum):
    """Whose instructions to print."""

    JUMPCLOUD = "jumpcloud"
    ENTRA = "entra"
    OKTA = "okta"
    ALL = "all"


RememberedIdp = Annotated[
    Idp | None,
    typer.Option(
        "--idp",
        help="Print the instructions for this identity provider, and save it for the account (all is not saved).",
    ),
]
ShownIdp = Annotated[
    Idp | None,
    typer.Option("--idp", help="Print the instructions for this identity provider; default: the account's setting."),
]

"""The root command: accepts global options anywhere on the line, and reports an error in one line."""

from __future__ import annotations

import os
from typing import Any, Final

import typer
from typer.core import TyperGroup

from adapters.secrets.accounts import AdministrationError
from adapters.secrets.connector_secrets import ConnectorUnavailable
from cli.invocation import Invocation
from cli.readable_help import make_readable
from cli.wording import harmless
from domain.accounts.connector_key import InvalidAccountName
from domain.errors import ScimError
from operations.activity import ActivityUnavailable
from operations.deployment import DeploymentError

_FLAGS: Final = frozenset({"--json", "--local"})
_FIRST: Final = ("account", "users", "groups", "doctor", "activity")
_WITH_VALUE: Final = frozenset({"--stack", "--region", "--profile", "--table"})


class UsageError(Exception):
    """The command line is wrong; one line for the operator, exit code 2."""


class Root(TyperGroup):
    """The group of all commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        make_readable(self)

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands in the order of the help: the first that an operator needs come first."""
        names = super().list_commands(ctx)
        return [*(name for name in _FIRST if name in names), *(name for name in names if name not in _FIRST)]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Accept global options anywhere, as in `rollcall account show acme --json`."""
        return super().parse_args(ctx, globals_first(args))

    def invoke(self, ctx: Any) -> Any:
        """Run the command; report an error in one line on standard error."""
        try:
            return super().invoke(ctx)
        except (InvalidAccountName, UsageError) as error:
            line, code = str(error), 2
        except (AdministrationError, ActivityUnavailable, DeploymentError) as error:
            line, code = str(error), 1
        except ConnectorUnavailable as error:
            line, code = error.remedy, 1
        except ScimError as error:
            line, code = f"{error.detail} {error.remedy}", 1
        except typer.Abort:
            line, code = "Nothing was changed. Answer y, or add --yes to skip the question.", 1
        except (OSError, UnicodeError) as error:
            line, code = str(error), 1
        except typer.Exit:
            raise
        except Exception as error:
            if os.environ.get("ROLLCALL_TRACEBACK") or type(error).__module__.startswith("typer"):
                raise
            line, code = f"unexpected {type(error).__name__}; set ROLLCALL_TRACEBACK=1 for the traceback", 1
        if isinstance(ctx.obj, Invocation):
            line = ctx.obj.with_options(line)
        typer.echo(harmless(f"rollcall: {line}"), err=True)
        raise typer.Exit(code)


def globals_first(args: list[str]) -> list[str]:
    """Move the global options to the front, in their order; arguments after `--` stay.

    >>> globals_first(["account", "show", "acme", "--json", "--region", "eu-central-1"])
    ['--json', '--region', 'eu-central-1', 'account', 'show', 'acme']
    """
    ours: list[str] = []
    others: list[str] = []
    rest = iter(args)
    for argument in rest:
        if argument == "--":
            others += [argument, *rest]
        elif argument in _FLAGS or (argument.partition("=")[0] in _WITH_VALUE and "=" in argument):
            ours.append(argument)
        elif argument in _WITH_VALUE:
            ours += [argument, *([value] if (value := next(rest, None)) is not None else [])]
        else:
            others.append(argument)
    return ours + others

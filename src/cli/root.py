"""The root of the command: global options work anywhere on the line, and an error is one line, never a traceback."""

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
_FIRST: Final = ("account", "users", "doctor", "activity")
_WITH_VALUE: Final = frozenset({"--stack", "--region", "--profile", "--table"})


class UsageError(Exception):
    """The command line asks for something that cannot be; one line, exit code 2."""


class Root(TyperGroup):
    """The group of all commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        make_readable(self)

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands as the help shows them: in the order in which an operator comes to need them."""
        names = super().list_commands(ctx)
        return [*(name for name in _FIRST if name in names), *(name for name in names if name not in _FIRST)]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the global options from wherever they stand: `rollcall account show acme --json` is how people write."""
        return super().parse_args(ctx, globals_first(args))

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what goes wrong is told in one line on standard error."""
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
            line, code = "Nothing was changed. Answer y, or add --yes to go without a question.", 1
        except (OSError, UnicodeError) as error:
            line, code = str(error), 1
        except typer.Exit:
            raise
        except Exception as error:
            if os.environ.get("ROLLCALL_TRACEBACK") or type(error).__module__.startswith("typer"):
                raise
            line, code = f"unexpected {type(error).__name__}; set ROLLCALL_TRACEBACK=1 to see where it comes from", 1
        if isinstance(ctx.obj, Invocation):
            line = ctx.obj.to_be_typed(line)
        typer.echo(harmless(f"rollcall: {line}"), err=True)
        raise typer.Exit(code)


def globals_first(args: list[str]) -> list[str]:
    """The arguments with the global options in front, in their order; nothing after `--` is touched."""
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

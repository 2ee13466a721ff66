"""The root command: accepts global options anywhere on the line, and reports an error in one line."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Final

import typer
from typer.core import TyperGroup

from adapters.environment import InvalidEnvironment
from adapters.secrets.conditional_change import AdministrationError
from adapters.secrets.connector_secrets import ConnectorUnavailable
from cli.invocation import Invocation
from cli.readable_help import make_readable, without_types
from cli.wording import harmless
from domain.accounts.connector_key import InvalidAccountName
from domain.errors import ScimError
from domain.resources.extension_documents import InvalidExtension
from operations.activity import ActivityUnavailable
from operations.deployment import DeploymentError

_FLAGS: Final = frozenset({"--json", "--local"})
_FIRST: Final = ("account", "users", "groups", "doctor", "activity")
_WITH_VALUE: Final = frozenset({"--stack", "--region", "--profile", "--table", "--local-port"})


_SIGINT: Final = 130
_SIGPIPE: Final = 141
"""What a shell reports for a program that the signal ended."""


class UsageError(Exception):
    """The command line is wrong; one line for the operator, exit code 2."""


class Root(TyperGroup):
    """The group of all commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        make_readable(self)

    def get_params(self, ctx: Any) -> Any:
        """The options, with those for completion, which typer adds last."""
        params = super().get_params(ctx)
        without_types(params)
        return params

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands in the order of the help: the first that an operator needs come first."""
        names = super().list_commands(ctx)
        return [*(name for name in _FIRST if name in names), *(name for name in names if name not in _FIRST)]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Accept global options anywhere, as in `rollcall account show acme --json`."""
        ordered = globals_first(args)
        try:
            return super().parse_args(ctx, ordered)
        except typer.TyperException as error:
            _report_usage(error, as_json="--json" in args)
            raise

    def invoke(self, ctx: Any) -> Any:
        """Run the command; report an error on standard error: in one line, or with --json as a JSON object.

        Exits with 2 when the command line is wrong, with 130 after Ctrl-C, with 141 and no word when the program that
        read the output has ended, and else with 1.
        """
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
            return answer
        except BrokenPipeError:
            # What is buffered still would be reported at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(_SIGPIPE) from None
        except typer.Exit:
            raise
        except KeyboardInterrupt as interrupt:
            report(f"Interrupted. {interrupt}".rstrip(), _SIGINT, as_json=bool(ctx.params.get("as_json")))
            raise typer.Exit(_SIGINT) from None
        except Exception as error:
            as_json = bool(ctx.params.get("as_json"))
            if isinstance(error, typer.TyperException):
                _report_usage(error, as_json=as_json)
                raise
            if os.environ.get("ROLLCALL_TRACEBACK"):
                raise
            line, code = _explained(error)
            if isinstance(ctx.obj, Invocation):
                line = ctx.obj.with_options(line)
            report(line, code, as_json=as_json)
            raise typer.Exit(code) from error


def _explained(error: Exception) -> tuple[str, int]:
    """What an error says to the operator, and the exit code."""
    match error:
        case InvalidAccountName() | UsageError():
            return str(error), 2
        case ConnectorUnavailable():
            return error.remedy, 1
        case ScimError():
            return f"{error.detail} {error.remedy}", 1
        case typer.Abort(__context__=KeyboardInterrupt()):  # at a question
            return "Interrupted. Nothing was changed.", _SIGINT
        case typer.Abort():
            return "Nothing was changed. Answer y, or add --yes to skip the question.", 1
        case InvalidExtension() | InvalidEnvironment():
            return str(error), 1
        case AdministrationError() | ActivityUnavailable() | DeploymentError() | OSError() | UnicodeError():
            return str(error), 1
    return f"unexpected {type(error).__name__}; set ROLLCALL_TRACEBACK=1 for the traceback", 1


def report(line: str, code: int, *, as_json: bool) -> None:
    """Print an error on standard error: one line for a person, or a JSON object with `error` and `exitCode`."""
    text = json.dumps({"error": harmless(line), "exitCode": code}, ensure_ascii=False) if as_json else None
    typer.echo(text or harmless(f"rollcall: {line}"), err=True)


def _report_usage(error: typer.TyperException, *, as_json: bool) -> None:
    """Report a wrong command line and exit, with --json; typer shows it to people, with the usage."""
    if as_json:
        report(error.format_message(), error.exit_code, as_json=True)
        raise typer.Exit(error.exit_code) from error


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

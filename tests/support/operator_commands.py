"""Lines of the operator's command, judged by the command itself: nothing is run, every word is parsed.

>>> fault("--local users show --account NAME --email name@example.com".split())
>>> fault("users show --accout NAME".split())
'rollcall users show: No such option: --accout'
>>> fault("users disable --account acme".split())
"rollcall users: No such command 'disable'."
>>> fault("account rotate-key".split())
'rollcall account rotate-key: Missing parameter: name'
>>> fault("account rotate-key".split(), whole=False)
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import typer
from typer.exceptions import TyperException

from cli.main import app

# What stands for a value in documents, and a value of its kind.
_STANDS_FOR: Final = {"NAME": "acme", "PORT": "8080", "TABLE": "users"}


def fault(words: list[str], *, whole: bool = True) -> str | None:
    """What is wrong with the words after `rollcall`; with `whole=False` the last of them may be missing."""
    command: Any = _root()
    name, context = "rollcall", None
    if words in (["--version"], ["-h"], ["--install-completion"]):  # answered at once
        return None
    rest = [_STANDS_FOR.get(word, word) for word in words if word != "..."]
    try:
        while isinstance(command, typer.core.TyperGroup):
            if not rest:
                return f"{name}: which command?" if whole else None
            context = command.make_context(name, rest, parent=context)
            remaining = [*context._protected_args, *context.args]
            if not remaining:
                return f"{name}: which command?" if whole else None
            found, command, rest = command.resolve_command(context, remaining)
            name = f"{name} {found}"
        command.make_context(name, rest, parent=context)
    except (TyperException, ValueError) as error:
        if not whole and type(error).__name__ in ("MissingParameter", "BadOptionUsage"):
            return None
        return f"{name}: {error}"
    return None


def names() -> list[str]:
    """The commands and groups that follow `rollcall`."""
    return list(_root().commands)


@cache
def _root() -> Any:
    return typer.main.get_command(app)

"""Read what surrounds a process: its variables, and the extensions that its deployment declares.

The dataclasses in `handlers.environment` read their variables only in this way.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from domain.resources.attributes import ResourceType, Schema

Variables = Mapping[str, str]


class InvalidEnvironment(RuntimeError):
    """A variable is missing or malformed; the message names the variable and never shows its value."""


def on_lambda() -> bool:
    """Return True in a function's own process, whose environment is complete from the start."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def required(env: Variables, name: str) -> str:
    """Return the variable's value; raise `InvalidEnvironment` when it is missing or empty.

    >>> required({"TABLE_NAME": "rollcall-users"}, "TABLE_NAME")
    'rollcall-users'
    """
    value = env.get(name)
    if not value:
        raise InvalidEnvironment(f"the environment variable {name} is not set; template.yaml sets it")
    return value


def number(env: Variables, name: str, default: str | None = None) -> float:
    """Return the variable as a number; without a default it is required."""
    text = required(env, name) if default is None else env.get(name) or default
    try:
        return float(text)
    except ValueError as error:
        raise InvalidEnvironment(f"the environment variable {name} is not a number; template.yaml sets it") from error


def switch(env: Variables, name: str, *, default: bool) -> bool:
    """Return True for `true` and False for `false`, in any case; the default for everything else.

    >>> switch({"LOG_PERSONAL_DATA": "True"}, "LOG_PERSONAL_DATA", default=False)
    True
    """
    return {"true": True, "false": False}.get(env.get(name, "").lower(), default)


def declared_extensions() -> tuple[Schema, ...]:
    """Return the extensions of the User that the deployment declares, in the order of their files' names.

    They are the files `*.json` of `schemas`, or of the directory that ROLLCALL_SCHEMAS names; read once in a process.
    Raises `domain.resources.extension_documents.InvalidExtension`; an artifact has been checked while it was built.
    """
    named = os.environ.get("ROLLCALL_SCHEMAS")
    if named and not os.path.isdir(named):
        raise InvalidEnvironment("the environment variable ROLLCALL_SCHEMAS names no directory; correct it or unset it")
    return _declared_in(named or _SCHEMAS)


def declared_user_type() -> ResourceType:
    """Return the User with every extension that the deployment declares, whatever an account has of them.

    Raises what `declared_extensions` raises.
    """
    from domain.resources.user_schema import user_type  # not every function knows users

    return user_type(declared_extensions())


_SCHEMAS: Final = os.path.join(os.path.dirname(__file__), "schemas")
"""In the repository a link to its `schemas`, so that artifact and wheel have the files of that directory."""


@cache
def _declared_in(directory: str) -> tuple[Schema, ...]:
    try:
        names = sorted(name for name in os.listdir(directory) if name.endswith(".json"))
    except OSError:
        return ()
    if not names:
        return ()
    from adapters.extension_files import read_extensions  # most deployments declare none

    return read_extensions([Path(directory, name) for name in names])

"""Read environment variables. The dataclasses in `handlers.environment` read their variables only in this way."""

from __future__ import annotations

import os
from collections.abc import Mapping

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

"""The start of functions that serve no SCIM requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from adapters.environment import on_lambda

Event = TypeVar("Event")
Context = TypeVar("Context")
Result = TypeVar("Result")


def made_at_start(make: Callable[[], Callable[[Event, Context], Result]]) -> Callable[[Event, Context], Result]:
    """Return the Lambda handler that `make` puts together from the environment.

    On Lambda it is made now, as Lambda gives a start more CPU than an invocation. Elsewhere it is made for each call,
    from the environment of that moment. Example: `handler = made_at_start(Watch.from_env)`.
    """
    if on_lambda():
        return make()

    def handler(event: Event, context: Context) -> Result:
        return make()(event, context)

    return handler

"""Whether strict mode alone is why a request was refused: it is read again as a tolerant account would read it.

This costs nothing until a request of a strict account has failed, and then at most what reading the request costs:
it stops where the first write, or the first search, would begin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from adapters.logs.telemetry import RequestRecord
from domain.errors import BadRequest, ScimError
from handlers.endpoint import ScimRequest

if TYPE_CHECKING:
    from adapters.dynamodb import DynamoDBAccount

_READS: Final = frozenset({"get", "get_many", "whole", "candidates"})
"""What a store is asked for before a request is accepted."""
_SECONDS: Final = 1.0
"""That must be left of the request's time."""


class _Accepted(Exception):
    """The request was read to its end, and would now be done."""


def _accept(*_: object, **__: object) -> NoReturn:
    raise _Accepted


@dataclass(frozen=True, slots=True)
class _Readable:
    """A store that ends the reading of a request where it would do more than look at single resources."""

    store: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name) if name in _READS else _accept


@dataclass(frozen=True, slots=True)
class _ReadableAccount:
    """The stores of an account, each readable alone."""

    account: DynamoDBAccount

    def __getattr__(self, name: str) -> Any:
        return _Readable(getattr(self.account, name))


@dataclass(frozen=True)
class _Reading(ScimRequest):
    """The request as one of a tolerant account, of which nothing is written, counted or logged."""

    @cached_property
    def account(self) -> DynamoDBAccount:
        return cast("DynamoDBAccount", _ReadableAccount(super().account))

    def count(self, requests: int) -> None:
        pass


def blame_strict_mode(request: ScimRequest, error: ScimError, serve: Callable[[ScimRequest], object]) -> None:
    """Say in the error that the account is strict, if a tolerance would have had the request accepted.

    `serve` does what failed. The request is given the unknown attributes that were read.
    """
    caller = request.caller
    if caller.settings.is_tolerant or not isinstance(error, BadRequest) or request.deadline.remaining() < _SECONDS:
        return
    tolerant = replace(caller, settings=replace(caller.settings, mode="tolerant", deprovisioning_limit=None))
    record = RequestRecord(
        request.record.operation, request.record.invocation_id, cold_start=False, usage=request.record.usage
    )
    reading = _Reading(request.service, request.endpoint_type, request.http, tolerant, request.deadline, record)
    try:
        serve(reading)
    except _Accepted:
        pass
    except Exception:
        return
    finally:
        request.unknown.update(reading.unknown)
    if reading.noted:
        error.blame_strict_mode(caller.account)

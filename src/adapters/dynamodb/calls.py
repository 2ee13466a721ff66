"""Calls to DynamoDB within the time of one request: counted, retried with jitter, with errors of the domain."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from adapters.dynamodb.failures import (
    FAILURES,
    ConditionFailed,
    Failure,
    MismatchedToken,
    classify,
    is_mismatched_token,
    reasons_of,
    unavailable,
)
from adapters.dynamodb.usage import Usage
from domain.errors import OutOfTime

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_dynamodb import DynamoDBClient

    from domain.ports import Deadline

Operation = Literal[
    "get_item", "batch_get_item", "query", "put_item", "update_item", "transact_write_items", "transact_get_items"
]

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0
_SECONDS_OF_AN_ANSWERED_CALL: Final = 0.05
_SECONDS_OF_AN_UNANSWERED_CALL: Final = 2.0
"""Time to allow for another attempt after one that got no answer: the client's read time-out."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Sends calls, and repeats each until it is answered or `deadline` is near; tests replace `sleep` and `chance`."""

    client: DynamoDBClient
    deadline: Deadline
    usage: Usage
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def until(self, deadline: Deadline) -> Calls:
        """Return calls with another deadline and the same usage."""
        return replace(self, deadline=deadline)

    def send(self, operation: Operation, **parameters: Any) -> dict[str, Any]:
        """Send a call and return the response.

        Raises `ConditionFailed` or `MismatchedToken` for a write, otherwise TooManyRequests or ServiceUnavailable. A
        repeated call has identical parameters, so a transaction keeps its ClientRequestToken.
        """
        method = getattr(self.client, operation)
        maybe_landed = False
        attempt = 0
        if self.deadline.remaining() <= 0:
            raise OutOfTime
        while True:
            self.usage.sent(again=attempt > 0)
            try:
                response: dict[str, Any] = method(ReturnConsumedCapacity="TOTAL", **parameters)
            except FAILURES as error:
                failure = classify(error)
                if failure is Failure.CONDITION:
                    raise _condition_failed(error, maybe_landed=maybe_landed) from error
                if "ClientRequestToken" in parameters and is_mismatched_token(error):
                    raise MismatchedToken from error
                maybe_landed = maybe_landed or failure is Failure.UNANSWERED
                self.pause(attempt, failure, error)
                attempt += 1
            else:
                self.usage.answered(response)
                return response

    def pause(self, attempt: int, failure: Failure, cause: Exception) -> None:
        """Wait before attempt number `attempt + 1` (full jitter); raises if time is over or a retry is useless."""
        if failure is Failure.REFUSED:
            raise unavailable(failure, cause)
        pause = self.chance() * min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempt, 10))
        lost = failure in (Failure.UNANSWERED, Failure.UNREACHED)
        needed = _SECONDS_OF_AN_UNANSWERED_CALL if lost else _SECONDS_OF_AN_ANSWERED_CALL
        if self.deadline.remaining() < pause + needed:
            raise unavailable(failure, cause)
        self.sleep(pause)


def _condition_failed(error: Exception, *, maybe_landed: bool) -> ConditionFailed:
    refusal: ClientError = error  # type: ignore[assignment]  # only a ClientError has this classification
    return ConditionFailed(reasons_of(refusal), maybe_landed=maybe_landed)

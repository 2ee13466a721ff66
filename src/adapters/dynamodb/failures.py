"""What a failed call to DynamoDB means: tried again, an answer in itself, or beyond this request.

Codes: DynamoDB Developer Guide, "Error handling with DynamoDB", and TransactWriteItems' cancellation reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)
from botocore.parsers import ResponseParserError

from domain.errors import Retryable, ServiceUnavailable, TooManyRequests

FAILURES: Final = (ClientError, BotoCoreError, ResponseParserError)
"""All that a call of a botocore client raises."""


class Failure(Enum):
    """How to go on after a failed call."""

    CONDITION = "a condition did not hold: the answer is final"
    THROTTLED = "DynamoDB takes no more now: nothing was done"
    CONTENDED = "another transaction has one of the items: nothing was done"
    UNREACHED = "the call never left: nothing was done"
    UNANSWERED = "whether it was done is not known"
    REFUSED = "no repetition will help"


class ConditionFailed(Exception):
    """A write that was refused by its conditions.

    `reasons` are the CancellationReasons of a transaction by position, or the one of a single write, each with `Code`
    and, where the item exists, `Item`. `maybe_landed` when an earlier attempt of the same write got no answer, so that
    it may be what now stands in the way.
    """

    def __init__(self, reasons: Sequence[Mapping[str, Any]], *, maybe_landed: bool) -> None:
        super().__init__([reason.get("Code") for reason in reasons])
        self.reasons = reasons
        self.maybe_landed = maybe_landed

    def failed(self, position: int) -> bool:
        """Whether it was the condition at that position that did not hold."""
        return position < len(self.reasons) and self.reasons[position].get("Code") == "ConditionalCheckFailed"

    def item(self, position: int) -> Mapping[str, Any]:
        """The item found at that position; empty when there is none."""
        item: Mapping[str, Any] = self.reasons[position].get("Item") or {}
        return item


class MismatchedToken(Exception):
    """DynamoDB holds another transaction under the token of this one."""


_THROTTLING: Final = frozenset({
    "ProvisionedThroughputExceededException", "ThrottlingException", "Throttling", "RequestLimitExceeded",
    "ThrottlingError", "ProvisionedThroughputExceeded", "RequestThrottled", "ThrottledException",
})  # fmt: skip
_CONTENTION: Final = frozenset({"TransactionConflictException", "TransactionConflict"})
_UNANSWERED: Final = frozenset({"TransactionInProgressException", "InternalServerError", "InternalFailure"})
_REFUSING_REASONS: Final = frozenset({"ValidationError", "ItemCollectionSizeLimitExceeded"})


def classify(error: Exception) -> Failure:
    """What the error of a call means."""
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        if code == "TransactionCanceledException":
            return _of_reasons(reasons_of(error))
        if code == "ConditionalCheckFailedException":
            return Failure.CONDITION
        if code in _THROTTLING:
            return Failure.THROTTLED
        if code in _CONTENTION:
            return Failure.CONTENDED
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return Failure.UNANSWERED if code in _UNANSWERED or status >= 500 else Failure.REFUSED
    if isinstance(error, ConnectTimeoutError | EndpointConnectionError):
        return Failure.UNREACHED
    if isinstance(error, HTTPClientError | IncompleteReadError | ResponseStreamingError | ResponseParserError):
        return Failure.UNANSWERED
    return Failure.REFUSED


def reasons_of(error: ClientError) -> list[dict[str, Any]]:
    """Why a write was refused, by position of its actions; a single write has one."""
    response: Mapping[str, Any] = error.response
    if response.get("Error", {}).get("Code") == "TransactionCanceledException":
        return list(response.get("CancellationReasons") or ())
    return [{"Code": "ConditionalCheckFailed", "Item": response.get("Item")}]


def is_mismatched_token(error: Exception) -> bool:
    """Whether DynamoDB holds another transaction under the token of this one."""
    return (
        isinstance(error, ClientError)
        and error.response.get("Error", {}).get("Code") == "IdempotentParameterMismatchException"
    )


def unavailable(failure: Failure, cause: Exception) -> Retryable:
    """The answer to the client when the time for trying again is over, or trying again is useless."""
    if failure is Failure.THROTTLED:
        answer: Retryable = TooManyRequests("There are more requests than the service can serve now. Try again later.")
    elif failure is Failure.REFUSED:
        answer = ServiceUnavailable(
            "The users cannot be reached now. Try again later.",
            reason="table-refused",
            remedy="DynamoDB refuses the call: check the function's role, the table's name and state, and the key that "
            "encrypts it.",
        )
    elif failure is Failure.CONTENDED:
        answer = ServiceUnavailable("Other requests keep changing the same user. Try again later.", reason="contended")
    else:
        answer = ServiceUnavailable("The users cannot be reached now. Try again later.")
    answer.__cause__ = cause
    return answer


def _of_reasons(reasons: Sequence[Mapping[str, Any]]) -> Failure:
    """A condition that failed is the answer, whatever else happened at the same time; else the worst of the rest."""
    codes = {str(reason.get("Code")) for reason in reasons}
    if "ConditionalCheckFailed" in codes:
        return Failure.CONDITION
    if codes & _REFUSING_REASONS:
        return Failure.REFUSED
    return Failure.THROTTLED if codes & _THROTTLING else Failure.CONTENDED

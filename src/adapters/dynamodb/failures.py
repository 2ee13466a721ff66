"""Classification of failed calls to DynamoDB: retry, final answer, or unavailable.

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
"""All errors that a call of a botocore client raises."""


class Failure(Enum):
    """What a failed call means."""

    CONDITION = "a condition failed: the answer is final"
    THROTTLED = "DynamoDB throttled the call: nothing was done"
    CONTENDED = "another transaction is changing one of the items: nothing was done"
    UNREACHED = "the call was not sent: nothing was done"
    UNANSWERED = "the call may have been done"
    REFUSED = "a retry cannot succeed"


class ConditionFailed(Exception):
    """A write whose condition failed.

    `reasons` are the CancellationReasons of a transaction by position, or the one of a single write, each with `Code`
    and, where the item exists, `Item`. `maybe_landed` is true when an earlier attempt of the same write got no answer,
    so that its own effect may be the reason.
    """

    def __init__(self, reasons: Sequence[Mapping[str, Any]], *, maybe_landed: bool) -> None:
        super().__init__([reason.get("Code") for reason in reasons])
        self.reasons = reasons
        self.maybe_landed = maybe_landed

    def failed(self, position: int) -> bool:
        """Return True if the condition at that position failed."""
        return position < len(self.reasons) and self.reasons[position].get("Code") == "ConditionalCheckFailed"

    def item(self, position: int) -> Mapping[str, Any]:
        """The item at that position; empty when there is none."""
        item: Mapping[str, Any] = self.reasons[position].get("Item") or {}
        return item


class MismatchedToken(Exception):
    """DynamoDB knows another transaction by the token of this one."""


_THROTTLING: Final = frozenset({
    "ProvisionedThroughputExceededException", "ThrottlingException", "Throttling", "RequestLimitExceeded",
    "ThrottlingError", "ProvisionedThroughputExceeded", "RequestThrottled", "ThrottledException",
})  # fmt: skip
_CONTENTION: Final = frozenset({"TransactionConflictException", "TransactionConflict"})
_UNANSWERED: Final = frozenset({"TransactionInProgressException", "InternalServerError", "InternalFailure"})
_REFUSING_REASONS: Final = frozenset({"ValidationError", "ItemCollectionSizeLimitExceeded"})


def classify(error: Exception) -> Failure:
    """Classify the error of a call."""
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
    """The reasons of a failed write, by position of its actions; a single write has one."""
    response: Mapping[str, Any] = error.response
    if response.get("Error", {}).get("Code") == "TransactionCanceledException":
        return list(response.get("CancellationReasons") or ())
    return [{"Code": "ConditionalCheckFailed", "Item": response.get("Item")}]


def is_mismatched_token(error: Exception) -> bool:
    """Return True if DynamoDB knows another transaction by the token of this one."""
    return (
        isinstance(error, ClientError)
        and error.response.get("Error", {}).get("Code") == "IdempotentParameterMismatchException"
    )


def is_invalid(error: BaseException | None) -> bool:
    """Return True if DynamoDB finds a call invalid: also a transaction whose items have more than 4 MB."""
    if not isinstance(error, ClientError):
        return False
    code = error.response.get("Error", {}).get("Code")
    return code == "ValidationException" or any(each.get("Code") == "ValidationError" for each in reasons_of(error))


def unavailable(failure: Failure, cause: Exception) -> Retryable:
    """The answer to the client when the time for retries is over, or a retry is useless."""
    if failure is Failure.THROTTLED:
        answer: Retryable = TooManyRequests(
            "The service has more requests than it can serve at the moment. Try again later."
        )
    elif failure is Failure.REFUSED:
        answer = ServiceUnavailable(
            "The service cannot reach its table at the moment. Try again later.",
            reason="table-refused",
            remedy="DynamoDB refused the call: check the function's role, the table's name and state, and the key that "
            "encrypts the table.",
        )
    elif failure is Failure.CONTENDED:
        answer = ServiceUnavailable("Other requests keep changing the same user. Try again later.", reason="contended")
    else:
        answer = ServiceUnavailable("The service cannot reach its table at the moment. Try again later.")
    answer.__cause__ = cause
    return answer


def account_contended() -> ServiceUnavailable:
    """The answer to the client when other requests won every race for an item of the account."""
    return ServiceUnavailable("Other requests keep changing this account. Try again later.", reason="contended")


def _of_reasons(reasons: Sequence[Mapping[str, Any]]) -> Failure:
    """Classify a cancelled transaction: a failed condition is the answer; otherwise the most serious reason counts."""
    codes = {str(reason.get("Code")) for reason in reasons}
    if "ConditionalCheckFailed" in codes:
        return Failure.CONDITION
    if codes & _REFUSING_REASONS:
        return Failure.REFUSED
    return Failure.THROTTLED if codes & _THROTTLING else Failure.CONTENDED

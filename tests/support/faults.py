"""One harness for all that can go wrong between the store and DynamoDB: hooks in botocore's own events.

A fault strikes a call before it is sent (DynamoDB never sees it) or after it was served (DynamoDB did what was asked).
An error with a code is a whole HTTP response, so that botocore parses it as it would DynamoDB's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import uuid4

from botocore.awsrequest import AWSResponse
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.model import OperationModel
from botocore.parsers import create_parser

_PLACE = "https://dynamodb.example"
ANY: tuple[str, ...] = ()
USER_WRITES = ("PutItem", "TransactWriteItems")
"""The calls that write a user; UpdateItem is the deprovisioning guard's."""
GUARD_WRITES = ("UpdateItem",)


@dataclass(frozen=True)
class Fault:
    """A fault of a call; `after` it was served, or instead of being sent."""

    name: str
    strike: Callable[[], Exception | AWSResponse]
    after: bool = False

    @property
    def of_transactions(self) -> bool:
        """True if only a transaction can meet it."""
        return self.name in ("TransactionInProgressException", "IdempotentParameterMismatchException")

    def __str__(self) -> str:
        return f"{self.name} after" if self.after else self.name


def error(code: str, status: int = 400, **body: Any) -> Callable[[], AWSResponse]:
    """DynamoDB's answer with that error code."""
    return answer(status, json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code, **body}))


def answer(status: int, body: str) -> Callable[[], AWSResponse]:
    """Any answer."""

    class Raw(BytesIO):
        def stream(self, **kwargs: Any) -> Any:
            yield self.read()

    return lambda: AWSResponse(_PLACE, status, {"x-amzn-requestid": "1"}, Raw(body.encode()))  # type: ignore[arg-type]  # a dict serves as headers


def cancelled(*codes: str) -> Callable[[], AWSResponse]:
    """A transaction cancelled for those reasons, by position."""
    return error("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


def timed_out() -> Exception:
    return ReadTimeoutError(endpoint_url=_PLACE)


def reset() -> Exception:
    return ConnectionClosedError(endpoint_url=_PLACE)


THROTTLING = [
    Fault(code, error(code))
    for code in ("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded")
]
"""DynamoDB takes no more."""

BREAKING = [
    Fault("time-out", timed_out),
    Fault("connection reset", reset),
    Fault("connect time-out", lambda: ConnectTimeoutError(endpoint_url=_PLACE)),
    Fault("no connection", lambda: EndpointConnectionError(endpoint_url=_PLACE)),
    Fault("InternalServerError", error("InternalServerError", 500)),
    Fault("bad gateway", answer(502, "<html>Bad gateway</html>")),
]
"""The call fails and nothing was done."""

LOST = [
    Fault("time-out", timed_out, after=True),
    Fault("connection reset", reset, after=True),
    Fault("InternalServerError", error("InternalServerError", 500), after=True),
    Fault("TransactionInProgressException", error("TransactionInProgressException"), after=True),
    Fault("IdempotentParameterMismatchException", error("IdempotentParameterMismatchException"), after=True),
]
"""DynamoDB made the change, and its answer was lost."""

CONTENDED = [
    Fault("TransactionInProgressException", error("TransactionInProgressException")),
    Fault("TransactionConflictException", error("TransactionConflictException")),
    Fault("TransactionConflict", cancelled("None", "TransactionConflict")),
    Fault("ThrottlingError", cancelled("ThrottlingError", "None")),
    Fault("ProvisionedThroughputExceeded", cancelled("None", "ProvisionedThroughputExceeded")),
    Fault("IdempotentParameterMismatchException", error("IdempotentParameterMismatchException")),
]
"""Another transaction is in the way of a write."""

REFUSING = [
    Fault("ExpiredTokenException", error("ExpiredTokenException")),
    Fault("AccessDeniedException", error("AccessDeniedException")),
    Fault("ResourceNotFoundException", error("ResourceNotFoundException")),
    Fault("ValidationException", error("ValidationException")),
    Fault("ValidationError", cancelled("ValidationError", "None")),
    Fault("no credentials", NoCredentialsError),
]
"""No repetition helps."""


class FaultyClient:
    """Strikes the calls of a client of DynamoDB, or of another service: some calls in turn, or all further ones."""

    def __init__(self, client: Any, service: str = "dynamodb") -> None:
        self._waiting: list[Fault] = []
        self._for_ever: Fault | None = None
        self._forget_tokens = False
        self._only = ANY
        self._spared = 0
        self._is_spared = False
        self.struck = 0
        events = client.meta.events
        events.register_first(f"before-call.{service}", self._before)
        events.register_first(f"after-call.{service}", self._after)
        events.register_first("provide-client-params.dynamodb.TransactWriteItems", self._token)
        self.client = client

    def once(self, *faults: Fault, forget_tokens: bool = False, only: tuple[str, ...] = ANY, spared: int = 0) -> None:
        """Strike the next calls, one each, after those `spared`; `forget_tokens` as if DynamoDB knew no token."""
        self._waiting, self._forget_tokens, self._only, self._spared = list(faults), forget_tokens, only, spared

    def always(self, fault: Fault, *, only: tuple[str, ...] = ANY, spared: int = 0) -> None:
        """Strike all calls from now on, after those `spared`."""
        self._for_ever, self._only, self._spared = fault, only, spared

    def calm(self) -> None:
        """No more faults."""
        self._waiting, self._for_ever, self._forget_tokens, self._spared = [], None, False, 0

    def _next(self, operation: str, after: bool) -> Exception | AWSResponse | None:
        fault = self._waiting[0] if self._waiting else self._for_ever
        if self._is_spared or fault is None or fault.after is not after or (self._only and operation not in self._only):
            return None
        del self._waiting[:1]
        self.struck += 1
        return fault.strike()

    def _before(self, model: OperationModel, **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        self._is_spared = self._spared > 0
        self._spared = max(0, self._spared - 1)
        struck = self._next(model.name, after=False)
        if isinstance(struck, Exception):
            raise struck
        return None if struck is None else (struck, _parsed(struck, model))

    def _after(self, model: OperationModel, **_: Any) -> None:
        struck = self._next(model.name, after=True)
        if isinstance(struck, Exception):
            raise struck
        if struck is not None:
            raise ClientError(_parsed(struck, model), model.name)  # type: ignore[arg-type]  # the stubs require all members of an error

    def _token(self, params: dict[str, Any], **_: Any) -> dict[str, Any] | None:
        return {**params, "ClientRequestToken": str(uuid4())} if self._forget_tokens else None


def _parsed(response: AWSResponse, model: OperationModel) -> dict[str, Any]:
    """The answer as botocore parses it: the error itself, and the further members of its shape."""
    raw = {"body": response.content, "headers": response.headers, "status_code": response.status_code}
    parser = create_parser("json")
    parsed: dict[str, Any] = parser.parse(raw, model.output_shape)  # type: ignore[arg-type]  # None for an operation without an answer
    shape = model.service_model.shape_for_error_code(parsed["Error"]["Code"])
    return parsed if shape is None else parsed | parser.parse(raw, shape)  # type: ignore[no-any-return, redundant-expr]  # the stubs hide that an error can be unknown


def in_pieces(client: Any) -> None:
    """Let DynamoDB answer as little as it may: one item a page, one key a batch."""
    left_out: list[dict[str, Any]] = []

    def one_item(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**params, "Limit": 1}

    def one_key(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        [(table, asked)] = params["RequestItems"].items()
        left_out[:] = [{table: {**asked, "Keys": asked["Keys"][1:]}}]
        return {**params, "RequestItems": {table: {**asked, "Keys": asked["Keys"][:1]}}}

    def unprocessed(parsed: dict[str, Any], **_: Any) -> None:
        if any(asked["Keys"] for asked in left_out[0].values()):
            parsed["UnprocessedKeys"] = left_out[0]

    client.meta.events.register("provide-client-params.dynamodb.Query", one_item)
    client.meta.events.register("provide-client-params.dynamodb.BatchGetItem", one_key)
    client.meta.events.register("after-call.dynamodb.BatchGetItem", unprocessed)


def nothing_processed(client: Any, times: int) -> None:
    """Let DynamoDB return this many batches unprocessed, as it does when it is throttled."""
    asked: list[dict[str, Any]] = []

    def remember(params: dict[str, Any], **_: Any) -> None:
        asked.append(params["RequestItems"])

    def give_back(parsed: dict[str, Any], **_: Any) -> None:
        if len(asked) <= times:
            parsed.update(Responses={}, UnprocessedKeys=asked[-1])

    client.meta.events.register("provide-client-params.dynamodb.BatchGetItem", remember)
    client.meta.events.register("after-call.dynamodb.BatchGetItem", give_back)

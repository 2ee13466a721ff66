"""SCIM errors (RFC 7644 section 3.12) as exceptions, rendered in one place.

`detail` is written for the person who reads it in the identity provider's window and may name the value at fault, in
the form that `domain.quoting` gives it; unprintable characters are escaped here, for all errors.
`reason` and `remedy` are fixed texts without any value of a request, and `attribute` is a name of the schema or of the
protocol, never a client's word: these are what logs may hold.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar, Final, Self

from domain import remedies
from domain.quoting import quoted, visible

ERROR_URN: Final = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """An error answer: HTTP status, scimType, detail for a person, fixed reason and remedy."""

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    scim_type: ClassVar[str | None] = None
    reason: str = "bad-request"
    remedy: str = "Correct the identity provider's configuration: the reason says what is wrong with this request."
    account: str | None = None
    """For the log: the account whose key was refused, where that is one of this service's accounts."""

    secret_name: str | None = None
    """For the log: the secret that could not be read or used, by its name."""

    attribute: str | None = None
    """For the log: what the error is about, as the schema or the protocol calls it; several with commas."""

    strict: bool | None = None
    """For the log: True if the account's strict mode alone is why the request was refused."""

    expected: str | None = None
    """For the log: what the attribute may be, without any value of the request."""

    def __init__(
        self,
        detail: str,
        *,
        attribute: str | None = None,
        reason: str | None = None,
        remedy: str | None = None,
        account: str | None = None,
        secret_name: str | None = None,
    ) -> None:
        detail = visible(detail)
        super().__init__(detail)
        self.detail = detail
        if attribute is not None:
            self.attribute = attribute
        if reason is not None:
            self.reason = reason
        if remedy is not None:
            self.remedy = remedy
        if account is not None:
            self.account = account
        if secret_name is not None:
            self.secret_name = secret_name

    @property
    def headers(self) -> dict[str, str]:
        """Response headers that belong to this error."""
        return {}

    def body(self) -> dict[str, Any]:
        """The Error message; `status` is a string (RFC 7644 section 3.12)."""
        message: dict[str, Any] = {"schemas": [ERROR_URN], "status": str(self.status.value)}
        if self.scim_type is not None:
            message["scimType"] = self.scim_type
        message["detail"] = self.detail
        return message


class BadRequest(ScimError):
    """The request is not what the operation takes: every 400 says what is wrong, and what was expected instead.

    `attribute` is a name of the schema or the protocol, `body` for the body as a whole. `expected` completes "must be".
    """

    remedy = "Correct the value that the identity provider sends for this attribute; expected says what is accepted."
    attribute: str
    expected: str

    def __init__(
        self, detail: str, *, attribute: str, expected: str, reason: str | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(detail, attribute=attribute, reason=reason, remedy=remedy)
        self.expected = expected

    def blame_strict_mode(self, account: str) -> None:
        """Say that a tolerance would have had the request accepted, had the account not been strict."""
        self.strict = True
        self.detail += (
            " This account is in strict mode, which rejects known deviations from the standard. The service's "
            f"operator can accept them: {remedies.tolerant(account)}."
        )
        self.remedy = (
            "The account is in strict mode; tolerant mode accepts this request. Correct the identity provider, or "
            f"switch the mode: {remedies.tolerant()}."
        )

    @classmethod
    def must_be(cls, expected: str, *, attribute: str, place: str | None = None) -> Self:
        """What is at a place, which is the attribute's name unless given, is something else.

        >>> InvalidValue.must_be("true or false", attribute="active").detail
        'active must be true or false.'
        """
        return cls(f"{place or attribute} must be {expected}.", attribute=attribute, expected=expected)


class InvalidSyntax(BadRequest):
    """The body is not what the operation takes: not JSON, not an object, a missing member."""

    scim_type = "invalidSyntax"
    reason = "invalid-syntax"


class InvalidValue(BadRequest):
    """A value has the wrong type or form, or a required one is missing."""

    scim_type = "invalidValue"
    reason = "invalid-value"


class InvalidFilter(BadRequest):
    """The filter cannot be parsed, names no attribute of the resource type, or compares what cannot be compared."""

    scim_type = "invalidFilter"
    reason = "invalid-filter"


class InvalidPath(BadRequest):
    """The path of a PATCH operation is malformed or names no attribute of the resource type."""

    scim_type = "invalidPath"
    reason = "invalid-path"


class NoTarget(BadRequest):
    """The path of a PATCH operation yields nothing that could be operated on."""

    scim_type = "noTarget"
    reason = "no-target"


class MutabilityViolation(BadRequest):
    """The operation would change a readOnly or immutable attribute."""

    scim_type = "mutability"
    reason = "mutability"


class TooMany(BadRequest):
    """The request would cost more than the service allows."""

    scim_type = "tooMany"
    reason = "too-many"
    remedy = "Narrow the filter, or query by userName, emails, externalId or id, which are indexed."

    @classmethod
    def to_read(cls) -> TooMany:
        """The time of the request ends before all users or groups are read."""
        return cls(
            "The query matches more than one request has time to read. Narrow the filter.",
            attribute="filter",
            expected="a filter on an indexed attribute that few users or groups match",
        )


class InvalidCursor(BadRequest):
    """The cursor is not from this service, or belongs to another account or query (RFC 9865 section 2.1)."""

    scim_type = "invalidCursor"
    reason = "invalid-cursor"
    remedy = "Start again without a cursor."

    def __init__(self, detail: str) -> None:
        super().__init__(detail, attribute="cursor", expected="the nextCursor of the previous page of the same query")

    @classmethod
    def of_another_release(cls) -> InvalidCursor:
        """The cursor is sound, but has no position that this release can continue from."""
        return cls("cursor was issued by another release of this service. Start again with an empty cursor.")


class ExpiredCursor(InvalidCursor):
    """The cursor is too old (RFC 9865 section 2.1)."""

    scim_type = "expiredCursor"
    reason = "expired-cursor"


class InvalidCount(BadRequest):
    """The page size asked for with a cursor is refused (RFC 9865 section 2.1)."""

    scim_type = "invalidCount"
    reason = "invalid-count"


class Unauthorized(ScimError):
    """No, a malformed or a wrong Connector Key; the wording never reveals which part of a key is wrong."""

    status = HTTPStatus.UNAUTHORIZED
    reason = "unauthorized"
    remedy = "Paste the account's current Connector Key into the identity provider's token field."

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer realm="Rollcall"'}


class Forbidden(ScimError):
    """The key is right, but the account may not do this now."""

    status = HTTPStatus.FORBIDDEN
    reason = "forbidden"


class NotFound(ScimError):
    """There is no such resource or endpoint."""

    status = HTTPStatus.NOT_FOUND
    reason = "not-found"
    remedy = "Compare what the identity provider asks for with what the service has: the answer names it."


class MethodNotAllowed(ScimError):
    """The endpoint exists, but not for this HTTP method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    reason = "method-not-allowed"
    remedy = "Have the identity provider use a method that the endpoint supports; the Allow header lists them."

    def __init__(self, detail: str, allowed: tuple[str, ...]) -> None:
        super().__init__(detail)
        self.allowed = allowed

    @property
    def headers(self) -> dict[str, str]:
        return {"Allow": ", ".join(self.allowed)}


class UniquenessConflict(ScimError):
    """A value that must be unique belongs to another user, or group (RFC 7644 section 3.3)."""

    status = HTTPStatus.CONFLICT
    scim_type = "uniqueness"
    reason = "uniqueness"

    def __init__(self, attribute: str, value: str, account: str = "default") -> None:
        if attribute == "displayName":
            super().__init__(
                f"displayName {quoted(value)} already belongs to another group of this service. Use another name, or "
                f"ask the service's operator to look at that group: {remedies.show_group(account, value)}.",
                attribute=attribute,
                reason="group-name-exists",
                remedy=f"Find the group with that name ({remedies.SHOW_GROUP}). Then rename it, delete it, or link it "
                f"to the new group in the identity provider; or change it here ({remedies.RENAME_GROUP}, "
                f"{remedies.DELETE_GROUP}).",
            )
            self.value = value
            return
        is_address = attribute == "emails.value"
        change = remedies.SET_USER if is_address else remedies.RENAME_USER
        detail = (
            f"{attribute} {quoted(value)} already belongs to another user of this service. Use another value, or ask "
            f"the service's operator to look at that user: {remedies.show_user(account, attribute, value)}. With the "
            f"same options, {change} changes the user and {remedies.DELETE_USER} deletes it."
        )
        if is_address:
            detail += (
                " Or the operator lets the identity provider take over existing users that no identity provider "
                f"manages yet: {remedies.match_existing_by_email(account)}."
            )
            super().__init__(
                detail, attribute=attribute, reason="email-exists", remedy=_taken_by_a_user(remedies.SET_USER)
            )
        else:
            super().__init__(
                detail, attribute=attribute, reason="user-name-exists", remedy=_taken_by_a_user(remedies.RENAME_USER)
            )
        self.value = value


def _taken_by_a_user(change: str) -> str:
    return (
        f"Find the user who has the value ({remedies.SHOW_USER}). Then change or delete that user ({change}, "
        f"{remedies.DELETE_USER}), or let the identity provider take it over ({remedies.match_existing_by_email()})."
    )


class PreconditionFailed(ScimError):
    """If-Match does not name the resource's present version (RFC 7644 section 3.14)."""

    status = HTTPStatus.PRECONDITION_FAILED
    reason = "precondition-failed"
    remedy = "Read the user again and repeat the change on the current version."


class PayloadTooLarge(ScimError):
    """The body, the number of values or the resulting resource is larger than the service accepts."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    reason = "payload-too-large"
    remedy = "Have the identity provider send less in one request: docs/limits.md lists the limits."


class NotImplementedHere(ScimError):
    """The RFC defines it, this service does not support it (RFC 7644 section 3.11 for /Me)."""

    status = HTTPStatus.NOT_IMPLEMENTED
    reason = "not-implemented"
    remedy = "In the identity provider, switch off the feature that uses this: the service does not support it."


class Retryable(ScimError):
    """The request is right, but cannot be served now; Retry-After says when to retry, in whole seconds."""

    retry_after: int = 5

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)}


class TooManyRequests(Retryable):
    """The table throttles; the same request will succeed later."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    reason = "throttled"
    remedy = "Nothing to correct: the identity provider retries the request."


class TooManyWrongKeys(Retryable):
    """The address has sent many wrong keys, so this one was not checked."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    reason = "too-many-wrong-keys"
    remedy = "Paste the account's current Connector Key into the identity provider that sends from this address."

    def __init__(self, seconds: int) -> None:
        self.retry_after = max(1, seconds)
        super().__init__(
            "Too many requests with a wrong Connector Key came from this address, so the key of this request was not "
            f"checked. Repeat the request in {self.retry_after} s. If this continues, paste the account's current "
            "Connector Key into the identity provider's token field."
        )


class ServiceUnavailable(Retryable):
    """DynamoDB or Secrets Manager cannot be reached in time, or a race could not be settled in time."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    reason = "unavailable"
    remedy = "Nothing to correct: the identity provider retries the request. If this continues, see the runbook."


class OutOfTime(ServiceUnavailable):
    """The time for one request is over; nothing else failed."""

    reason = "out-of-time"

    def __init__(self) -> None:
        super().__init__("The service ran out of time for this request. Repeat the request.")

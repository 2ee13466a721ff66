"""The refusals of the set-up page, in the words of the administrator who reads them."""

from __future__ import annotations

from http import HTTPStatus
from math import ceil
from typing import Final

from handlers.setup.answers import Refused

_NEW_LINK: Final = "Ask the people who sent you the link for a new one."
_AGAIN: Final = "Open the link again, exactly as you received it."


def closed() -> Refused:
    """No token, or one that opens nothing: one answer for every cause."""
    return Refused(
        HTTPStatus.UNAUTHORIZED,
        "link-closed",
        title="This link does not work",
        explanation="The link is incomplete, has expired, or was revoked.",
        remedy="Copy the whole link from the message that you received. If it still does not work: " + _NEW_LINK,
        headers={"WWW-Authenticate": 'Bearer realm="Rollcall set-up"'},
    )


def shown_before() -> Refused:
    """The key was shown."""
    return Refused(
        HTTPStatus.CONFLICT,
        "key-shown-before",
        title="The Connector Key was already shown",
        explanation="A link shows the key only once, to protect it from anyone who finds the link later.",
        remedy="If you do not have the key, or someone else may have seen it: " + _NEW_LINK,
    )


def chosen_too_often() -> Refused:
    """The link stores no further choice."""
    return Refused(
        HTTPStatus.TOO_MANY_REQUESTS,
        "chosen-too-often",
        title="The identity provider was not changed",
        explanation="It was changed too often with this link, which keeps the last choice.",
        remedy="To choose another identity provider: " + _NEW_LINK,
        headers={"Retry-After": "10"},
    )


def switched_off() -> Refused:
    """The account is off."""
    return Refused(
        HTTPStatus.CONFLICT,
        "account-disabled",
        title="Provisioning is switched off",
        explanation="The Connector Key would not work, so it was not shown. The link can still show it later.",
        remedy="Ask the operator of the application: \u201cPlease switch SCIM on for our account.\u201d",
    )


def another_site() -> Refused:
    """A page of another site sent the request."""
    return Refused(
        HTTPStatus.FORBIDDEN,
        "another-site",
        title="Request from another page",
        explanation="The request came from a page of another site.",
        remedy=_AGAIN,
    )


def bad_request(reason: str) -> Refused:
    """The page's script sends no such body."""
    return Refused(
        HTTPStatus.BAD_REQUEST,
        reason,
        title="The request was not understood",
        explanation="This page does not send such requests.",
        remedy="Reload the page.",
    )


def too_large() -> Refused:
    """The body is beyond its bound."""
    return Refused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "payload-too-large",
        title="The request is too large",
        explanation="This page does not send such large requests.",
        remedy="Reload the page.",
    )


def not_json() -> Refused:
    """The body has another media type."""
    return Refused(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "not-json",
        title="The request was not understood",
        explanation="Its body is not JSON.",
        remedy="Reload the page.",
    )


def no_such_page() -> Refused:
    """There is nothing at the path."""
    return Refused(
        HTTPStatus.NOT_FOUND,
        "not-found",
        title="Page not found",
        explanation="The address is incomplete or wrong.",
        remedy=_AGAIN,
    )


def wrong_method(*allowed: str) -> Refused:
    """The path has other methods."""
    return Refused(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "method-not-allowed",
        title="The request was not accepted",
        explanation="This address does not support its method.",
        remedy=_AGAIN,
        headers={"Allow": ", ".join(allowed)},
    )


def too_often(seconds: float) -> Refused:
    """More requests than a person's page sends."""
    return Refused(
        HTTPStatus.TOO_MANY_REQUESTS,
        "rate-limited",
        title="Too many requests",
        explanation="This page received too many requests.",
        remedy="Wait a minute, then reload it.",
        headers={"Retry-After": str(max(1, ceil(seconds)))},
    )


def unavailable(reason: str) -> Refused:
    """A part of the service does not answer, or failed."""
    return Refused(
        HTTPStatus.SERVICE_UNAVAILABLE,
        reason,
        title="The service is not available",
        explanation="It could not answer this request.",
        remedy="Try again in a minute.",
        headers={"Retry-After": "5"},
    )

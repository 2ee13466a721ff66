"""The error answers of an operation: one for each status, with the scimTypes of the errors that have it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from domain.accounts.rate import RateLimited
from domain.documents import Json
from domain.errors import (
    Forbidden,
    ServiceUnavailable,
    TooManyRequests,
    TooManyWrongKeys,
    Unauthorized,
)
from reference.content import content_of
from reference.error_examples import ErrorType, error_examples
from reference.parameters import header

EVERYWHERE: Final[tuple[ErrorType, ...]] = (
    Unauthorized,
    Forbidden,
    RateLimited,
    TooManyWrongKeys,
    TooManyRequests,
    ServiceUnavailable,
)
"""What any request may be answered with, whatever it asks for."""
GATEWAY: Final[dict[HTTPStatus, str]] = {
    HTTPStatus.BAD_REQUEST: "API Gateway refuses the request as malformed.",
    HTTPStatus.FORBIDDEN: "API Gateway does not admit the request: the address or a rule of the firewall.",
    HTTPStatus.NOT_FOUND: "API Gateway knows no such path or method.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is larger than API Gateway takes.",
    HTTPStatus.TOO_MANY_REQUESTS: "API Gateway has too many requests at once.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "API Gateway is set up wrongly. The functions never answer 500.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The function failed to answer.",
    HTTPStatus.GATEWAY_TIMEOUT: "The function took too long. The change may have been made: look before you repeat it.",
}
"""What API Gateway answers before or instead of a function, by status: the `GatewayResponses` of template.yaml."""
_EVERY_STATUS: Final = sorted({*GATEWAY, *(error.status for error in EVERYWHERE)})
_HEADERS: Final[dict[HTTPStatus, str]] = {
    HTTPStatus.UNAUTHORIZED: "WWW-Authenticate",
    HTTPStatus.TOO_MANY_REQUESTS: "Retry-After",
    HTTPStatus.SERVICE_UNAVAILABLE: "Retry-After",
}


def error_answers(errors: Iterable[ErrorType]) -> dict[str, Json]:
    """Return the error answers of an operation that may raise these, by status.

    >>> from domain.errors import InvalidSyntax, InvalidValue
    >>> answers = error_answers([InvalidSyntax, InvalidValue])
    >>> answers["400"]["content"]["application/scim+json"]["schema"]["properties"]["scimType"]["enum"]
    ['invalidSyntax', 'invalidValue']
    >>> answers["401"]
    {'$ref': '#/components/responses/Unauthorized'}
    """
    own: dict[HTTPStatus, list[ErrorType]] = {}
    for error in errors:
        own.setdefault(error.status, []).append(error)
    answers = {
        status: _answer(status, [*_everywhere(status), *own[status]])
        if status in own
        else {"$ref": f"#/components/responses/{_name(status)}"}
        for status in (*_EVERY_STATUS, *own)
    }
    return {str(status.value): answers[status] for status in sorted(answers)}


def shared_answers() -> dict[str, Json]:
    """Return the error answers that many operations have alike, as `components.responses` has them."""
    return {_name(status): _answer(status, _everywhere(status)) for status in _EVERY_STATUS}


def _everywhere(status: HTTPStatus) -> list[ErrorType]:
    return [error for error in EVERYWHERE if error.status is status]


def _name(status: HTTPStatus) -> str:
    return status.phrase.title().replace(" ", "")


def example_name(error: ErrorType) -> str:
    """Return the name of an error's example in `components.examples`.

    >>> example_name(Unauthorized)
    'error.unauthorized'
    """
    return f"error.{error.reason}"


def first_sentences(docstring: str | None) -> str:
    """Return the first paragraph of a docstring in one line."""
    return re.sub(r"\s+", " ", (docstring or "").partition("\n\n")[0]).strip()


def _answer(status: HTTPStatus, errors: list[ErrorType]) -> Json:
    """Return the answer of one status; `errors` are those that have it, none if only the gateway sends it."""
    types = [error.scim_type for error in errors if error.scim_type is not None]
    scim_type: Json | bool = {"enum": list(dict.fromkeys(types))} if types else False
    schema = {
        "$ref": "#/components/schemas/Error",
        "properties": {"status": {"const": str(status.value)}, "scimType": scim_type},
    }
    lines = [f"- {_named(error)}{first_sentences(error.__doc__)}" for error in errors]
    if status in GATEWAY:
        lines.append(f"- {GATEWAY[status]}")
    answer: Json = {"description": f"{status.phrase}.\n\n" + "\n".join(lines)}
    if status in _HEADERS:
        answer["headers"] = {_HEADERS[status]: header(_HEADERS[status])}
    known = error_examples()
    examples = {
        error.reason: {"$ref": f"#/components/examples/{example_name(error)}"} for error in errors if error in known
    }
    return answer | {"content": content_of(schema, examples)}


def _named(error: ErrorType) -> str:
    return f"`{error.scim_type}`: " if error.scim_type is not None else ""

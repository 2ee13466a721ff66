"""API Gateway's proxy events: the request in one, the answer to one, and how to build one (RFC 7644 section 3.1).

The events are those of a REST API (payload version 1.0):
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

from domain.documents import Json, encode
from domain.errors import InvalidSyntax, InvalidValue, PayloadTooLarge, ScimError
from domain.json_text import Bounds, NotJson, RefusedJson, TooLarge, TooManyItems, decode
from domain.limits import MAX_VALUES
from domain.resources.attributes import ResourceType
from domain.resources.paths import resolve
from handlers.accept import prefers_json
from handlers.routes import BASE_PATH, SETUP_PATH

MEDIA_TYPE: Final = "application/scim+json; charset=utf-8"
JSON: Final = "application/json"
"""For clients that accept no other type (RFC 7644 section 3.8); it has no charset (RFC 8259 section 11)."""

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as the gateway passes it on: with the query decoded, and header names in lower case."""

    method: str
    path: str
    path_id: str | None
    query: dict[str, list[str]]
    """All values of each parameter."""
    headers: dict[str, str]
    body: bytes
    base_url: str
    request_id: str | None
    """The `extendedRequestId` of the access log; a client can choose the `requestId`."""
    address: str
    """The client's address, as the gateway saw it."""

    @classmethod
    def of(cls, event: Event, base_url: str | None) -> HttpRequest:
        """Read the request from a proxy event; `base_url` overrides the one in the event."""
        context = event.get("requestContext") or {}
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        path_id = (event.get("pathParameters") or {}).get("id")
        return cls(
            method=event.get("httpMethod", "GET"),
            path=unquote(event.get("path") or "/"),
            path_id=None if path_id is None else unquote(path_id),
            query=_query(event),
            headers=headers,
            body=_body(event),
            base_url=base_url or _base_url(context, headers),
            request_id=context.get("extendedRequestId") or None,
            address=(context.get("identity") or {}).get("sourceIp") or "",
        )

    def json_object(self, *types: ResourceType, max_bytes: int | None = None) -> Json:
        """The body as a JSON object; InvalidSyntax or PayloadTooLarge when it is not one or too large.

        `types` are those of the resources that it may be about, whose bounds apply; `max_bytes` takes the place of
        theirs.
        """
        if max_bytes is None:
            max_bytes = max(each.max_body_bytes for each in types)
        if len(self.body) > max_bytes:
            raise PayloadTooLarge(
                f"The request's body has {len(self.body)} bytes; at most {max_bytes} are accepted. Send fewer or "
                "shorter values."
            )
        try:
            value = decode(self.body.decode("utf-8"), _bounds(types))
        except UnicodeDecodeError as error:
            raise InvalidSyntax(
                f"The request's body is not UTF-8 (at byte {error.start}).", attribute="body", expected="JSON in UTF-8"
            ) from None
        except TooLarge as error:
            attribute = _attribute(error.name, types)
            raise PayloadTooLarge(
                f"The request's body {error}. Send it in several requests.", attribute=attribute
            ) from None
        except TooManyItems as error:
            attribute = _attribute(error.name, types)
            raise InvalidValue(
                f"The request's body {error}. Send fewer.", attribute=attribute or "body", expected="fewer values"
            ) from None
        except (NotJson, RefusedJson) as error:
            raise InvalidSyntax(
                f"The request's body {error}.", attribute="body", expected="JSON in which no object has a member twice"
            ) from None
        if not isinstance(value, dict):
            raise InvalidSyntax.must_be("a JSON object", attribute="body", place="The request's body")
        return value


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer: status, body as JSON text, and the headers except the content type."""

    status: HTTPStatus
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_error(cls, error: ScimError) -> HttpResponse:
        """The answer to an error (RFC 7644 section 3.12)."""
        body = encode(error.body())
        # A detail with half of a surrogate pair is sent as JSON escapes it.
        return cls(error.status, body.encode(errors="backslashreplace").decode(), error.headers)

    def checked(self) -> HttpResponse:
        """Return this answer; raises UnicodeEncodeError if its text cannot be sent."""
        for text in (self.body, *self.headers.values()):
            if not text.isascii():
                text.encode()
        return self

    def as_proxy_result(self, accept: str = "") -> dict[str, Any]:
        """The function's result for API Gateway, for a client with that `Accept`."""
        headers = {**_OF_EVERY_ANSWER, **self.headers}
        if self.body:
            headers["Content-Type"] = JSON if prefers_json(accept) else MEDIA_TYPE
        return {"statusCode": self.status.value, "headers": headers, "body": self.body, "isBase64Encoded": False}


_OF_EVERY_ANSWER: Final = {
    "Cache-Control": "no-store",
    # For browsers, which are not meant to show answers: no guessing of the media type, and no requests without TLS.
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=63072000",
}


_AWS_ACCOUNT: Final = "123456789012"


def proxy_event(
    method: str,
    path: str,
    raw_query: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    *,
    resource: str,
    path_parameters: Mapping[str, str] | None,
    stage: str = "local",
    domain: str = "127.0.0.1:8080",
    scheme: str = "http",
    path_prefix: str = "",
    source_ip: str = "127.0.0.1",
    request_id: str | None = None,
    extended_request_id: str = "",
    received: datetime | None = None,
) -> Event:
    """The event that API Gateway passes to a function for one HTTP request; the inverse of `HttpRequest.of`.

    `path` starts at the API's root; it and `path_parameters` are percent-encoded as sent. `raw_query` is the part
    after the "?", decoded here once ("+" is a space). `headers` may repeat a name. `resource` is the template's path,
    such as "/scim/v2/Users/{id}". `path_prefix` is what the client's URL has before `path`: "/<stage>" at the API's
    own domain, "" at a custom domain. A body that is not UTF-8 is sent as base64, an empty body as None.
    `request_id` defaults to a new UUID, `received` to now. Without an `extended_request_id` the log names the request
    by the id of its invocation.
    """
    added = _added_by_the_gateway(scheme, domain, source_ip)
    replaced = {name.lower() for name, _ in added}
    all_headers = _grouped([*(pair for pair in headers if pair[0].lower() not in replaced), *added])
    all_parameters = _grouped(parse_qsl(raw_query, keep_blank_values=True, errors="replace"))
    text, is_base64_encoded = _body_text(body)
    at = received or datetime.now(UTC)
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": _last(all_headers),
        "multiValueHeaders": all_headers,
        "queryStringParameters": _last(all_parameters) or None,
        "multiValueQueryStringParameters": all_parameters or None,
        "pathParameters": dict(path_parameters) if path_parameters else None,
        "stageVariables": None,
        "requestContext": {
            "accountId": _AWS_ACCOUNT,
            "apiId": "local",
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "extendedRequestId": extended_request_id,
            "httpMethod": method,
            "identity": {"sourceIp": source_ip, "userAgent": _value(all_headers, "user-agent")},
            "path": path_prefix + path,
            "protocol": "HTTP/1.1",
            "requestId": request_id or str(uuid4()),
            "requestTime": at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": int(at.timestamp() * 1000),
            "resourceId": "local",
            "resourcePath": resource,
            "stage": stage,
        },
        "body": text,
        "isBase64Encoded": is_base64_encoded,
    }


def accept_of(event: Event) -> str:
    """The request's `Accept`, empty when it has none."""
    headers = event.get("headers") or {}
    return next((str(value) for name, value in headers.items() if name.lower() == "accept"), "")


def _query(event: Event) -> dict[str, list[str]]:
    """The query's parameters, which the gateway has decoded."""
    multiple = event.get("multiValueQueryStringParameters") or {}
    single = event.get("queryStringParameters") or {}
    return {name: [value or ""] for name, value in single.items()} | {name: v or [""] for name, v in multiple.items()}


def _body(event: Event) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return b64decode(body, validate=True)
    except (Base64Error, ValueError):
        return b"\xff"  # not UTF-8, so reading it as JSON fails


def _base_url(context: Event, headers: dict[str, str]) -> str:
    """The API's address for the client: the gateway's domain, and the path up to the base path."""
    full_path = str(context.get("path") or BASE_PATH)
    root = BASE_PATH if BASE_PATH in full_path else SETUP_PATH
    stage, found, _ = full_path.partition(root)
    scheme = headers.get("x-forwarded-proto", "https").split(",")[0].strip()
    domain = context.get("domainName") or headers.get("host", "localhost")
    return f"{scheme}://{domain}{stage if found else ''}{BASE_PATH}"


@cache
def _bounds(types: tuple[ResourceType, ...]) -> Bounds:
    """The bounds of a body about resources of these types: of each, the widest."""
    own = [each for of_type in types for each in of_type.root.sub_attributes if each.max_values > MAX_VALUES]
    return Bounds(max(each.max_items for each in types), {each.name.lower(): each.max_values for each in own})


def _attribute(name: str | None, types: Sequence[ResourceType]) -> str | None:
    """The schema's name of the attribute that a member or path names; None for any other text of a client."""
    paths = () if name is None else (resolve(name.partition("[")[0], each) for each in types)
    return next((str(path) for path in paths if path is not None), None)


def _added_by_the_gateway(scheme: str, domain: str, source_ip: str) -> list[tuple[str, str]]:
    _, _, port = domain.partition(":")
    return [
        ("Host", domain),
        ("X-Forwarded-For", source_ip),
        ("X-Forwarded-Port", port or ("443" if scheme == "https" else "80")),
        ("X-Forwarded-Proto", scheme),
    ]


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """All values of each name; as at the gateway, headers whose names differ in case stay apart."""
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _last(grouped: Mapping[str, list[str]]) -> dict[str, str]:
    """The last value of each name, as in the single-valued member of the event."""
    return {name: values[-1] for name, values in grouped.items()}


def _value(headers: Mapping[str, list[str]], name: str) -> str | None:
    return next((values[-1] for given, values in headers.items() if given.lower() == name), None)


def _body_text(body: bytes) -> tuple[str | None, bool]:
    if not body:
        return None, False
    try:
        return body.decode("utf-8"), False
    except UnicodeDecodeError:
        return b64encode(body).decode("ascii"), True

"""Between API Gateway's proxy event and the domain: what a request is, what an answer is (RFC 7644 section 3.1)."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

from domain.documents import Json, encode
from domain.errors import InvalidSyntax, InvalidValue, PayloadTooLarge, ScimError
from domain.json_text import NotJson, RefusedJson, TooLarge, TooManyItems, decode
from domain.limits import MAX_BODY_BYTES
from domain.resources.paths import resolve
from handlers.accept import prefers_json
from handlers.routes import BASE_PATH

MEDIA_TYPE: Final = "application/scim+json; charset=utf-8"
JSON: Final = "application/json"
"""For clients that take no other (RFC 7644 section 3.8); it has no charset (RFC 8259 section 11)."""

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as the gateway hands it over: the query is decoded already, header names are in lower case."""

    method: str
    path: str
    path_id: str | None
    query: dict[str, list[str]]
    """All values of each parameter."""
    headers: dict[str, str]
    body: bytes
    base_url: str
    request_id: str | None
    """As the gateway's access log has it. Not its `requestId`, which a client can set to anything."""
    address: str
    """Where it came from, as the gateway saw it."""

    @classmethod
    def of(cls, event: Event, base_url: str | None) -> HttpRequest:
        """The request in a REST API proxy event; `base_url` overrides the one that the event shows."""
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

    def json_object(self, max_bytes: int = MAX_BODY_BYTES) -> Json:
        """The body as a JSON object; InvalidSyntax or PayloadTooLarge when it is not one or too large."""
        if len(self.body) > max_bytes:
            raise PayloadTooLarge(
                f"The request's body has {len(self.body)} bytes; {max_bytes} are accepted. "
                "Send fewer or shorter values."
            )
        try:
            value = decode(self.body.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise InvalidSyntax(f"The request's body is not UTF-8 (at byte {error.start}).") from None
        except TooLarge as error:
            raise PayloadTooLarge(f"The request's body {error}. Send it in several requests.") from None
        except TooManyItems as error:
            raise InvalidValue(f"The request's body {error}. Send fewer.", attribute=_attribute(error.name)) from None
        except (NotJson, RefusedJson) as error:
            raise InvalidSyntax(f"The request's body {error}.") from None
        if not isinstance(value, dict):
            raise InvalidSyntax("The request's body must be a JSON object.")
        return value


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer: status, body as JSON text, headers beside the content type."""

    status: HTTPStatus
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_error(cls, error: ScimError) -> HttpResponse:
        """The one place where errors become answers (RFC 7644 section 3.12)."""
        body = encode(error.body())
        # A detail with half of a surrogate pair is sent as JSON escapes it.
        return cls(error.status, body.encode(errors="backslashreplace").decode(), error.headers)

    def checked(self) -> HttpResponse:
        """This answer; raises UnicodeEncodeError for text that could not be sent."""
        for text in (self.body, *self.headers.values()):
            if not text.isascii():
                text.encode()
        return self

    def as_proxy_result(self, accept: str = "") -> dict[str, Any]:
        """What a Lambda function returns to API Gateway, for a client that sent that `Accept`."""
        headers = {**_OF_EVERY_ANSWER, **self.headers}
        if self.body:
            headers["Content-Type"] = JSON if prefers_json(accept) else MEDIA_TYPE
        return {"statusCode": self.status.value, "headers": headers, "body": self.body, "isBase64Encoded": False}


_OF_EVERY_ANSWER: Final = {
    "Cache-Control": "no-store",
    # No browser is meant to see an answer. One that does takes it for what it says it is, and never asks without TLS.
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=63072000",
}


def accept_of(event: Event) -> str:
    """The request's `Accept`, empty when it has none."""
    headers = event.get("headers") or {}
    return next((str(value) for name, value in headers.items() if name.lower() == "accept"), "")


def _query(event: Event) -> dict[str, list[str]]:
    """The query's parameters; the gateway has decoded them once, and that is enough."""
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
        return b"\xff"  # refused as not UTF-8 by whoever reads it


def _base_url(context: Event, headers: dict[str, str]) -> str:
    """Where this API is found, as the client sees it: the gateway's domain, and its path up to the base path."""
    full_path = str(context.get("path") or BASE_PATH)
    stage, found, _ = full_path.partition(BASE_PATH)
    scheme = headers.get("x-forwarded-proto", "https").split(",")[0].strip()
    domain = context.get("domainName") or headers.get("host", "localhost")
    return f"{scheme}://{domain}{stage if found else ''}{BASE_PATH}"


def _attribute(name: str | None) -> str | None:
    """The attribute that a member or path names, as the schema calls it: what a client wrote may be anything."""
    path = None if name is None else resolve(name.partition("[")[0])
    return None if path is None else str(path)

"""API Gateway and Lambda on this machine: HTTP requests become proxy events for the handlers that template.yaml names.

A WSGI application. It rejects what API Gateway or Lambda would reject (too large, no route, a failing function), with
the SCIM bodies of the template's gateway responses. It adds nothing to events or answers.
"""

from __future__ import annotations

import json
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module
from typing import Any, Final
from uuid import uuid4
from wsgiref.types import StartResponse, WSGIEnvironment

from domain.documents import encode
from domain.errors import ERROR_URN
from handlers.endpoint import Handler
from handlers.http import proxy_event
from handlers.service import Service
from local.exchanges import Exchange, Incoming, exchange_of
from local.heard_log import Listener
from local.template_routes import Function, RouteMatch, Routes

MAX_REQUEST_BYTES: Final = 10 * 1024 * 1024
"""API Gateway's limit of a request body."""
MAX_PAYLOAD_BYTES: Final = 6 * 1024 * 1024
"""Lambda's limit of an event and of an answer."""

Report = Callable[[Exchange], None]


PageFunction = Callable[[dict[str, Any], Any], dict[str, Any]]
"""A function behind the gateway that serves pages: the proxy event and the context in, the proxy result out."""


@dataclass(frozen=True, slots=True)
class LocalContext:
    """Lambda's context object."""

    aws_request_id: str
    function_name: str
    memory_limit_in_mb: int
    deadline: float
    function_version: str = "$LATEST"
    operator: str | None = None
    """The user of this computer, for the audit lines of the settings page. Lambda's context has no such member."""

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN."""
        return f"arn:aws:lambda:us-east-1:123456789012:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Time until Lambda would end the invocation."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """The answer to the client."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @classmethod
    def of_error(cls, status: HTTPStatus, detail: str) -> GatewayResponse:
        """A rejection by the gateway itself, as a SCIM error."""
        body = encode({"schemas": [ERROR_URN], "status": str(status.value), "detail": detail}).encode()
        return cls(status.value, [("Content-Type", "application/scim+json"), *_REFUSAL_HEADERS], body)


_REFUSAL_HEADERS: Final = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))
_HTTPS_ONLY: Final = "strict-transport-security"
"""A header that a server must not send over HTTP (RFC 6797 section 7.2); API Gateway serves HTTPS."""


class LocalGateway:
    """Serves the routes with the handlers of their functions, bound to one service.

    `report` gets each request with its answer; `listener` hears the log of the service. `pages` are the functions, by
    name, that serve no SCIM requests. Failures are printed to standard error.
    """

    def __init__(
        self, service: Service, routes: Routes, report: Report, listener: Listener, pages: Mapping[str, PageFunction]
    ) -> None:
        self._routes = routes
        self._report = report
        self._listener = listener
        functions = {route.function.name: route.function for route in routes.routes}
        scim = {name: function for name, function in functions.items() if name not in pages}
        bound = {name: load_handler(function).bound_to(service) for name, function in scim.items()}
        self._handlers: Mapping[str, PageFunction] = {**bound, **pages}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.monotonic()
        too_large = int(environ.get("CONTENT_LENGTH") or 0) > MAX_REQUEST_BYTES
        incoming = _incoming(environ, b"" if too_large else environ["wsgi.input"].read())
        with self._listener.listening() as lines:
            answer = _TOO_LARGE if too_large else self._answer(incoming)
        duration = (time.monotonic() - started) * 1000
        self._report(exchange_of(incoming, answer.status, answer.body, duration, lines))
        start_response(f"{answer.status} {_phrase(answer.status)}", answer.headers)
        return [] if incoming.method == "HEAD" else [answer.body]

    def _answer(self, incoming: Incoming) -> GatewayResponse:
        match = self._routes.match(incoming.method, incoming.path)
        if match is None:
            return GatewayResponse.of_error(HTTPStatus.FORBIDDEN, "No route of the API serves this method and path.")
        event = proxy_event(
            incoming.method,
            incoming.path,
            incoming.query,
            incoming.headers.items(),
            incoming.body,
            resource=match.route.path,
            path_parameters=match.path_parameters,
            domain=incoming.host,
            source_ip=incoming.sender,
            request_id=incoming.id,
        )
        if len(json.dumps(event)) > MAX_PAYLOAD_BYTES:
            return _TOO_LARGE
        return self._invoke(match, event)

    def _invoke(self, match: RouteMatch, event: dict[str, Any]) -> GatewayResponse:
        function = match.route.function
        context = LocalContext(
            aws_request_id=str(uuid4()),
            function_name=function.name,
            memory_limit_in_mb=function.memory_mb,
            deadline=time.monotonic() + function.timeout_seconds,
        )
        try:
            return _proxy_answer(self._handlers[function.name](event, context))
        except Exception as error:  # as on Lambda: any exception of a function is answered 502
            # Only the place: the text of an unexpected error may contain values of the request.
            print(f"{function.name} failed: {type(error).__name__}{_place(error)}", file=sys.stderr)
            return GatewayResponse.of_error(HTTPStatus.BAD_GATEWAY, f"The function {function.name} failed.")


def load_handler(function: Function) -> Handler:
    """Import the function's handler from the source, as Lambda does from the artifact."""
    module, _, attribute = function.handler.rpartition(".")
    handler: Handler = getattr(import_module(module), attribute)
    return handler


_TOO_LARGE: Final = GatewayResponse.of_error(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is larger than the gateway accepts. Send fewer or shorter values."
)


def _proxy_answer(result: Any) -> GatewayResponse:
    """The answer in a function's result; raises ValueError when it does not have the form that API Gateway requires."""
    if not isinstance(result, dict) or not isinstance(result.get("statusCode"), int):
        raise ValueError("malformed proxy result")
    text = result.get("body") or ""
    body = b64decode(text) if result.get("isBase64Encoded") else str(text).encode()
    if len(body) > MAX_PAYLOAD_BYTES:
        raise ValueError("the answer is larger than Lambda allows")
    multiple = result.get("multiValueHeaders") or {}
    headers = [(name, str(value)) for name, values in multiple.items() for value in values]
    headers += [(name, str(value)) for name, value in (result.get("headers") or {}).items() if name not in multiple]
    return GatewayResponse(result["statusCode"], [one for one in headers if one[0].lower() != _HTTPS_ONLY], body)


def _incoming(environ: WSGIEnvironment, body: bytes) -> Incoming:
    path, _, query = str(environ["REQUEST_URI"]).partition("?")
    return Incoming(
        id=str(uuid4()),
        method=str(environ["REQUEST_METHOD"]),
        path=path or "/",
        query=query,
        headers=dict(_headers(environ)),
        body=body,
        host=str(environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"),
        sender=str(environ.get("REMOTE_ADDR", "127.0.0.1")),
    )


def _headers(environ: WSGIEnvironment) -> Iterator[tuple[str, str]]:
    """The request's headers, from the WSGI environment."""
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name.removeprefix("HTTP_").replace("_", "-").title(), str(value)
        elif name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            yield name.replace("_", "-").title(), str(value)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _place(error: Exception) -> str:
    """The line that raised."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return ""
    return f" at {traceback.tb_frame.f_code.co_filename}:{traceback.tb_lineno}"

"""The OpenAPI document of this server at `/openapi.json`, with the extensions that it declares."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from domain.resources.attributes import ResourceType
from handlers.routes import BASE_PATH
from local.gateway import GatewayResponse
from local.pages.site import headers

PATH: Final = "/openapi.json"


def with_document(gateway: WSGIApplication, types: Callable[[], Sequence[ResourceType]]) -> WSGIApplication:
    """Return the gateway with the document in front of it; `types` returns the resource types that it describes."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH:
            return gateway(environ, start_response)
        answer = _answer(environ, types)
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    return application


def _answer(environ: WSGIEnvironment, types: Callable[[], Sequence[ResourceType]]) -> GatewayResponse:
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        refused = HTTPStatus.METHOD_NOT_ALLOWED
        text = f"{refused.value} {refused.phrase}\n"
        return GatewayResponse(refused, headers("text/plain; charset=utf-8"), text.encode())
    from reference import openapi  # the server starts without it

    # With the host name of the request: a page under `localhost` may send nothing to `127.0.0.1`.
    document = openapi.document(types(), f"http://{environ['HTTP_HOST']}{BASE_PATH}")
    return GatewayResponse(
        HTTPStatus.OK, headers("application/json"), json.dumps(document, ensure_ascii=False).encode()
    )

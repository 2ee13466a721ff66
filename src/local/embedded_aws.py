"""DynamoDB and Secrets Manager on this machine: moto in this process, for the handlers and, over HTTP, for commands.

moto is no concurrent engine. Every call of an AWS API passes one lock, while the requests around them run at the same
time: what a race shows is the conditions of our writes, and not moto's luck.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from http import HTTPStatus
from threading import RLock
from typing import Any, Final
from unittest.mock import patch

import httpx
from moto import mock_aws
from moto.core.models import botocore_stubber
from requests import Request

from local.moto_transactions import cheap_transactions

REGION: Final = "us-east-1"

_SERVICES: Final = {"DynamoDB_20120810": "dynamodb", "secretsmanager": "secretsmanager"}
_SCOPE: Final = re.compile(r"Credential=[^/]+/\d+/([a-z0-9-]+)/")
_FORWARDED: Final = ("HTTP_X_AMZ_TARGET", "HTTP_X_AMZ_DATE", "HTTP_AUTHORIZATION", "CONTENT_TYPE")
_FORWARD_SECONDS: Final = 15
_MAX_BYTES: Final = 16 * 1024 * 1024
"""DynamoDB's limit of a request, that of Secrets Manager being smaller."""

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class LocalAws:
    """moto behind a lock, as a WSGI application too. `dynamodb_endpoint`: the DynamoDB to be used in moto's stead."""

    def __init__(self, dynamodb_endpoint: str | None = None) -> None:
        self._dynamodb_endpoint = dynamodb_endpoint
        self._running = ExitStack()

    def start(self) -> None:
        """From now on AWS clients of this process speak to moto; what an earlier one held is gone."""
        lock = RLock()
        process_request = type(botocore_stubber).process_request

        def one_at_a_time(request: Any) -> Any:
            with lock:
                return process_request(botocore_stubber, request)

        # On the instance, which moto's hook into botocore and `__call__` below both go through.
        self._running.enter_context(patch.object(botocore_stubber, "process_request", one_at_a_time))
        self._running.enter_context(cheap_transactions())
        self._running.enter_context(mock_aws())

    def stop(self) -> None:
        """The clients speak to AWS again, and what moto held is gone."""
        self._running.close()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """One call of an AWS API over HTTP, both services at one address."""
        service = _SERVICES.get(str(environ.get("HTTP_X_AMZ_TARGET", "")).partition(".")[0])
        if int(environ.get("CONTENT_LENGTH") or 0) > _MAX_BYTES:
            return _refused(start_response, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "No call of AWS is as large.")
        body = environ["wsgi.input"].read()
        headers = {_header(name): str(environ[name]) for name in _FORWARDED if name in environ}
        if service is None:
            return _refused(start_response, HTTPStatus.NOT_FOUND, "Only DynamoDB and Secrets Manager are here.")
        if not _is_call(body):
            return _refused(start_response, HTTPStatus.BAD_REQUEST, "A call of AWS is a JSON object.")
        if service == "dynamodb" and self._dynamodb_endpoint is not None:
            status, answer_headers, content = _forward(self._dynamodb_endpoint, headers, body)
        else:
            status, answer_headers, content = _ask_moto(service, headers, body)
        kept = [(name, value) for name, value in answer_headers if name.lower().startswith(("x-amz", "content-type"))]
        start_response(f"{status} {HTTPStatus(status).phrase}", kept)
        return [content]


def _is_call(body: bytes) -> bool:
    """Whether it is what moto can read, which would otherwise fail within."""
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def _refused(start_response: StartResponse, status: HTTPStatus, text: str) -> Iterable[bytes]:
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff")]
    start_response(f"{status.value} {status.phrase}", headers)
    return [f"{text}\n".encode()]


Answer = tuple[int, list[tuple[str, str]], bytes]


def _ask_moto(service: str, headers: dict[str, str], body: bytes) -> Answer:
    scope = _SCOPE.search(headers.get("Authorization", ""))
    region = scope[1] if scope is not None else REGION
    request = Request("POST", f"https://{service}.{region}.amazonaws.com/", headers=headers, data=body)
    response = botocore_stubber.process_prepared_request(request.prepare())
    if response is None:
        return 503, [], b""
    status, answer_headers, content = response
    text = content.encode() if isinstance(content, str) else bytes(content)
    return status, [(name, str(value)) for name, value in answer_headers.items()], text


def _forward(endpoint: str, headers: dict[str, str], body: bytes) -> Answer:
    # DynamoDB Local keeps a database for each access key: the commands' must be the handlers'.
    own = re.sub(
        r"Credential=[^/]+/", f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/", headers.get("Authorization", "")
    )
    answer = httpx.post(endpoint, headers={**headers, "Authorization": own}, content=body, timeout=_FORWARD_SECONDS)
    return answer.status_code, list(answer.headers.items()), answer.content


def _header(name: str) -> str:
    return name.removeprefix("HTTP_").replace("_", "-").title()

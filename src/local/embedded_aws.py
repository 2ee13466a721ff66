"""DynamoDB and Secrets Manager on this machine: moto in this process, for the handlers and, over HTTP, for commands.

moto is not safe for concurrent calls. A lock serialises the calls of AWS APIs while the requests around them run at
the same time, so a race shows what the conditions of the writes are worth.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from threading import RLock
from typing import Any, Final
from unittest.mock import patch
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import StreamShard
from requests import Request as AwsRequest
from werkzeug import Request, Response
from werkzeug.exceptions import BadRequest, HTTPException, NotFound

from adapters.aws import Clients
from adapters.events.stream import StreamRecord
from local.event_publishing import TableStream
from local.moto_transactions import cheap_transactions
from local.table_streams import ApiStream, MotoStream

REGION: Final = "us-east-1"
_ACCESS_KEY: Final = "FOOBARKEY"
"""Of the service's own clients: moto takes any, DynamoDB Local keeps a database for each. This is the one that moto
itself puts into a process."""

_NO_FILES: Final = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
_PROFILES: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
"""moto makes its own sessions, which would fail on a profile or a file of this machine."""
_SERVICES: Final = {"DynamoDB_20120810": "dynamodb", "secretsmanager": "secretsmanager"}
_SCOPE: Final = re.compile(r"Credential=[^/]+/\d+/([a-z0-9-]+)/")
_FORWARDED: Final = ("X-Amz-Target", "X-Amz-Date", "Authorization", "Content-Type")
_RETURNED: Final = ("x-amz", "content-type")
_FORWARD_SECONDS: Final = 15

Headers = dict[str, str]
AwsResponse = tuple[int, Mapping[str, Any], str | bytes]
"""Status, headers and body."""


class ApiCall(Request):
    """A call of an AWS API; a body above DynamoDB's limit, which is the larger one, is answered with 413."""

    max_content_length = 16 * 1024 * 1024


class LocalAws:
    """moto behind a lock, also as a WSGI application. `dynamodb_endpoint`: the DynamoDB to use instead of moto's."""

    def __init__(self, dynamodb_endpoint: str | None = None) -> None:
        self._dynamodb_endpoint = dynamodb_endpoint
        self._running = ExitStack()
        self._lock = RLock()
        self.shard: StreamShard | None = None
        self._has_records: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Let this process's AWS clients call moto, which starts empty."""
        process_request = type(botocore_stubber).process_request

        def one_at_a_time(request: Any) -> Any:
            with self._lock:
                answer = process_request(botocore_stubber, request)
            if self.shard is not None and self.shard.items:
                self._has_records()
            return answer

        # Patched on the instance: moto's hook into botocore and `_ask_moto` below both call it.
        self._running.enter_context(patch.object(botocore_stubber, "process_request", one_at_a_time))
        self._running.enter_context(patch.dict(os.environ, _NO_FILES))
        for name in _PROFILES:
            os.environ.pop(name, None)
        self._running.enter_context(cheap_transactions())
        self._running.enter_context(mock_aws())

    def stop(self) -> None:
        """Let the clients call AWS again; moto's content is lost."""
        self._running.close()

    def clients(self) -> Clients:
        """Return clients that go here and use nothing of this machine's own AWS settings."""
        endpoint = self._dynamodb_endpoint
        return Clients.isolated(REGION, _ACCESS_KEY, {} if endpoint is None else {"dynamodb": endpoint})

    def stream(self, table_name: str, has_records: Callable[[], None]) -> TableStream:
        """The stream of a table; `has_records` is called after a write. Raises `StreamMissing`."""
        if self._dynamodb_endpoint is not None:
            clients = self.clients()
            table = clients.dynamodb.describe_table(TableName=table_name)["Table"]
            streams = clients.session.create_client("dynamodbstreams", endpoint_url=self._dynamodb_endpoint)
            return ApiStream(streams, table.get("LatestStreamArn"))
        self.shard = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[table_name].stream_shard
        self._has_records = has_records
        return MotoStream(self._take)

    def _take(self) -> list[StreamRecord]:
        """Remove the records from moto's stream, whose numbers then begin behind them."""
        shard = self.shard
        if shard is None:
            return []
        with self._lock:
            records, shard.items = shard.items, []
            shard.starting_sequence_number += len(records)
        return [record.to_json() for record in records]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one call of an AWS API over HTTP; both services have one address."""
        try:
            return self._answer(ApiCall(environ))(environ, start_response)
        except HTTPException as refusal:
            return refusal(environ, start_response)

    def _answer(self, request: ApiCall) -> Response:
        body = request.get_data()
        service = _SERVICES.get(request.headers.get("X-Amz-Target", "").partition(".")[0])
        if service is None:
            raise NotFound("This server only has DynamoDB and Secrets Manager.")
        if not _is_json_object(body):
            raise BadRequest("The body of an AWS request must be a JSON object.")
        headers = {name: request.headers[name] for name in _FORWARDED if name in request.headers}
        if service == "dynamodb" and self._dynamodb_endpoint is not None:
            status, returned, content = _forward(self._dynamodb_endpoint, headers, body)
        else:
            status, returned, content = _ask_moto(service, headers, body)
        kept = {name: str(value) for name, value in returned.items() if name.lower().startswith(_RETURNED)}
        return Response(content, status, kept)


def _is_json_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def _ask_moto(service: str, headers: Headers, body: bytes) -> AwsResponse:
    scope = _SCOPE.search(headers.get("Authorization", ""))
    region = scope[1] if scope is not None else REGION
    call = AwsRequest("POST", f"https://{service}.{region}.amazonaws.com/", headers=headers, data=body)
    answer: AwsResponse | None = botocore_stubber.process_prepared_request(call.prepare())
    return answer or (503, {}, b"")


def _forward(endpoint: str, headers: Headers, body: bytes) -> AwsResponse:
    # DynamoDB Local keeps a database for each access key: the commands' must be the handlers'.
    own = re.sub(r"Credential=[^/]+/", f"Credential={_ACCESS_KEY}/", headers.get("Authorization", ""))
    answer = httpx.post(endpoint, headers={**headers, "Authorization": own}, content=body, timeout=_FORWARD_SECONDS)
    return answer.status_code, answer.headers, answer.content

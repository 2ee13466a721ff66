"""A stub of AWS: an HTTP endpoint that answers every call of a function's first request at once.

It stores nothing. It has one user and one connector, and every write succeeds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from adapters.dynamodb import items
from domain.accounts.account import Connector
from domain.accounts.connector_document import connector_to_json
from domain.accounts.connector_key import ConnectorKey
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN
from local.sample_events import EXAMPLE_KEY, USER_ID

_NOW = "2026-01-02T03:04:05.000Z"


def _user() -> dict[str, Any]:
    attributes = {
        "schemas": [CORE_URN],
        "userName": "somebody@example.com",
        "name": {"givenName": "Some", "familyName": "Body"},
        "emails": [{"value": "somebody@example.com", "type": "work", "primary": True}],
        "active": True,
    }
    return items.user_item("default", StoredUser.new(USER_ID, attributes, _NOW), "write")


def _secret() -> str:
    key = ConnectorKey.parse(EXAMPLE_KEY)
    assert key is not None
    return connector_to_json(Connector.new(key, bytes(32), datetime(2026, 1, 2, tzinfo=UTC), "bench"))


_EMPTY: dict[str, Any] = {"Items": [], "Count": 0, "ScannedCount": 0}
_SECRET = {"Name": "bench/connectors/default", "VersionId": "1" * 32, "VersionStages": ["AWSCURRENT"]}
_ANSWERS: dict[str, Any] = {
    "Query": _EMPTY,
    "BatchGetItem": {"Responses": {}, "UnprocessedKeys": {}},
    "GetSecretValue": _SECRET | {"SecretString": _secret()},
    "ListSecrets": {"SecretList": [_SECRET]},
    "BatchGetSecretValue": {"SecretValues": [_SECRET | {"SecretString": _secret()}], "Errors": []},
    "PutEvents": {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]},
    "StartQuery": {"queryId": "1"},
    "GetQueryResults": {"status": "Complete", "results": []},
}
_USER = _user()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        operation = self.headers["X-Amz-Target"].partition(".")[2]
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = _ANSWERS.get(operation, {})
        if operation == "GetItem" and request["Key"]["pk"]["S"].endswith("#USER"):
            answer = {"Item": _USER}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal shows the benchmark."""


@contextmanager
def stub_aws() -> Iterator[str]:
    """Serve the endpoint until the end of the block; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

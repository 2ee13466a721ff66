"""The function that signs webhooks sends what the receiver of the examples accepts, and names what was not accepted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest
from moto import mock_aws

import sign_webhooks
from webhook_receiver import PATH, Access, server

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLw=="


def record(message_id: str, user: str = "u1") -> dict[str, str]:
    """A message of the queue, with an event as EventBridge puts it there."""
    detail = {"idempotencyId": f"e-{user}", "account": "acme", "userId": user, "version": 1, "active": True,
              "occurredAt": "2030-02-01T08:30:00.250Z"}  # fmt: skip
    return {"messageId": message_id, "body": json.dumps({"detail-type": "UserProvisioned", "detail": detail})}


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The key in Secrets Manager, with the line end that an editor adds."""
    for name, value in {"AWS_DEFAULT_REGION": "eu-central-1", "SECRET_ID": "webhooks"}.items():
        monkeypatch.setenv(name, value)
    sign_webhooks._secret.cache_clear()
    with mock_aws():
        boto3.client("secretsmanager").create_secret(Name="webhooks", SecretString=f"{KEY}\n")
        yield


@pytest.fixture
def access(tmp_path: Path, key: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Access]:
    """What the receiver of the examples keeps, which the function sends to."""
    kept = Access(str(tmp_path / "access.db"))
    with serving(server(kept, [KEY], 0), monkeypatch):
        yield kept


class serving:
    """A server in a thread, as ENDPOINT, until the end of the block."""

    def __init__(self, running: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
        self._server = running
        self._thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        monkeypatch.setenv("ENDPOINT", f"http://127.0.0.1:{running.server_port}{PATH}")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_the_receiver_accepts_what_is_signed(access: Access) -> None:
    batch = {"Records": [record("m1"), record("m2", "u2")]}

    assert sign_webhooks.handler(batch, None) == {"batchItemFailures": []}
    assert access.may_sign_in("acme", "u1")
    assert access.may_sign_in("acme", "u2")


def test_a_message_that_is_no_event_or_is_refused_is_given_again_and_the_others_are_sent(access: Access) -> None:
    broken = [{"messageId": "m1", "body": "{"}, {"messageId": "m2", "body": '{"detail": {}}'}, record("m3", user="")]
    broken += [{"messageId": "m0", "body": "[]"}]
    broken[2]["body"] = broken[2]["body"].replace('"version": 1', '"version": "1"')

    answer = sign_webhooks.handler({"Records": [*broken, record("m4", "u2")]}, None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": name} for name in ("m1", "m2", "m3", "m0")]}
    assert access.may_sign_in("acme", "u2")


@pytest.mark.parametrize("status", [302, 401, 503])
def test_only_an_answer_of_success_accepts_an_event(status: int, key: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Refusing), monkeypatch):
        answer = sign_webhooks.handler({"Records": [record("m1")]}, None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert asked == [PATH]


def test_an_answer_that_is_no_http_is_no_success(key: None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Confused(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.wfile.write(b"SSH-2.0-x\r\n")

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Confused), monkeypatch):
        answer = sign_webhooks.handler({"Records": [record("m1")]}, None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def test_an_address_without_tls_gets_nothing(key: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENDPOINT", "http://app.example.com/hooks")

    assert sign_webhooks.handler({"Records": [record("m1")]}, None) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}

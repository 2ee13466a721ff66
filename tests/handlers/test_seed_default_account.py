"""The custom resource that gives account `default` its first key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from adapters.secrets.accounts import Accounts
from handlers.jobs.seed_default_account import FirstKey, put
from support.recorded_secrets_manager import secrets_manager_client

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

NAME = "rollcall/connectors/default"
NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def client() -> Iterator[SecretsManagerClient]:
    with secrets_manager_client() as client:
        yield client


@pytest.fixture
def accounts(client: SecretsManagerClient) -> Accounts:
    return Accounts(client, "rollcall/connectors/", lambda: "cloudformation", now=lambda: NOW)


def request(kind: str, **members: Any) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "ResponseURL": "https://cloudformation.example/answer",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "FirstConnectorKey",
        "ResourceProperties": {"ServiceToken": "arn", "Account": "default"},
        **members,
    }


def answered(event: dict[str, Any], accounts: Accounts) -> dict[str, Any]:
    sent: list[tuple[str, bytes]] = []
    FirstKey(accounts, lambda url, body: sent.append((url, body)))(event, None)
    ((url, body),) = sent
    assert url == event["ResponseURL"]
    message: dict[str, Any] = json.loads(body)
    assert (message["StackId"], message["RequestId"]) == ("stack", "request")
    assert message["LogicalResourceId"] == "FirstConnectorKey"
    return message


@pytest.mark.parametrize("kept", [None, "{}", "not yet", '{"account": "default"}'])
def test_creation_writes_a_key_where_there_is_none(
    client: SecretsManagerClient, accounts: Accounts, kept: str | None
) -> None:
    if kept is not None:
        client.create_secret(Name=NAME, SecretString=kept)

    message = answered(request("Create"), accounts)

    assert message["Status"] == "SUCCESS"
    connector = accounts.show("default")
    assert connector.enabled
    assert connector.current.created_by == "cloudformation"


def test_creation_fills_a_secret_that_the_template_made_without_a_value(
    client: SecretsManagerClient, accounts: Accounts
) -> None:
    client.create_secret(Name=NAME)

    assert answered(request("Create"), accounts)["Status"] == "SUCCESS"
    assert accounts.show("default").enabled


def test_a_repeated_creation_keeps_the_key_and_the_switch(accounts: Accounts) -> None:
    first = answered(request("Create"), accounts)
    kept = accounts.disable("default").connector

    again = answered(request("Create"), accounts)

    assert accounts.show("default") == kept
    assert again["PhysicalResourceId"] == first["PhysicalResourceId"]


@pytest.mark.parametrize("kind", ["Update", "Delete"])
def test_update_and_deletion_change_nothing(accounts: Accounts, kind: str) -> None:
    kept = accounts.enable("default").connector

    message = answered(request(kind, PhysicalResourceId="first"), accounts)

    assert (message["Status"], message["PhysicalResourceId"]) == ("SUCCESS", "first")
    assert accounts.show("default") == kept


def test_deletion_after_a_failed_creation_makes_no_account(accounts: Accounts) -> None:
    assert answered(request("Delete", PhysicalResourceId="first"), accounts)["Status"] == "SUCCESS"

    assert not accounts.exists("default")


def test_the_key_is_neither_answered_nor_printed(accounts: Accounts, capsys: pytest.CaptureFixture[str]) -> None:
    message = answered(request("Create"), accounts)

    key = accounts.show("default").current.key.text
    assert key not in json.dumps(message)
    assert key not in "".join(capsys.readouterr())
    assert "Data" not in message


def test_a_refusal_is_answered_as_failed_with_its_reason(client: SecretsManagerClient, accounts: Accounts) -> None:
    def deny(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "CreateSecret")

    client.meta.events.register("before-call.secretsmanager.CreateSecret", deny)

    message = answered(request("Create"), accounts)

    assert message["Status"] == "FAILED"
    assert NAME in message["Reason"]
    assert "AccessDeniedException" in message["Reason"]


def test_a_defect_is_answered_too_so_that_the_stack_does_not_wait(
    client: SecretsManagerClient, accounts: Accounts
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("rck_secret")

    client.meta.events.register("before-call.secretsmanager.CreateSecret", fail)

    message = answered(request("Create"), accounts)

    assert message["Status"] == "FAILED"
    assert "RuntimeError" in message["Reason"]
    assert "rck_secret" not in message["Reason"]


def test_a_bad_account_name_is_answered_as_failed(accounts: Accounts) -> None:
    message = answered(request("Create", ResourceProperties={"Account": "../x"}), accounts)

    assert message["Status"] == "FAILED"


def test_the_answer_is_put_with_an_empty_content_type(monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[tuple[str, str | None, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, self.headers["Content-Type"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.handle_request, daemon=True).start()
    monkeypatch.setattr("handlers.jobs.seed_default_account.ALLOWED_SCHEMES", ("http", "https"))

    put(f"http://127.0.0.1:{server.server_address[1]}/answer?signature=x", b"{}")
    server.server_close()

    assert received == [("/answer?signature=x", "", b"{}")]


@pytest.mark.parametrize("url", ["http://example.com", "file:///etc/passwd", ""])
def test_the_answer_goes_nowhere_but_over_https(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        put(url, b"{}")

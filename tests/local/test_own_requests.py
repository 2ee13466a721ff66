"""Local servers answer programs and pages of this machine, under its own names, and nothing else.

Over HTTP, at both ports of `make run`: SCIM with the settings page, and the local AWS.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit

import boto3
import pytest

from local.service import SECRET_PREFIX, TABLE_NAME, LocalService
from support.this_machine import listening_elsewhere, own_addresses

PORTS = ("scim", "aws")
SECRET = json.dumps({"SecretId": f"{SECRET_PREFIX}default"}).encode()
CALLS = {
    "scim": ("POST", "/settings", {"X-Rollcall-Settings": "1"}, b'{"action": "reveal", "account": "default"}'),
    "aws": ("POST", "/", {"X-Amz-Target": "secretsmanager.GetSecretValue"}, SECRET),
}
"""The requests that show the key of the account default, by port."""

each_port = pytest.mark.parametrize("port", PORTS)


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    with LocalService() as running:
        yield running


def number(service: LocalService, port: str) -> int:
    return urlsplit(service.aws_endpoint if port == "aws" else service.address).port or 0


def ask(
    service: LocalService, port: str, hosts: tuple[str, ...], method: str = "", path: str = "", **headers: str
) -> tuple[int, str]:
    """Status and body of the call that shows the key, with these Host headers; PORT in one is the server's."""
    own_method, own_path, own_headers, body = CALLS[port]
    connection = HTTPConnection("127.0.0.1", number(service, port), timeout=30)
    try:
        connection.putrequest(method or own_method, path or own_path, skip_host=True, skip_accept_encoding=True)
        for host in hosts:
            connection.putheader("Host", host.replace("PORT", str(number(service, port))))
        for name, value in (own_headers | headers | {"Content-Length": str(len(body))}).items():
            connection.putheader(name, value.replace("PORT", str(number(service, port))))
        connection.endheaders(body)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@each_port
@pytest.mark.parametrize("host", ["127.0.0.1:PORT", "localhost:PORT", "LOCALHOST:PORT", "[::1]:PORT"])
def test_it_answers_requests_for_this_machines_own_names(service: LocalService, port: str, host: str) -> None:
    status, text = ask(service, port, (host,))

    assert status == 200
    assert service.key.text in text


@each_port
@pytest.mark.parametrize(
    "hosts",
    [
        (),
        ("",),
        ("evil.example",),
        ("evil.example:PORT",),
        ("127.0.0.1.evil.example:PORT",),
        ("localhost.evil.example:PORT",),
        ("evil-localhost:PORT",),
        ("localhost.:PORT",),
        ("127.0.0.1",),
        ("localhost:1",),
        ("localhost:PORT1",),
        ("127.1:PORT",),
        ("0.0.0.0:PORT",),
        ("evil.example@localhost:PORT",),
        ("localhost:PORT", "evil.example"),
        ("evil.example", "localhost:PORT"),
    ],
)
def test_under_another_host_name_no_key_is_shown(service: LocalService, port: str, hosts: tuple[str, ...]) -> None:
    status, text = ask(service, port, hosts)

    assert status in (400, 421)  # 400 is the web server's, which reads the Host first
    assert "rck_" not in text


def test_under_another_host_name_scim_requests_are_refused_with_a_scim_error(service: LocalService) -> None:
    key = {"Authorization": f"Bearer {service.key.text}"}

    assert ask(service, "scim", ("localhost:PORT",), "GET", "/scim/v2/Users", **key)[0] == 200
    status, text = ask(service, "scim", ("evil.example",), "GET", "/scim/v2/Users", **key)
    assert status == 421
    assert json.loads(text)["status"] == "421"
    assert "127.0.0.1" in json.loads(text)["detail"]


@each_port
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://localhost", "https://localhost:PORT", "http://localhost:1"]
)
def test_pages_of_other_sites_cannot_change_anything(
    service: LocalService, port: str, method: str, origin: str
) -> None:
    status, text = ask(service, port, ("localhost:PORT",), method, Origin=origin)

    assert status == 403
    assert "rck_" not in text


@each_port
@pytest.mark.parametrize("origin", ["http://127.0.0.1:PORT", "http://localhost:PORT"])
def test_its_own_page_can_change_settings(service: LocalService, port: str, origin: str) -> None:
    assert ask(service, port, ("localhost:PORT",), Origin=origin)[0] == 200


@each_port
def test_no_other_machine_reaches_it(service: LocalService, port: str) -> None:
    assert own_addresses()
    assert listening_elsewhere(number(service, port)) == []


def test_clients_of_aws_are_answered(service: LocalService) -> None:
    session = boto3.Session("x", "x", region_name="us-east-1")
    found = [session.client(name, endpoint_url=service.aws_endpoint) for name in ("dynamodb", "secretsmanager")]

    assert found[0].list_tables()["TableNames"] == [TABLE_NAME]  # type: ignore[union-attr]  # mypy joins the clients of both services
    assert service.key.text in found[1].get_secret_value(SecretId=f"{SECRET_PREFIX}default")["SecretString"]  # type: ignore[union-attr]  # mypy joins the clients of both services


def sent(service: LocalService, port: str, body: bytes, **headers: str) -> HTTPResponse:
    method, path, own, _ = CALLS[port]
    connection = HTTPConnection("127.0.0.1", number(service, port), timeout=60)
    connection.request(method, path, body, own | headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


@each_port
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 60_000,
        b"[" * 30_000 + b"]" * 30_000,
        b'{"a":' * 10_000,
        b"\xff\xfe\x00",
        b'"\xc3\x28"',
        b"",
        b"[]",
        b"5",
        b"null",
        b'{"a": ' + b"9" * 5_000 + b"}",
    ],
    ids=[
        "deep",
        "deep and closed",
        "deep objects",
        "bad UTF-16",
        "bad UTF-8",
        "none",
        "list",
        "number",
        "null",
        "long",
    ],
)
def test_a_body_that_is_no_call_is_a_bad_request(service: LocalService, port: str, body: bytes) -> None:
    assert sent(service, port, body).status == 400


@each_port
def test_a_body_larger_than_any_call_is_refused_as_too_large(service: LocalService, port: str) -> None:
    assert sent(service, port, b" " * (17 * 1024 * 1024)).status == 413


@each_port
@pytest.mark.parametrize("length", [b"-5", b"+5", b"5, 6", b"x", b"99999999999999999999"])
def test_a_malformed_content_length_is_refused(service: LocalService, port: str, length: bytes) -> None:
    method, path, headers, _ = CALLS[port]
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{number(service, port)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", number(service, port)), timeout=30) as connection:
        connection.sendall("\r\n".join(lines).encode() + b"\r\nContent-Length: " + length + b"\r\n\r\nhello")
        status = int(connection.makefile("rb").readline().split()[1])

    assert status in (400, 413)


@pytest.mark.parametrize(
    "event",
    [
        {"widgetContext": 5},
        {"widgetContext": {"forms": [], "theme": {}}},
        {"widgetContext": {"forms": {"all": {"account": {"a": []}}}}},
        {"action": ["reveal"], "account": {"a": 1}},
        {"action": "reveal", "account": "\ud800"},
        {"action": "enable", "account": "x" * 50_000},
        {"action": "reveal", "account": None},
        {"describe": "\ud800"},
    ],
)
def test_a_call_of_any_shape_is_answered_with_a_page(service: LocalService, event: dict[str, object]) -> None:
    response = sent(service, "scim", json.dumps(event).encode())

    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/", "/settings.css", "/settings"])
def test_the_page_runs_its_own_script_alone_and_in_no_frame(service: LocalService, path: str) -> None:
    connection = HTTPConnection("127.0.0.1", number(service, "scim"), timeout=30)
    connection.request("GET", path)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()

    policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["frame-ancestors"]) == ("'none'", "'self'", "'none'")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "Strict-Transport-Security" not in response.headers
    assert "<script>" not in text
    assert " onclick=" not in text

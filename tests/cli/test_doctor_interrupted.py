"""`rollcall doctor` when answers have another form, when Ctrl-C is pressed, and when it cannot begin."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from cli.main import app
from support.least_scim_service import LIST, Answer, Service, at, doctor, error, failures, least_scim_service


@pytest.fixture
def service() -> Iterator[Service]:
    with least_scim_service() as running:
        yield running


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (at("GET", "/Users", (200, {"schemas": [LIST], "totalResults": 1})), "Another key is refused"),
        (at("GET", "/Users/", (200, {"userName": None})), "Test user is read"),
        (at("PUT", "/Users/", (200, {"emails": ["a@b.example"]})), "Test user is updated (PUT with emails null)"),
        (at("PUT", "/Users/", (200, {"emails": 7})), "Test user is updated (PUT with emails null)"),
        (at("GET", "/Groups", (404, {"schemas": 7})), "Groups are off, and a SCIM 404"),
    ],
)
def test_a_malformed_answer_is_a_failed_check(
    service: Service, fault: Callable[[str, str, Answer], Answer], check: str
) -> None:
    service.fault = fault

    assert check in failures(doctor(service, "--json"))
    assert service.users == {}


def test_a_look_up_that_counts_users_but_lists_none_is_a_failed_check(service: Service) -> None:
    def fault(method: str, path: str, right: Answer) -> Answer:
        looked_up = method == "GET" and path == "/Users" and right[0] == 200
        return (200, {"schemas": [LIST], "totalResults": 1}) if looked_up and service.users else right

    service.fault = fault

    failed = failures(doctor(service, "--json"))

    assert list(failed) == ["Look-up finds the test user"]
    assert service.users == {}


@pytest.mark.parametrize("pressed_at", ["POST", "GET", "PUT", "DELETE"])
def test_ctrl_c_leaves_no_test_user_and_the_report_is_still_printed(
    service: Service, monkeypatch: pytest.MonkeyPatch, pressed_at: str
) -> None:
    send = httpx.Client.request
    pressed: list[str] = []

    def interrupted(client: httpx.Client, method: str, url: str, **request: Any) -> httpx.Response:
        answer = send(client, method, url, **request)
        if method == pressed_at and not pressed and (service.users or method == "DELETE"):
            pressed.append(url)
            raise KeyboardInterrupt
        return answer

    monkeypatch.setattr(httpx.Client, "request", interrupted)

    failed = failures(doctor(service, "--json"), code=130)

    assert pressed
    assert failed["All checks"]["seen"] == "interrupted"
    assert service.users == {}


@pytest.mark.parametrize("refusal", [error(409, "taken"), error(403, "paused"), (0, None), error(503, "x")])
def test_another_user_created_at_the_same_moment_is_not_removed(service: Service, refusal: Answer) -> None:
    def fault(method: str, path: str, right: Answer) -> Answer:
        if method != "POST":
            return right
        (made,) = service.users.values()
        made["externalId"] = "somebody else's"
        return refusal

    service.fault = fault

    assert "Test user is created" in failures(doctor(service, "--json"))
    assert len(service.users) == 1
    assert "DELETE" not in {method for method, _ in service.requests}


@pytest.mark.parametrize("email", ["nonsense", "", "@corp.example", "a b@corp.example", 'a"b@corp.example'])
def test_a_malformed_test_address_is_reported_in_one_line_before_any_request(service: Service, email: str) -> None:
    result = doctor(service, "--test-email", email)

    assert result.exit_code == 2
    assert "is not an e-mail address, for example name@example.com" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert service.requests == []


def test_without_a_key_and_a_terminal_the_variable_is_named(service: Service) -> None:
    result = CliRunner().invoke(app, ["doctor", "--base-url", service.base_url], env={"CONNECTOR_KEY": ""})

    assert result.exit_code == 2
    assert "set the environment variable CONNECTOR_KEY" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_self_signed_certificate_is_reported(tmp_path: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "certificate.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    try:
        failed = failures(doctor(Service(f"https://127.0.0.1:{server.server_address[1]}/scim/v2"), "--json"))
    finally:
        server.shutdown()
        server.server_close()

    assert list(failed) == ["Service answers (ServiceProviderConfig)"]
    assert "CERTIFICATE_VERIFY_FAILED" in failed["Service answers (ServiceProviderConfig)"]["seen"]
    assert "the certificate" in failed["Service answers (ServiceProviderConfig)"]["fix"]


def self_signed(path: Path) -> Path:
    """A file with a key, and a certificate for this machine that no authority has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path

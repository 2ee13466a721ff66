"""DynamoDB Local is for this machine alone, and for no page of a browser on it: it asks for no credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from support.engines import LOOPBACK, SECONDS_TO_ANSWER
from support.repository import ROOT
from support.this_machine import listening_elsewhere, own_addresses

HEADERS = {
    "X-Amz-Target": "DynamoDB_20120810.ListTables",
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, "
    "Signature=x",
}


@pytest.fixture
def endpoint(local_client: Any) -> str:
    url: str = local_client.meta.endpoint_url
    return url


def ask(endpoint: str, **headers: str) -> httpx.Response:
    return httpx.post(endpoint, headers=HEADERS | headers, content=b"{}", timeout=SECONDS_TO_ANSWER)


@pytest.mark.dynamodb_local
def test_no_other_machine_can_reach_it(endpoint: str) -> None:
    assert own_addresses()
    assert listening_elsewhere(urlsplit(endpoint).port or 0) == []


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("name", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "localhost."])
def test_a_foreign_host_name_that_resolves_to_this_machine_is_refused(endpoint: str, name: str) -> None:
    port = urlsplit(endpoint).port

    assert ask(endpoint, Host=f"localhost:{port}").status_code == 200
    for host in (name, f"{name}:{port}"):
        assert ask(endpoint, Host=host).status_code == 421


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8080"])
def test_a_page_in_a_browser_cannot_call_it(endpoint: str, origin: str) -> None:
    refused = ask(endpoint, Origin=origin)
    preflight = httpx.options(
        endpoint, headers={"Origin": origin, "Access-Control-Request-Method": "POST"}, timeout=SECONDS_TO_ANSWER
    )

    assert (refused.status_code, preflight.status_code) == (421, 421)
    assert not [name for name in (*refused.headers, *preflight.headers) if name.startswith("access-control")]


def test_only_the_loopback_launcher_starts_it() -> None:
    texts = {
        path: path.read_text(encoding="utf-8")
        for pattern in ("Makefile", "scripts/*", ".ci/*", ".github/workflows/*", "bench/**/*", "src/**/*", "tests/**/*")
        for path in ROOT.glob(pattern)
        if path.suffix in ("", ".py", ".java", ".yml") and path.is_file()
    }

    starting = [path for path, text in texts.items() if "ServerRunner" in text or "amazon/dynamodb-local" in text]
    assert set(starting) - {Path(__file__)} == {LOOPBACK}
    assert LOOPBACK.name in texts[ROOT / "scripts" / "dynamodb-local"]

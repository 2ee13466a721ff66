"""The command `rollcall --local` against moto's own server, which stands in for the AWS APIs of `make run`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer
from typer.testing import CliRunner, Result

from cli.main import app

BASE_URL = "http://127.0.0.1:8080/scim/v2"
PREFIX = "rollcall/connectors/"
TABLE = "rollcall-users"

Rollcall = Callable[..., Result]


@pytest.fixture(scope="session")
def aws_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(aws_endpoint: str) -> Callable[[str], Any]:
    """Clients of an emptied AWS."""
    httpx.post(f"{aws_endpoint}/moto-api/reset").raise_for_status()
    return lambda service: boto3.client(
        service, "us-east-1", aws_access_key_id="test", aws_secret_access_key="test", endpoint_url=aws_endpoint
    )


@pytest.fixture
def rollcall(aws: Callable[[str], Any], aws_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rollcall:
    """Run `rollcall --local` with arguments and what is typed."""
    state = tmp_path / "local.json"
    state.write_text(
        json.dumps(
            {"baseUrl": BASE_URL, "awsEndpoint": aws_endpoint, "tableName": TABLE, "secretPrefix": PREFIX},
        )
    )
    monkeypatch.setenv("ROLLCALL_LOCAL_STATE", str(state))
    monkeypatch.setenv("COLUMNS", "200")
    runner = CliRunner()
    return lambda *arguments, typed="": runner.invoke(app, ["--local", *arguments], input=typed)

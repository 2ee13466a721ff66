"""The clients of one composition."""

from __future__ import annotations

import pytest

from adapters.aws import Clients


def test_isolated_clients_use_nothing_of_the_machines_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SECRETS_MANAGER"):
        monkeypatch.setenv(name, "https://elsewhere.example")
    monkeypatch.setenv("AWS_PROFILE", "missing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    clients = Clients.isolated("us-east-1", "access-key", {"dynamodb": "http://127.0.0.1:8000"})

    assert clients.dynamodb.meta.endpoint_url == "http://127.0.0.1:8000"
    assert clients.secretsmanager.meta.endpoint_url == "https://secretsmanager.us-east-1.amazonaws.com"
    assert clients.dynamodb is clients.dynamodb

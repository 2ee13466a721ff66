"""Secrets Manager, time, and the connectors under test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.secrets.authentication import Authenticator
from support.recorded_secrets_manager import PREFIX, Clock, SecretsManager, secrets_manager_client


@pytest.fixture
def secrets_manager() -> Iterator[SecretsManager]:
    with secrets_manager_client() as client:
        service = SecretsManager(client)
        client.meta.events.register("provide-client-params.secretsmanager.GetSecretValue", service.record)
        yield service


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connectors(secrets_manager: SecretsManager, clock: Clock) -> Authenticator:
    return Authenticator(secrets_manager.client, PREFIX, monotonic=clock.monotonic, now=clock.now)

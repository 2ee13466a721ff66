"""Secrets Manager, time, and the connectors under test."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from adapters.secrets.authentication import Authenticator
from support.recorded_secrets_manager import PREFIX, Clock, SecretsManager


@pytest.fixture
def secrets_manager() -> Iterator[SecretsManager]:
    with mock_aws():
        client = boto3.client(
            "secretsmanager",
            "eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
        service = SecretsManager(client)
        client.meta.events.register("provide-client-params.secretsmanager.GetSecretValue", service.record)
        yield service


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connectors(secrets_manager: SecretsManager, clock: Clock) -> Authenticator:
    return Authenticator(secrets_manager.client, PREFIX, monotonic=clock.monotonic, now=clock.now)

"""moto's Secrets Manager with its reads recorded, a clock to set, and how tests of authentication sign in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from adapters.secrets.authentication import Authenticated, Authenticator
from domain.accounts.account import Connector
from domain.accounts.connector_document import connector_to_json
from domain.accounts.connector_key import ConnectorKey
from domain.errors import ScimError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

PREFIX = "rollcall/connectors/"
START = datetime(2030, 1, 31, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


@contextmanager
def secrets_manager_client() -> Iterator[SecretsManagerClient]:
    """An empty Secrets Manager; each call makes one attempt."""
    with mock_aws():
        yield boto3.client(
            "secretsmanager",
            "eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )


@dataclass
class Clock:
    """A clock that a test moves."""

    seconds: float = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)


@dataclass
class SecretsManager:
    """moto's Secrets Manager, with the reads of it recorded and a switch to cut it off."""

    client: SecretsManagerClient
    reads: list[str] = field(default_factory=list)
    down: bool = False

    def record(self, params: dict[str, Any], **_: object) -> None:
        self.reads.append(params["SecretId"])
        if self.down:
            raise EndpointConnectionError(endpoint_url="https://secretsmanager")

    def write(self, text: str, account: str = "acme") -> None:
        try:
            self.client.put_secret_value(SecretId=PREFIX + account, SecretString=text)
        except self.client.exceptions.ResourceNotFoundException:
            self.client.create_secret(Name=PREFIX + account, SecretString=text)

    def keep(self, connector: Connector) -> None:
        self.write(connector_to_json(connector), connector.account)


def key(account: str = "acme") -> ConnectorKey:
    return ConnectorKey.generate(account, secrets.token_bytes)


def connector(of: ConnectorKey) -> Connector:
    return Connector.new(of, bytes(32), START, "ada")


def sign_in(connectors: Authenticator, of: ConnectorKey, address: str = "192.0.2.1") -> Authenticated:
    return connectors.authenticate(f"Bearer {of.text}", address)


def refusal(connectors: Authenticator, of: ConnectorKey, address: str = "192.0.2.1") -> ScimError:
    with pytest.raises(ScimError) as refused:
        sign_in(connectors, of, address)
    return refused.value

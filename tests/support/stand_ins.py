"""DynamoDB and Secrets Manager for functions that run in containers: moto, at an address that containers reach."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from adapters.secrets.accounts import Accounts
from domain.accounts.account import Connector
from domain.accounts.connector_document import connector_to_json
from domain.accounts.connector_key import ConnectorKey
from domain.resources import body as resource
from domain.resources.group_schema import CORE_URN as GROUP_URN
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import USER
from local.sample_events import EXAMPLE_KEY, GROUP_ID, USER_ID, Example, WireRequest
from operations.table_creation import table_definition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

TABLE = "UsersTable"
SECRET_PREFIX = "local/connectors/"
SECRET = SECRET_PREFIX + "default"
"""Names of template.yaml as the SAM CLI resolves them: the logical id of the table, "local" for the stack."""

NOW = "2026-01-02T03:04:05.000Z"
EMAIL = "somebody@example.com"
"""The address and userName of the user in the table."""


@dataclass(frozen=True)
class Aws:
    """The stand-ins, as this process reaches them."""

    dynamodb: DynamoDBClient
    secretsmanager: SecretsManagerClient
    events: EventBridgeClient
    logs: CloudWatchLogsClient

    def start_over(self) -> None:
        """An empty table, and account `default` with the key that the events carry."""
        for name in self.dynamodb.list_tables()["TableNames"]:
            self.dynamodb.delete_table(TableName=name)
        self.dynamodb.create_table(**table_definition(TABLE))
        key = ConnectorKey.parse(EXAMPLE_KEY)
        assert key is not None
        self.remove_secret()
        connector = Connector.new(key, bytes(32), datetime(2026, 1, 2, tzinfo=UTC), "test")
        self.secretsmanager.create_secret(Name=SECRET, SecretString=connector_to_json(connector))

    def remove_secret(self) -> None:
        pages = self.secretsmanager.get_paginator("list_secrets").paginate()
        names = [secret["Name"] for page in pages for secret in page["SecretList"]]
        for name in names:
            self.secretsmanager.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)

    def set_up(self, example: Example, request: WireRequest) -> None:
        """Make what the request of an event needs."""
        if USER_ID in json.dumps([request.path, request.body]):
            self.add_user()
        if example.has_groups:
            self.switch_groups_on()
        if GROUP_ID in request.path:
            self.add_group()

    def switch_groups_on(self) -> None:
        """Let the account have groups."""
        Accounts(self.secretsmanager, SECRET_PREFIX, lambda: "test").configure("default", groups=True)

    def add_group(self) -> None:
        """The group that the events are about, without members."""
        attributes = {"schemas": [GROUP_URN], "displayName": "Guides"}
        groups = Table(self.dynamodb, TABLE).account("default", MonotonicDeadline.after(10)).groups
        groups.create(StoredGroup.new(GROUP_ID, attributes, NOW))

    def add_user(self) -> None:
        """The user that the events are about."""
        attributes = resource.attributes_of(
            {
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                "userName": EMAIL,
                "name": {"givenName": "Some", "familyName": "Body"},
                "emails": [{"value": EMAIL, "type": "work", "primary": True}],
                "active": True,
            },
            USER,
        )
        users = Table(self.dynamodb, TABLE).account("default", MonotonicDeadline.after(10)).users
        users.create(StoredUser.new(USER_ID, attributes, NOW))

"""Creation of the table where CloudFormation does not create it: on a local DynamoDB."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from botocore.exceptions import HTTPClientError

from adapters.dynamodb.items import EXPIRES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef

SECONDS: Final = 60.0
"""How long to wait for answers: an engine may need longer than the client's time-out for the first ones."""


def table_definition(table_name: str) -> CreateTableInputTypeDef:
    """The parameters of CreateTable; template.yaml defines the same table."""
    return {
        "TableName": table_name,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    }


class TableUnresponsive(Exception):
    """DynamoDB accepts connections, but does not answer."""


def make_table(client: DynamoDBClient, table_name: str, now: Callable[[], float] = time.monotonic) -> None:
    """Create the table unless it exists, and wait until it can be used.

    Raises `TableUnresponsive` after a minute without answers. `now` is a clock in seconds, for tests.
    """
    end = now() + SECONDS
    while True:
        try:
            _make(client, table_name)
        except HTTPClientError as error:
            if now() >= end:
                raise TableUnresponsive from error
        else:
            return


def _make(client: DynamoDBClient, table_name: str) -> None:
    # It exists when the engine keeps tables between runs, or when an attempt succeeded whose answer was lost.
    with suppress(client.exceptions.ResourceInUseException):
        client.create_table(**table_definition(table_name))
    client.get_waiter("table_exists").wait(TableName=table_name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    # Switching on what is on is an error.
    if not expires(client, table_name):
        client.update_time_to_live(
            TableName=table_name, TimeToLiveSpecification={"AttributeName": EXPIRES, "Enabled": True}
        )


def expires(client: DynamoDBClient, table_name: str) -> bool:
    """Return True if DynamoDB removes the table's items once their time is over."""
    found = client.describe_time_to_live(TableName=table_name)["TimeToLiveDescription"]
    return found.get("TimeToLiveStatus") in ("ENABLED", "ENABLING") and found.get("AttributeName") == EXPIRES

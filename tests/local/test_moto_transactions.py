"""The patch of moto's transactions: the version it knows, and that a refused transaction changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import moto
import pytest
from moto import mock_aws

from local.moto_transactions import MOTO_SERIES, cheap_transactions

KEY = {"pk": {"S": "p"}, "sk": {"S": "1"}}


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with cheap_transactions(), mock_aws():
        client = boto3.client("dynamodb", "eu-central-1", aws_access_key_id="test", aws_secret_access_key="test")
        client.create_table(
            TableName="users",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        client.put_item(TableName="users", Item={**KEY, "value": {"S": "before"}})
        yield client


def test_the_installed_moto_is_one_that_the_patch_knows() -> None:
    assert moto.__version__.startswith(MOTO_SERIES)


def test_a_refused_transaction_leaves_every_item_as_it_was(dynamodb: Any) -> None:
    before = dynamodb.scan(TableName="users")["Items"]
    new = {"pk": {"S": "p"}, "sk": {"S": "2"}}

    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "users", "Item": {**KEY, "value": {"S": "after"}}}},
                {"Put": {"TableName": "users", "Item": new}},
                {
                    "ConditionCheck": {
                        "TableName": "users",
                        "Key": {"pk": {"S": "p"}, "sk": {"S": "3"}},
                        "ConditionExpression": "attribute_exists(pk)",
                    }
                },
            ]
        )

    assert dynamodb.scan(TableName="users")["Items"] == before

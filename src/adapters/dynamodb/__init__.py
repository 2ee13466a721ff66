"""The table of users in DynamoDB: see docs/data-model.md for its keys and the price of each operation."""

from adapters.dynamodb.table import DynamoDBAccount, Table
from adapters.dynamodb.usage import Usage
from adapters.dynamodb.wire import with_items_as_sent

__all__ = ["DynamoDBAccount", "Table", "Usage", "with_items_as_sent"]

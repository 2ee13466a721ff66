"""The table of users in DynamoDB; docs/data-model.md describes its keys and the cost of each operation."""

from adapters.dynamodb.table import DynamoDBAccount, Table
from adapters.dynamodb.usage import Usage
from adapters.dynamodb.wire import with_items_as_sent

__all__ = ["DynamoDBAccount", "Table", "Usage", "with_items_as_sent"]

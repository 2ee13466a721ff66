"""The table of users in DynamoDB: see docs/data-model.md for its keys and the price of each operation."""

from adapters.dynamodb.table import Table, table_definition
from adapters.dynamodb.usage import Usage

__all__ = ["Table", "Usage", "table_definition"]

"""A patch that makes moto's DynamoDB transactions independent of the table's size.

To be able to undo a transaction, moto copies the whole table once for each action: with 1000 users a create takes about
a second. moto has no setting for that. The patch keeps copies of the items that the transaction names instead (decision
035).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, Final
from unittest.mock import patch

import moto
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

MOTO_SERIES: Final = "5.2."
"""The versions of moto whose internals the patch knows; pyproject.toml allows no other."""


class _Undo:
    """The items of a transaction as they were before it."""

    def __init__(self, backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        self._items = []
        self._stream_lengths = []
        for transact_item in transact_items:
            (action,) = transact_item.values()
            table = backend.tables.get(action["TableName"])
            if table is not None:
                key = action.get("Key") or action["Item"]
                partition = DynamoType(key[table.hash_key_attr])
                sort = DynamoType(key[table.range_key_attr]) if table.range_key_attr else None
                self._items.append((table, partition, sort, deepcopy(table.get_item(partition, sort))))
                if table.stream_shard is not None:
                    self._stream_lengths.append((table.stream_shard, len(table.stream_shard.items)))

    def run(self) -> None:
        """Put the items back, and remove the new records from the stream."""
        for table, partition, sort, item in self._items:
            if item is not None:
                if sort is None:
                    table.items[partition] = item  # type: ignore[assignment]  # one level without a sort key
                else:
                    table.items[partition][sort] = item
            elif table.get_item(partition, sort) is not None:
                table.delete_item(partition, sort)
        for shard, length in self._stream_lengths:
            del shard.items[length:]


@contextmanager
def cheap_transactions() -> Iterator[None]:
    """Let moto's transactions copy only the items that they name. Another version of moto stays as it is, slow."""
    if not moto.__version__.startswith(MOTO_SERIES):
        yield
        return
    transact_write_items = DynamoDBBackend.transact_write_items

    def undoing(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        undo = _Undo(backend, transact_items)
        try:
            transact_write_items(backend, transact_items)
        except Exception:
            undo.run()
            raise

    with (
        patch.object(DynamoDBBackend, "transact_write_items", undoing),
        # moto's own undoing then puts the same table back.
        patch.object(Table, "__deepcopy__", lambda table, memo: table, create=True),
    ):
        yield

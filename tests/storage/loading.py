"""Putting many users into a table at once, without the transactions that make each of them exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain, islice
from typing import Any

from adapters.dynamodb import Table, items, keys
from adapters.dynamodb.keys import Collection
from domain.stored_user import StoredUser


def load(table: Table, account: str, users: Iterable[StoredUser]) -> None:
    """Write the users with their index items, and the counters anew: the account must be empty before."""
    counted: Counter[tuple[str, str]] = Counter()

    def of_users() -> Iterable[items.Item]:
        for user in users:
            counted[keys.rank_of(user.id)] += 1
            yield items.user_item(account, user, "loaded")
            for entry, value in items.index_entries(user).items():
                yield items.index_item(account, entry, value, user.id)

    def of_ranks() -> Iterable[items.Item]:
        for rank in sorted({rank for rank, _ in counted}):
            item: items.Item = {**keys.key(account, Collection.RANK, rank), "changes": {"N": "1"}}
            yield item | {digit: {"N": str(count)} for (of, digit), count in counted.items() if of == rank}

    every = chain(of_users(), of_ranks())
    while batch := list(islice(every, 25)):
        waiting: dict[str, Any] = {table.table_name: [{"PutRequest": {"Item": item}} for item in batch]}
        while waiting:
            waiting = table.client.batch_write_item(RequestItems=waiting)["UnprocessedItems"]

"""Putting many users into a table at once, without the transactions that make each of them exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from typing import Any

from adapters.dynamodb import Table, items, keys
from adapters.dynamodb.keys import Collection
from domain.resources.stored_user import StoredUser

_BATCH = 25
"""Items that one BatchWriteItem takes."""
_WINDOW = 64
"""Batches that are under way or waiting, so that memory does not grow with the directory."""


def load(table: Table, account: str, users: Iterable[StoredUser], *, threads: int = 1) -> None:
    """Write the users with their index items, and set the counters: the account must be empty before."""
    counted: Counter[tuple[str, str]] = Counter()

    def of_users() -> Iterable[items.Item]:
        for user in users:
            counted[keys.rank_of(user.id)] += 1
            yield items.user_item(account, user, "loaded")
            for entry, value in items.index_entries(user).items():
                yield items.index_item(account, entry, value, items.USER_OWNER, user.id)

    def of_ranks() -> Iterable[items.Item]:
        for rank in sorted({rank for rank, _ in counted}):
            item: items.Item = {**keys.key(account, Collection.RANK, rank), "changes": {"N": "1"}}
            yield item | {digit: {"N": str(count)} for (of, digit), count in counted.items() if of == rank}

    def write(batch: list[items.Item]) -> None:
        waiting: dict[str, Any] = {table.table_name: [{"PutRequest": {"Item": item}} for item in batch]}
        while waiting:
            waiting = table.client.batch_write_item(RequestItems=waiting)["UnprocessedItems"]

    every = chain(of_users(), of_ranks())
    batches = iter(lambda: list(islice(every, _BATCH)), [])
    with ThreadPoolExecutor(threads) as pool:
        while window := list(islice(batches, _WINDOW)):
            list(pool.map(write, window))

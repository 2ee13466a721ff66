"""What the users and groups of an account that are gone left in the table (docs/decisions/061)."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.dynamodb.account_items import MAX_ACTIONS, AccountItems, Range
from adapters.dynamodb.items import Item, gone_of
from adapters.dynamodb.keys import Collection


def gone_items(items: AccountItems, since: str = "") -> Iterator[Item]:
    """Yield the gone items of what was deleted at `since` or later, 30 days ago at most: groups first, in order of id.

    Each is what `adapters.events.replay` takes as an entry's `Item`. `since` is RFC 3339 text in UTC with milliseconds.
    A user or group that exists all the same, as its item was copied back by hand, is left out. One page of DynamoDB's
    is in memory at a time. Raises TooManyRequests or ServiceUnavailable.
    """
    for page in items.query(Collection.GONE, Range()):
        for item in page.items:
            gone = gone_of(item)
            if gone.at >= since and items.get(gone.collection, gone.id, ProjectionExpression="sk") is None:
                yield item


def forget_removals(items: AccountItems) -> None:
    """Delete all gone items of an account. Raises TooManyRequests or ServiceUnavailable; it can be repeated."""
    while True:
        page = next(items.query(Collection.GONE, Range(), limit=MAX_ACTIONS, ProjectionExpression="sk")).items
        if not page:
            return
        items.transact([{"Delete": items.target((Collection.GONE, item["sk"]["S"]))} for item in page])

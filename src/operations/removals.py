"""What the users and groups of an account that are gone left in the table (docs/decisions/061)."""

from __future__ import annotations

from adapters.dynamodb.account_items import AccountItems
from adapters.dynamodb.items import Item, gone_of


def is_gone(items: AccountItems, item: Item, since: str = "") -> bool:
    """Return True if a gone item says so of a deletion at `since` or later (RFC 3339, UTC, milliseconds), and rightly.

    A user or group may exist all the same, as its item was copied back by hand. Raises what `gone_of` raises,
    TooManyRequests or ServiceUnavailable.
    """
    gone = gone_of(item)
    return gone.at >= since and items.get(gone.collection, gone.id, ProjectionExpression="sk") is None

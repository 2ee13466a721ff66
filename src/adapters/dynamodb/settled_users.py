"""The size of an account for its deprovisioning limit: the number of its settled users."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from adapters.dynamodb.account_items import AccountItems, Range
from adapters.dynamodb.keys import Collection
from adapters.dynamodb.ranks import read_ranks
from domain.accounts.deprovisioning import Limit, settled_before

_SAMPLE: Final = 1_000
"""Users from whom the share of settled ones is estimated where there are many."""
_MOST_READ: Final = 10_000
"""Users that are read for it; a small account is counted exactly although somebody created many users to hide it."""


def count_settled(items: AccountItems, limit: Limit, now: float, last: list[str]) -> int:
    """The number of active users who are older than a day: counted in a small account, estimated in a large one.

    The users of the `last` losses of access are included, whether the loss has been written yet or not.
    """
    since = settled_before(datetime.fromtimestamp(now, UTC))
    found = seen = 0
    unseen = list(last)
    more = False
    for page in items.query(
        Collection.USER,
        Range(),
        limit=_MOST_READ,
        ProjectionExpression="sk, #active, #created",
        ExpressionAttributeNames={"#active": "active", "#created": "created"},
    ):
        for item in page.items:
            user_id = item["sk"]["S"]
            counted = user_id in last
            found += (item["active"]["BOOL"] or counted) and item["created"]["S"] <= since
            if counted:
                unseen = [each for each in unseen if each != user_id]
        seen += len(page.items)
        more = page.more
        # From twice the number on only the percentage matters, for which a share of all is precise enough.
        if seen >= _SAMPLE and found >= 2 * limit.users:
            break
    if not more or found < 2 * limit.users:
        return found + (0 if more else len(unseen))
    # Ids are random, so the first users are a fair sample of all.
    return max(found, int(read_ranks(items).total * found / seen))

"""Publishing what dead letters were about whose records the stream no longer has: from the table, of all accounts.

A letter says when its records came, not whose they are. So everything that changed since then is published again, once
for all letters; only then are the letters deleted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapters.clock import text_of
from adapters.dynamodb.account_items import AccountItems
from adapters.dynamodb.items import Item
from operations.dead_letters import DeadLetters
from operations.replay.places import PlaceKind
from operations.replay.reading import Found, PresentState
from operations.replay.running import Reached, Replay

_SCAN: Final[Any] = "scan"
"""No function scans, so it is not among the operations of `Calls`, whose throttling has an alarm."""
_KEEP_EVERY: Final = 100.0
"""Seconds. The letters would come back after 300."""


@dataclass(frozen=True, slots=True)
class EveryAccount:
    """What changed or was removed since a moment in all accounts, in those without a secret, too."""

    items_of: Callable[[str], AccountItems]
    since: datetime

    def found(self) -> Iterator[Found]:
        """Read the whole table; raises TooManyRequests or ServiceUnavailable when it does not answer."""
        for item in self._items():
            account, _, collection = item["pk"]["S"].partition("#")
            kind = next((kind for kind in PlaceKind if kind.collection == collection), None)
            if kind is not None and account:
                yield from PresentState(self.items_of(account), self.since).of(kind, item)

    def _items(self) -> Iterator[Item]:
        items = self.items_of("")
        request: dict[str, Any] = {
            "TableName": items.table_name,
            "ConsistentRead": True,
            "FilterExpression": "lastModified >= :since OR #at >= :since",
            "ExpressionAttributeNames": {"#at": "at"},
            "ExpressionAttributeValues": {":since": {"S": text_of(self.since.timestamp())}},
        }
        while True:
            page = items.calls.send(_SCAN, **request)
            yield from page["Items"]
            if not page.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def replay_expired(
    letters: DeadLetters,
    found: Callable[[datetime], Iterator[Found]],
    replay: Replay,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[Reached]:
    """Publish again what `found` returns since the first of the expired letters, then delete these.

    Yields as `Replay.run`, and raises what it raises and `DeploymentError`: then the letters stay in the queue. So they
    do if an item is damaged, of which nothing can be published, or if the bus refuses an event.
    """
    since = min(letter.since for letter in letters.expired.values())
    kept = now()
    for reached in replay.run(found(since)):
        if now() - kept > _KEEP_EVERY:
            letters.keep_expired()
            kept = now()
        yield reached
    if not replay.reached.unreadable and not replay.reached.refused:
        letters.delete_expired()

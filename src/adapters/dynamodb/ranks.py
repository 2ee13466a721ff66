"""How many users there are before an id: 4,096 counters, by the first three hexadecimal digits of the ids.

Sixteen of them share an item, so that all are read in one call of some 50 KB, and writes still spread over 256 items.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from adapters.dynamodb.account_items import AccountItems, Range
from adapters.dynamodb.keys import Collection

DIGITS: Final = "0123456789abcdef"
BUCKETS: Final = tuple(first + second + third for first in DIGITS for second in DIGITS for third in DIGITS)
"""What ids start with, in order."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """The counters of one account as they were read: bucket -> users; those at nought may be left out."""

    counts: dict[str, int]

    @property
    def total(self) -> int:
        """How many users there are."""
        return sum(self.counts.values())

    def position(self, users_before: int) -> tuple[str, int]:
        """The bucket that holds the user with that many before it, and how many of the bucket's own are before it."""
        left = users_before
        for bucket in BUCKETS:
            count = self.counts.get(bucket, 0)
            if left < count:
                return bucket, left
            left -= count
        return BUCKETS[-1] + "~", 0

    def ranges(self, after: str, users: int) -> Iterator[tuple[str, str]]:
        """The ids greater than `after` in ranges of about that many users: first and last bound, both inclusive."""
        lower, waiting = after + "\0", 0
        for bucket in BUCKETS:
            upper = bucket + "~"
            if upper <= after:
                continue
            waiting += self.counts.get(bucket, 0)
            if waiting >= users or bucket == BUCKETS[-1]:
                yield lower, upper
                lower, waiting = upper, 0


def read_ranks(items: AccountItems) -> Ranks:
    """Read the current counters of an account: one Query."""
    counts: dict[str, int] = {}
    for page in items.query(Collection.RANK, Range()):
        for item in page.items:
            counts.update(counts_of(item))
    return Ranks(counts)


def counts_of(item: dict[str, Any]) -> dict[str, int]:
    """The counters in a rank item."""
    rank = item["sk"]["S"]
    return {rank + digit: int(item[digit]["N"]) for digit in DIGITS if digit in item}

"""The position of users by id: 4,096 counters of users, by the first three hexadecimal digits of their ids.

Sixteen counters share an item, so that one call of some 50 KB reads all, and writes are spread over 256 items.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from adapters.dynamodb.account_items import AccountItems, Range
from adapters.dynamodb.keys import Collection

DIGITS: Final = "0123456789abcdef"
BUCKETS: Final = tuple(first + second + third for first in DIGITS for second in DIGITS for third in DIGITS)
"""The prefixes of ids, in order."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """The counters of one account: bucket -> users; counters at zero may be missing."""

    counts: dict[str, int]

    @property
    def total(self) -> int:
        """The number of users."""
        return sum(self.counts.values())

    def position(self, users_before: int) -> tuple[str, int]:
        """The bucket of the user with that many users before it, and how many of those are in the same bucket.

        >>> Ranks({"000": 2, "00a": 3}).position(4)
        ('00a', 2)
        """
        left = users_before
        for bucket in BUCKETS:
            count = self.counts.get(bucket, 0)
            if left < count:
                return bucket, left
            left -= count
        return BUCKETS[-1] + "~", 0

    def ranges(self, after: str, users: int) -> Iterator[tuple[str, str]]:
        """Split the ids greater than `after` into ranges of about that many users: inclusive first and last bounds."""
        lower, waiting = after + "\0", 0
        for bucket in BUCKETS:
            upper = bucket + "~"
            if upper <= after:
                continue
            waiting += self.counts.get(bucket, 0)
            if waiting >= users or bucket == BUCKETS[-1]:
                yield lower, upper
                lower, waiting = upper, 0


def read_ranks(items: AccountItems, collection: Collection = Collection.RANK) -> Ranks:
    """Read the current counters of an account, those of users unless another collection is named: one Query."""
    counts: dict[str, int] = {}
    for page in items.query(collection, Range()):
        for item in page.items:
            counts.update(counts_of(item))
    return Ranks(counts)


def counts_of(item: dict[str, Any]) -> dict[str, int]:
    """The counters of a rank item, by bucket."""
    rank = item["sk"]["S"]
    return {rank + digit: int(item[digit]["N"]) for digit in DIGITS if digit in item}

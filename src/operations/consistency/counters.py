"""Check and repair of the rank counters, while users may be created and deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from adapters.dynamodb.account_items import AccountItems, Range, Update
from adapters.dynamodb.failures import ConditionFailed
from adapters.dynamodb.keys import Collection, Entry
from adapters.dynamodb.ranks import DIGITS, counts_of
from operations.consistency.findings import Inconsistency, Problem

_ATTEMPTS: Final = 10


def check_counters(
    items: AccountItems,
    counted: Counter[str],
    *,
    repair: bool,
    ranks_of: Collection = Collection.RANK,
    counted_in: Collection = Collection.USER,
) -> Iterator[Inconsistency]:
    """Find the counters with a wrong value; `counted` is a first count by bucket, from a table in use.

    `ranks_of` is the collection of the counters, `counted_in` that of what they count.
    """
    ranks = [first + second for first in DIGITS for second in DIGITS]
    kept = {item["sk"]["S"]: item for item in items.batch([(ranks_of, rank) for rank in ranks])}
    for rank in ranks:
        counts = counts_of(kept[rank]) if rank in kept else {}
        if any(counts.get(rank + digit, 0) != counted[rank + digit] for digit in DIGITS):
            finding = _check(items, (ranks_of, rank), counted_in, repair=repair)
            if finding is not None:
                yield finding


def _check(items: AccountItems, entry: Entry, counted_in: Collection, *, repair: bool) -> Inconsistency | None:
    """Count again between two reads of `changes`: if it is unchanged, nothing was created or deleted in between."""
    rank = entry[1]
    for _ in range(_ATTEMPTS):
        before = items.get(*entry) or {}
        users = Counter(
            item["sk"]["S"][:3]
            for page in items.query(counted_in, Range(first=rank, last=rank + "~"), ProjectionExpression="sk")
            for item in page.items
        )
        counts = counts_of(before) if before else {}
        if all(counts.get(rank + digit, 0) == users[rank + digit] for digit in DIGITS):
            return None
        if repair:
            try:
                _set(items, entry, users, before.get("changes"))
            except ConditionFailed:
                continue
            return Inconsistency(Problem.COUNTER, *entry, repaired=True)
        after = items.get(*entry) or {}
        if after.get("changes") == before.get("changes"):
            break
    return Inconsistency(Problem.COUNTER, *entry)


def _set(items: AccountItems, entry: Entry, users: Counter[str], changes: dict[str, str] | None) -> None:
    """Write the counters, on condition that `changes` is the same as before the users were counted."""
    rank = entry[1]
    values = {f":n{digit}": {"N": str(users[rank + digit])} for digit in DIGITS}
    condition = "attribute_not_exists(changes)"
    if changes is not None:
        condition = "changes = :seen"
        values[":seen"] = changes
    update = "SET " + ", ".join(f"#n{digit} = :n{digit}" for digit in DIGITS) + " ADD changes :one"
    names = {f"#n{digit}": digit for digit in DIGITS}
    items.update(entry, Update(update, {**values, ":one": {"N": "1"}}, condition, names))

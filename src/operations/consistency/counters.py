"""Check and repair of the rank counters, while users may be created and deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from adapters.dynamodb.account_items import AccountItems, Range, Update
from adapters.dynamodb.failures import ConditionFailed
from adapters.dynamodb.keys import Collection
from adapters.dynamodb.ranks import DIGITS, counts_of
from operations.consistency.findings import Inconsistency, Problem

_ATTEMPTS: Final = 10


def check_counters(items: AccountItems, counted: Counter[str], *, repair: bool) -> Iterator[Inconsistency]:
    """Find the counters with a wrong value; `counted` is a first count by bucket, from a table in use."""
    ranks = [first + second for first in DIGITS for second in DIGITS]
    kept = {item["sk"]["S"]: item for item in items.batch([(Collection.RANK, rank) for rank in ranks])}
    for rank in ranks:
        counts = counts_of(kept[rank]) if rank in kept else {}
        if any(counts.get(rank + digit, 0) != counted[rank + digit] for digit in DIGITS):
            finding = _check(items, rank, repair=repair)
            if finding is not None:
                yield finding


def _check(items: AccountItems, rank: str, *, repair: bool) -> Inconsistency | None:
    """Count again between two reads of `changes`: if it is unchanged, no user was created or deleted in between."""
    for _ in range(_ATTEMPTS):
        before = items.get(Collection.RANK, rank) or {}
        users = Counter(
            item["sk"]["S"][:3]
            for page in items.query(Collection.USER, Range(first=rank, last=rank + "~"), ProjectionExpression="sk")
            for item in page.items
        )
        counts = counts_of(before) if before else {}
        if all(counts.get(rank + digit, 0) == users[rank + digit] for digit in DIGITS):
            return None
        if repair:
            try:
                _set(items, rank, users, before.get("changes"))
            except ConditionFailed:
                continue
            return Inconsistency(Problem.COUNTER, Collection.RANK, rank, repaired=True)
        after = items.get(Collection.RANK, rank) or {}
        if after.get("changes") == before.get("changes"):
            break
    return Inconsistency(Problem.COUNTER, Collection.RANK, rank)


def _set(items: AccountItems, rank: str, users: Counter[str], changes: dict[str, str] | None) -> None:
    """Write the counters, on condition that `changes` is the same as before the users were counted."""
    values = {f":n{digit}": {"N": str(users[rank + digit])} for digit in DIGITS}
    condition = "attribute_not_exists(changes)"
    if changes is not None:
        condition = "changes = :seen"
        values[":seen"] = changes
    update = "SET " + ", ".join(f"#n{digit} = :n{digit}" for digit in DIGITS) + " ADD changes :one"
    names = {f"#n{digit}": digit for digit in DIGITS}
    items.update((Collection.RANK, rank), Update(update, {**values, ":one": {"N": "1"}}, condition, names))

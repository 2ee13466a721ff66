"""Several calls at the same time: for work on many memberships, whose items are independent of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from adapters.dynamodb.account_items import BATCH, AccountItems
from adapters.dynamodb.items import Item
from adapters.dynamodb.keys import Entry

_AT_ONCE: Final = 16

_Each = TypeVar("_Each")
_Result = TypeVar("_Result")


def in_parallel(work: Callable[[_Each], _Result], arguments: Iterable[_Each]) -> list[_Result]:
    """Return the results for all arguments, in their order; one argument needs no thread."""
    ordered = list(arguments)
    if len(ordered) <= 1:
        return [work(each) for each in ordered]
    with ThreadPoolExecutor(min(_AT_ONCE, len(ordered))) as threads:
        return list(threads.map(work, ordered))


def read_all(items: AccountItems, entries: Sequence[Entry], **projection: Any) -> list[Item]:
    """Return the items that exist, in no particular order; no entry may occur twice."""
    batches = [entries[at : at + BATCH] for at in range(0, len(entries), BATCH)]
    return [
        item for found in in_parallel(lambda some: list(items.batch(some, **projection)), batches) for item in found
    ]

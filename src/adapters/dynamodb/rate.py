"""The used part of an account's rate: one item, whose `usedUntil` is a point in time in microseconds since 1970.

To settle requests is one UpdateItem that moves the point forward, on condition that it lies in the past and not too far
back. Updates of one item happen one after the other, so the rate holds for all containers together. After a quiet time
the point lies too far back, and a second call moves it to the allowed burst. `settled` counts all requests.

An update whose answer was lost is not repeated: it may have been done, and then would count twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from adapters.dynamodb.account_items import AccountItems, Update
from adapters.dynamodb.failures import ConditionFailed, account_contended
from adapters.dynamodb.keys import Collection
from domain.accounts.rate import BURST, MICROSECONDS, SLACK, UNBELIEVABLE, Rate, Standing

_ITEM: Final = "requests"
_ATTEMPTS: Final = 5
"""Attempts when other containers move the point at the same time."""


class OneTry:
    """A `domain.ports.Deadline` that leaves time for one attempt of each call and for no pause after it."""

    def remaining(self) -> float:
        return 0.01


@dataclass(frozen=True, slots=True)
class DynamoDBRequestCounter:
    """A `domain.accounts.rate.RequestCounter`; `now` is the wall clock in seconds since 1970."""

    items: AccountItems
    now: Callable[[], float] = time.time

    def settle(self, requests: int, rate: Rate) -> Standing:
        used, now = rate.microseconds(requests), int(self.now() * MICROSECONDS)
        for _ in range(_ATTEMPTS):
            try:
                return self._advance(now, used, requests)
            except ConditionFailed as refusal:
                seen = refusal.item(0).get("usedUntil", {}).get("N")
            if seen is not None and now < int(seen) <= now + int(UNBELIEVABLE * MICROSECONDS):
                return Standing(False, (now - int(seen)) / MICROSECONDS)
            try:
                return self._begin(now, used, requests, seen)
            except ConditionFailed:
                continue
        raise account_contended()

    def _advance(self, now: int, used: int, requests: int) -> Standing:
        return self._update(
            now,
            "ADD usedUntil :used, settled :requests",
            "usedUntil BETWEEN :earliest AND :now",
            {
                ":used": used,
                ":requests": requests,
                ":now": now,
                ":earliest": now - int((BURST + SLACK) * MICROSECONDS),
            },
        )

    def _begin(self, now: int, used: int, requests: int, seen: str | None) -> Standing:
        values = {":at": now - int(BURST * MICROSECONDS) + used, ":requests": requests}
        update = "SET usedUntil = :at ADD settled :requests"
        if seen is None:
            return self._update(now, update, "attribute_not_exists(usedUntil)", values)
        return self._update(now, update, "usedUntil = :seen", values | {":seen": int(seen)})

    def _update(self, now: int, update: str, condition: str, values: dict[str, int]) -> Standing:
        numbers = {name: {"N": str(value)} for name, value in values.items()}
        item = self.items.update((Collection.RATE, _ITEM), Update(update, numbers, condition))
        return Standing(True, (now - int(item["usedUntil"]["N"])) / MICROSECONDS, int(item["settled"]["N"]))

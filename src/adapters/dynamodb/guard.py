"""An account's deprovisioning guard: one item that counts losses of access over a rolling day (`guard_item`).

To take a place is one UpdateItem that adds to the counter of the hour and to their sum, on condition that the sum is
below the limit. Updates of one item happen one after the other, so the limit is exact for any number of requests at the
same time. Outdated counters count until they stand in the way; only then are they swept. The first request that finds
no place pauses the account; then only users with a pass lose access, each once.

A place whose request got no answer counts, although perhaps no user lost access: the guard may stop one user too early,
but never lets one too many through.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from adapters.dynamodb import guard_item, keys
from adapters.dynamodb.account_items import AccountItems, Update
from adapters.dynamodb.failures import ConditionFailed, account_contended
from adapters.dynamodb.guard_item import ENTRY, Attributes, number, record_of
from adapters.dynamodb.settled_users import count_settled
from domain.accounts.deprovisioning import (
    PASS,
    PAUSE,
    DeprovisioningPaused,
    GuardState,
    LetThrough,
    Limit,
    Place,
)
from domain.accounts.guard_record import hour_of
from domain.errors import Retryable

_ATTEMPTS: Final = 50
"""Attempts when other requests change the item at the same time."""


@dataclass(frozen=True, slots=True)
class DynamoDBGuard:
    """A `domain.accounts.deprovisioning.DeprovisioningGuard` for one request; `now` is the wall clock in seconds."""

    items: AccountItems
    limit: Limit
    now: Callable[[], float] = time.time

    def take(self, user_id: str | None = None) -> Place:
        now = self.now()
        token = str(uuid4())
        update = guard_item.count(self.limit, now, user_id or "", token)
        for _ in range(_ATTEMPTS):
            try:
                return self._place(self._update(update), now)
            except ConditionFailed as refusal:
                item = refusal.item(0)
                if guard_item.text(item, "token") == token:
                    return self._place(item, now)  # a repeated call whose first answer was lost
                if guard_item.needs_sweep(item, self.limit, now):
                    self._try(guard_item.sweep(item, self.limit, now))
                elif "pausedUntil" in item or not self._may_have_room(item, now):
                    passed = self._pass(item, user_id, now)
                    if passed is not None:
                        return passed
                    until = datetime.fromtimestamp(int(now), UTC) + PAUSE
                    if "pausedUntil" in item or self._try(guard_item.pause(item, self.limit, until)):
                        pause = record_of(item).pause
                        until = until if pause is None else pause.until
                        raise DeprovisioningPaused(self.items.account, number(item, "used"), until) from refusal
        raise account_contended()

    def give_back(self, place: Place) -> None:
        passed = place.let_through
        with suppress(ConditionFailed, Retryable):  # swept by now, or unreachable: the place expires in a day
            self._update(guard_item.uncount(place.hour) if passed is None else guard_item.add_pass(passed, self.now()))

    def state(self) -> GuardState:
        return record_of(self.items.get(*ENTRY) or {}).state(self.limit, self.now())

    def resume(self, by: str, at: str) -> None:
        key = keys.key(self.items.account, *ENTRY)
        self.items.put({**key, **guard_item.resumed(by, at, self.now())})

    def let_through(self, user_id: str, by: str) -> LetThrough:
        now = self.now()
        passed = LetThrough(user_id, datetime.fromtimestamp(int(now), UTC) + PASS, by)
        self._update(guard_item.add_pass(passed, now))
        return passed

    def _may_have_room(self, item: Attributes, now: float) -> bool:
        """Return True if another attempt may succeed: the account may be large enough for more than the least.

        The settled users are counted once a day at most, and only when the least is used up.
        """
        used = number(item, "used")
        if used < self.limit.least:
            return True
        known = record_of(item).allowed(self.limit, now)
        if known is not None:
            return used < known
        last = guard_item.last_users(item)
        settled = count_settled(self.items, self.limit, now, last[:used]) + max(0, used - len(last))
        self._try(guard_item.allow(self.limit.allowance(settled), self.limit, now))
        return True

    def _pass(self, item: Attributes, user_id: str | None, now: float) -> Place | None:
        """The place of a user whom an operator lets through, which cannot be taken twice."""
        passes = record_of(item).current(self.limit, now).passes
        passed = next((each for each in passes if each.user_id == user_id), None)
        if passed is None:
            return None
        token = str(uuid4())
        try:
            self._update(guard_item.use_pass(passed, token))
        except ConditionFailed as refusal:
            if guard_item.text(refusal.item(0), "token") != token:
                return None
        return self._place(item, now, passed)

    def _place(self, item: Attributes, now: float, passed: LetThrough | None = None) -> Place:
        return Place(number(item, "used"), record_of(item).allowed(self.limit, now), hour_of(now), passed)

    def _try(self, update: Update) -> bool:
        """Return False if the condition failed, because another request was faster."""
        try:
            self._update(update)
        except ConditionFailed:
            return False
        return True

    def _update(self, update: Update) -> Attributes:
        return self.items.update(ENTRY, update)

"""Admission of requests by each account's rate, with calls to the table only for accounts that are busy here.

Each container has one `Pace`. A quiet account costs no call; a busy one costs one call for each block of requests; one
that exceeds its rate costs one call a second, since a refusal is remembered for that long. When the table does not
answer, requests are admitted: the limit protects the service and must not make it fail.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

from adapters.dynamodb.usage import Usage
from domain.accounts.rate import Rate, RateLimited, RequestCounter, Share
from domain.errors import Retryable

_MOST_ACCOUNTS: Final = 1000
"""The number of accounts that a container keeps count of: those with the latest requests."""


class Pace:
    """Admits requests; safe to share between threads.

    `counter` returns the counter of an account; the calls of it are counted in the Usage.
    """

    def __init__(
        self,
        counter: Callable[[str, Usage], RequestCounter],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._counter = counter
        self._monotonic = monotonic
        self._lock = Lock()
        self._shares: OrderedDict[str, Share] = OrderedDict()

    def admit(self, account: str, rate: Rate, usage: Usage, requests: int = 1) -> bool:
        """Admit the requests, or raise `RateLimited`. Returns False when the table was asked and did not answer.

        Requests that exceed the room that is left are admitted as long as there is any: they are paid for afterwards.
        """
        with self._lock:
            share, now = self._share(account), self._monotonic()
            if wait := share.wait(now):
                raise RateLimited(account, rate, wait)
            share.let_in(now, requests)
            settling = share.to_settle(now)
        if not settling:
            return True
        try:
            standing = self._counter(account, usage).settle(settling, rate)
        except Exception as error:
            with self._lock:
                share.unanswered(self._monotonic())
            if isinstance(error, Retryable):
                return False
            raise
        with self._lock:
            now = self._monotonic()
            share.settled(now, requests, standing, rate)
            if standing.accepted:
                return True
            raise RateLimited(account, rate, share.wait(now))

    def charge(self, account: str, requests: int) -> None:
        """Count the cost of an admitted request beyond its own price."""
        with self._lock:
            self._share(account).let_in(self._monotonic(), requests)

    def _share(self, account: str) -> Share:
        share = self._shares.get(account)
        if share is None:
            share = self._shares[account] = Share()
            if len(self._shares) > _MOST_ACCOUNTS:
                self._shares.popitem(last=False)
        self._shares.move_to_end(account)
        return share

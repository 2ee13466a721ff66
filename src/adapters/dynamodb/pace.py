"""Lets each account send as many requests as its rate says, asking the table only about accounts that are busy here.

One for each container. A quiet account costs no call; a busy one costs one for each block of requests; one that sends
too much costs one a second, since a refusal is remembered for that long. When the table does not answer, requests are
let in: the limit is there to protect the service, not to fail it.
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
"""Of which a container knows how busy they are: those that were heard last."""


class Pace:
    """May be used by many threads. `counter` gives an account's, whose calls are counted in what is passed along."""

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
        """Let the requests in, or raise `RateLimited`. False when the table should have been asked and did not answer.

        What has no room as a whole is let in as long as there is any: it is paid afterwards.
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
        """Count what a request that was let in has cost beyond its own price."""
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

"""How many requests an account may send a second, whatever the number of containers that serve them.

What an account has used is one number that all containers share, a point in time (the generic cell rate algorithm): a
request moves it on by the time that its account's rate gives to one request, and while it lies in the past there is
room. It never lies further back than `BURST`, so that an account cannot save up more than that.

A container does not call the table for every request. It settles the requests that it let through later, several at a
time (`Share`). Every request that is let through is counted, and no other, except for the few that a container gives
each account for free while that account is quiet there.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from math import ceil
from typing import Final, Protocol

from domain import remedies
from domain.errors import Retryable
from domain.limits import DEFAULT_REQUESTS_PER_SECOND, MAX_REQUESTS_PER_SECOND, MIN_REQUESTS_PER_SECOND

MICROSECONDS: Final = 1_000_000
"""Unit of the shared point in time, so that it is a whole number."""

BURST: Final = 2.0
"""Seconds of its rate that an account has at once when it comes back."""
SLACK: Final = 1.0
"""Seconds more that the point may fall behind before it is drawn up to `BURST` again, which takes its own call."""
MOST_AT_ONCE: Final = 10.0
"""Seconds of its rate that one settlement may use up: however dear a request was, its account waits no longer."""
UNBELIEVABLE: Final = 2 * MOST_AT_ONCE
"""Seconds that a point cannot lie ahead unless a clock was wrong; then it begins again."""

FREE: Final = 5
"""Requests that an account has in each container before the first one is counted."""
FREE_AGAIN: Final = 40.0
"""Seconds after which one of them returns: 200 containers give away 5 a second, a fifth of the lowest rate."""
FORGOTTEN: Final = 60.0
"""Seconds without a request after which a container forgets an account."""
MOST_OF_ROOM: Final = 20
"""A container settles after a twentieth of the room that it last saw, even if it seems to be the account's only one."""
PAUSE: Final = 1.0
"""Seconds for which a container does not call the table after a refusal or a failure of the table."""

SECONDS_OF_CPU: Final = 0.05
"""CPU time included in a request; each further such time costs as much as a request."""


class RateLimited(Retryable):
    """The account sends more than its rate; what it sends after `retry_after` seconds will be served."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    reason = "rate-limited"
    remedy = f"The identity provider retries the request. If the account needs a higher limit: {remedies.raise_rate()}."

    def __init__(self, account: str, rate: Rate, seconds: float) -> None:
        self.retry_after = max(1, ceil(seconds))
        super().__init__(
            f"This account sends more than its limit of {rate.per_second} requests per second, so this request was "
            f"not served. Repeat the request in {self.retry_after} s. If the account needs more, the service's "
            f"operator can raise its limit: {remedies.raise_rate(account)}"
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests that an account may send in a second."""

    per_second: int = DEFAULT_REQUESTS_PER_SECOND

    def __post_init__(self) -> None:
        if not MIN_REQUESTS_PER_SECOND <= self.per_second <= MAX_REQUESTS_PER_SECOND:
            raise ValueError(f"not between {MIN_REQUESTS_PER_SECOND} and {MAX_REQUESTS_PER_SECOND} requests per second")

    def microseconds(self, requests: int) -> int:
        """What so many requests use up of the account's time, at most `MOST_AT_ONCE`."""
        return min(requests * MICROSECONDS // self.per_second, int(MOST_AT_ONCE * MICROSECONDS))


DEFAULT_RATE: Final = Rate()


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a settlement: `room` is the seconds by which the account's point lies in the past afterwards.

    `total` counts what all containers have settled, ever. Not `accepted`: nothing was counted, and the account has to
    wait for `-room` seconds.
    """

    accepted: bool
    room: float
    total: int = 0


def extra_requests(seconds_of_cpu: float, paid: int) -> int:
    """Return how many more requests a request counts as for its CPU time, beyond the `paid` ones.

    >>> extra_requests(0.099, 1), extra_requests(0.1, 1), extra_requests(1.0, 1), extra_requests(1.0, 200)
    (0, 1, 19, 0)
    """
    return max(0, int(seconds_of_cpu / SECONDS_OF_CPU) - paid)


class Share:
    """One container's part in one account's requests; `now` is in seconds of a clock that does not jump.

    While the account is quiet here its requests are free, and remembered as owed. Once it is busy they are settled in
    blocks: half of what this container's share of the account's requests is of the account's room, so that all
    containers together never hold back more than there is room for.
    What is owed is paid only when the account turns out to send more than it may: one that stays below its rate is not
    charged later for what it had for nothing.
    """

    __slots__ = ("_ask_after", "_block", "_busy", "_free_used", "_last", "_owed", "_paused_until", "_settling",
                 "_total", "_unsettled")  # fmt: skip

    def __init__(self) -> None:
        self._last = self._paused_until = self._ask_after = float("-inf")
        self._settling = 0
        self._begin()

    def _begin(self) -> None:
        self._busy = False
        self._total: int | None = None
        self._free_used = 0.0
        self._owed = self._unsettled = 0
        self._block = 1

    def wait(self, now: float) -> float:
        """Seconds until the next request may come, as far as this container knows; 0 when it may come now."""
        return max(0.0, self._paused_until - now)

    def let_in(self, now: float, requests: int = 1) -> None:
        """Count requests that are let in, or what one of them cost beyond its own price."""
        passed, self._last = now - self._last, now
        if passed >= FORGOTTEN:
            self._begin()
        if not self._busy:
            owed = max(0.0, self._free_used - passed / FREE_AGAIN)
            self._free_used = owed + requests
            if self._free_used <= FREE:
                return
            self._busy, self._owed = True, round(owed)
        self._unsettled += requests

    def to_settle(self, now: float) -> int:
        """How many requests to settle now; 0 for none. Until `settled` or `unanswered` there are no more."""
        if self._settling or self._unsettled < self._block or now < self._ask_after:
            return 0
        self._settling, self._unsettled = self._unsettled, 0
        return self._settling

    def settled(self, now: float, own: int, standing: Standing, rate: Rate) -> None:
        """Take note of the answer. If it is no, `own` of the requests are not let in: those of who has asked."""
        settling, self._settling = self._settling, 0
        if standing.accepted:
            if self._total is not None:
                share = settling / max(settling, standing.total - self._total)
                room = standing.room * rate.per_second
                self._block = max(1, int(room * min(share / 2, 1 / MOST_OF_ROOM)))
            self._total = standing.total
            return
        self._unsettled += settling - own + self._owed
        self._owed = 0
        self._block = 1
        self._paused_until = now + max(PAUSE, -standing.room)

    def unanswered(self, now: float) -> None:
        """The table did not answer: what was to be settled is let in, and settled another time."""
        self._unsettled += self._settling
        self._settling = 0
        self._ask_after = now + PAUSE


class RequestCounter(Protocol):
    """What an account has used of its rate, in all containers together."""

    def settle(self, requests: int, rate: Rate) -> Standing:
        """Count so many requests, unless the account has no room; `Retryable` when the table does not answer."""

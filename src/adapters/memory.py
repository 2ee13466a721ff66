"""The in-memory twin of the DynamoDB table: the same port, held by the same contract suite."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from threading import RLock

from adapters.dynamodb.keys import sort_key
from adapters.storable import require_storable
from domain.comparison import prefix_form, unique_form
from domain.deprovisioning import MINUTES, DeprovisioningPaused, GuardState, Limit
from domain.errors import ServiceUnavailable, TooMany, UniquenessConflict
from domain.limits import MAX_PAGE_CHARACTERS
from domain.ports import Deadline, IndexEntry, Page, Slice, VersionMismatch
from domain.rate import BURST, MICROSECONDS, SLACK, UNBELIEVABLE, Rate, Standing
from domain.stored_user import StoredUser


class InMemoryUsers:
    """A `domain.ports.UserStore` of one account, safe to share between threads; `deadline` bounds `scan` alone."""

    def __init__(self, deadline: Deadline | None = None) -> None:
        self._deadline = deadline
        self._lock = RLock()
        self._users: dict[str, StoredUser] = {}
        self._ids: list[str] = []
        self._user_names: dict[str, str] = {}
        self._emails: dict[str, str] = {}

    def create(self, user: StoredUser) -> None:
        require_storable(user)
        with self._lock:
            if user.id in self._users:
                raise ServiceUnavailable("A user of that id exists already. Repeat the request.")
            self._require_unique(user)
            insort(self._ids, user.id)
            self._put(user)

    def get(self, user_id: str) -> StoredUser | None:
        return self._users.get(user_id)

    def get_many(self, user_ids: Sequence[str]) -> list[StoredUser]:
        with self._lock:
            return [user for user_id in user_ids if (user := self._users.get(user_id)) is not None]

    def find_by_user_name(self, user_name: str) -> StoredUser | None:
        with self._lock:
            return self._users.get(self._user_names.get(unique_form(user_name), ""))

    def find_by_email(self, address: str) -> StoredUser | None:
        with self._lock:
            return self._users.get(self._emails.get(unique_form(address), ""))

    def find_by_external_id(self, external_id: str) -> list[StoredUser]:
        with self._lock:
            return [user for user in self._in_order() if user.keys.external_id == external_id]

    def replace(self, current: StoredUser, replacement: StoredUser) -> None:
        require_storable(replacement)
        with self._lock:
            kept = self._require_version(current)
            self._require_unique(replacement)
            self._free(kept)
            self._put(replacement)

    def delete(self, current: StoredUser) -> None:
        with self._lock:
            self._free(self._require_version(current))
            del self._users[current.id]
            del self._ids[bisect_left(self._ids, current.id)]

    def total(self) -> int:
        return len(self._users)

    def page(self, start_index: int, count: int) -> Page:
        with self._lock:
            first = max(0, start_index - 1)
            ids = self._ids[first : first + max(0, count)]
            return Page(len(self._ids), self._bounded(ids))

    def page_after(self, after: str | None, count: int) -> Slice:
        if count <= 0:
            return Slice([], after)
        with self._lock:
            first = 0 if after is None else bisect_right(self._ids, after)
            users = self._bounded(self._ids[first : first + count])
            more = first + len(users) < len(self._ids)
            return Slice(users, users[-1].id if more else None)

    def scan(self, after: str | None = None) -> Iterator[StoredUser]:
        with self._lock:
            users = [user for user in self._in_order() if after is None or user.id > after]
        for user in users:
            if self._deadline is not None and self._deadline.remaining() <= 0:
                raise TooMany("There are more users than can be read in the time that one request has.")
            yield user

    def user_names(
        self, *, descending: bool = False, after: str | None = None, at_most: int | None = None
    ) -> Iterator[IndexEntry]:
        entries = self._entries(self._user_names)[:: -1 if descending else 1]
        if after is not None:
            entries = [entry for entry in entries if (entry.position < after if descending else entry.position > after)]
        return islice(entries, at_most)

    def user_names_starting(self, prefix: str) -> Iterator[IndexEntry]:
        return self._starting(self._user_names, prefix)

    def addresses_starting(self, prefix: str) -> Iterator[IndexEntry]:
        return self._starting(self._emails, prefix)

    def _starting(self, index: dict[str, str], prefix: str) -> Iterator[IndexEntry]:
        form = prefix_form(prefix)
        return (entry for entry in self._entries(index) if entry.value.startswith(form))

    def _entries(self, index: dict[str, str]) -> list[IndexEntry]:
        with self._lock:
            entries = [IndexEntry(value, user_id, sort_key(value)) for value, user_id in index.items()]
        return sorted(entries, key=lambda entry: entry.position)

    def _in_order(self) -> list[StoredUser]:
        return [self._users[user_id] for user_id in self._ids]

    def _bounded(self, ids: list[str]) -> list[StoredUser]:
        users: list[StoredUser] = []
        size = 0
        for user_id in ids:
            users.append(self._users[user_id])
            size += len(users[-1].document)
            if size > MAX_PAGE_CHARACTERS:
                break
        return users

    def _require_version(self, current: StoredUser) -> StoredUser:
        kept = self._users.get(current.id)
        if kept is None or kept.version != current.version:
            raise VersionMismatch
        return kept

    def _require_unique(self, user: StoredUser) -> None:
        keys = user.keys
        if self._user_names.get(keys.user_name, user.id) != user.id:
            raise UniquenessConflict("userName", user.attributes["userName"])
        for address, as_sent in keys.emails.items():
            if self._emails.get(address, user.id) != user.id:
                raise UniquenessConflict("emails.value", as_sent)

    def _put(self, user: StoredUser) -> None:
        self._users[user.id] = user
        self._user_names[user.keys.user_name] = user.id
        self._emails.update(dict.fromkeys(user.keys.emails, user.id))

    def _free(self, user: StoredUser) -> None:
        del self._user_names[user.keys.user_name]
        for address in user.keys.emails:
            del self._emails[address]


class InMemoryGuard:
    """A `domain.ports.DeprovisioningGuard` over an account's users; minutes count whole, as in the table's."""

    def __init__(
        self, users: InMemoryUsers, limit: Limit, now: Callable[[], float] = time.time, account: str = "default"
    ) -> None:
        self.limit = limit
        self._users = users
        self._now = now
        self._account = account
        self._lock = RLock()
        self._taken: deque[int] = deque()
        self._known: tuple[int, int, int] | None = None

    def take(self) -> None:
        with self._lock:
            minute = int(self._now() // 60)
            while self._taken and self._taken[0] < minute - MINUTES:
                self._taken.popleft()
            used = len(self._taken)
            if used >= self.limit.users and used >= self._allowance():
                raise DeprovisioningPaused(self._account, used)
            self._taken.append(minute)

    def give_back(self) -> None:
        with self._lock:
            self._taken.pop()

    def state(self) -> GuardState:
        with self._lock:
            minute = int(self._now() // 60)
            used = sum(taken >= minute - MINUTES for taken in self._taken)
            known = self._known[2] if self._known is not None and self._is_known(minute) else None
            allowed = max(self.limit.users, known or 0)
            return GuardState(used, allowed, used >= allowed and (known is not None or not self.limit.percent))

    def resume(self, by: str, at: str) -> None:
        with self._lock:
            self._taken.clear()
            self._known = None

    def _is_known(self, minute: int) -> bool:
        known = self._known
        return known is not None and known[0] > minute - MINUTES and known[1] == self.limit.percent

    def _allowance(self) -> int:
        """The percentage of those who are active when the number is used up, which stands for an hour."""
        minute = int(self._now() // 60)
        if self._known is None or not self._is_known(minute):
            active = sum(user.active for user in self._users.scan())
            self._known = minute, self.limit.percent, int(active * self.limit.percent / 100)
        return self._known[2]


class InMemoryRequestCounter:
    """A `domain.ports.RequestCounter` of one account."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = RLock()
        self._used_until = self._total = 0

    def settle(self, requests: int, rate: Rate) -> Standing:
        with self._lock:
            now = int(self._now() * MICROSECONDS)
            ahead = (self._used_until - now) / MICROSECONDS
            if 0 < ahead <= UNBELIEVABLE:
                return Standing(False, -ahead)
            if not -(BURST + SLACK) <= ahead <= 0:
                self._used_until = now - int(BURST * MICROSECONDS)
            self._used_until += rate.microseconds(requests)
            self._total += requests
            return Standing(True, (now - self._used_until) / MICROSECONDS, self._total)

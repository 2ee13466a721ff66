"""The in-memory twin of the DynamoDB table: the same port, tested by the same contract suite."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from threading import RLock

from adapters.dynamodb.keys import sort_key
from domain.accounts.deprovisioning import (
    PASS,
    PAUSE,
    DeprovisioningPaused,
    GuardState,
    LetThrough,
    Limit,
    Place,
    settled_before,
)
from domain.accounts.guard_record import Allowance, GuardRecord, Pause, hour_of
from domain.accounts.rate import BURST, MICROSECONDS, SLACK, UNBELIEVABLE, Rate, Standing
from domain.errors import ServiceUnavailable, TooMany, UniquenessConflict
from domain.limits import MAX_PAGE_CHARACTERS
from domain.ports import CursorPage, Deadline, IndexEntry, IndexPage, VersionMismatch
from domain.resources.attributes import Index
from domain.resources.comparison import prefix_form, unique_form
from domain.resources.storable import require_storable
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import EMAIL, USER_NAME


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
                raise ServiceUnavailable("A user with the same new id already exists. Repeat the request.")
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

    def find(self, index: Index, value: str) -> list[StoredUser]:
        with self._lock:
            if index.name == "externalId":
                return [user for user in self._in_order() if user.keys.external_id == value]
            found = self._users.get(value if index.name == "id" else self._index(index).get(unique_form(value), ""))
            return [] if found is None else [found]

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

    def page(self, start_index: int, count: int) -> IndexPage[StoredUser]:
        with self._lock:
            first = max(0, start_index - 1)
            ids = self._ids[first : first + max(0, count)]
            return IndexPage(len(self._ids), self._bounded(ids))

    def page_after(self, after: str | None, count: int) -> CursorPage[StoredUser]:
        if count <= 0:
            return CursorPage([], after)
        with self._lock:
            first = 0 if after is None else bisect_right(self._ids, after)
            users = self._bounded(self._ids[first : first + count])
            more = first + len(users) < len(self._ids)
            return CursorPage(users, users[-1].id if more else None)

    def scan(self, after: str | None = None) -> Iterator[StoredUser]:
        with self._lock:
            users = [user for user in self._in_order() if after is None or user.id > after]
        for user in users:
            if self._deadline is not None and self._deadline.remaining() <= 0:
                raise TooMany.to_read()
            yield user

    def entries(
        self, index: Index, *, descending: bool = False, after: str | None = None, at_most: int | None = None
    ) -> Iterator[IndexEntry]:
        entries = self._entries(self._index(index))[:: -1 if descending else 1]
        if after is not None:
            entries = [entry for entry in entries if (entry.position < after if descending else entry.position > after)]
        return islice(entries, at_most)

    def entries_starting(self, index: Index, prefix: str) -> Iterator[IndexEntry]:
        form = prefix_form(prefix)
        return (entry for entry in self._entries(self._index(index)) if entry.value.startswith(form))

    def _index(self, index: Index) -> dict[str, str]:
        return {USER_NAME.name: self._user_names, EMAIL.name: self._emails}[index.name]

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
    """A `DeprovisioningGuard` over an account's users."""

    def __init__(
        self, users: InMemoryUsers, limit: Limit, now: Callable[[], float] = time.time, account: str = "default"
    ) -> None:
        self.limit = limit
        self._users = users
        self._now = now
        self._account = account
        self._lock = RLock()
        self._record = GuardRecord()
        self._last: list[str | None] = []

    def take(self, user_id: str | None = None) -> Place:
        with self._lock:
            now, record = self._now(), self._current()
            if record.pause is None and (record.used < self.limit.least or record.used < self._allowance(now)):
                self._count(hour_of(now), 1)
                self._last.append(user_id)
                return self._place(hour_of(now))
            passed = next((each for each in record.passes if each.user_id == user_id), None)
            if passed is not None:
                self._record = replace(record, passes=tuple(each for each in record.passes if each is not passed))
                return self._place(hour_of(now), passed)
            pause = record.pause or Pause(self._time() + PAUSE, str(self.limit))
            self._record = replace(record, pause=pause)
            raise DeprovisioningPaused(self._account, record.used, pause.until)

    def give_back(self, place: Place) -> None:
        with self._lock:
            if place.let_through is not None:
                self._record = replace(self._record, passes=(*self._record.passes, place.let_through))
            elif self._record.hours.get(place.hour):
                self._count(place.hour, -1)
                self._last.pop()

    def state(self) -> GuardState:
        return self._record.state(self.limit, self._now())

    def resume(self, by: str, at: str) -> None:
        with self._lock:
            self._record = GuardRecord()

    def let_through(self, user_id: str, by: str) -> LetThrough:
        with self._lock:
            passed = LetThrough(user_id, self._time() + PASS, by)
            others = tuple(each for each in self._record.passes if each.user_id != user_id)
            self._record = replace(self._record, passes=(*others, passed))
            return passed

    def _time(self) -> datetime:
        return datetime.fromtimestamp(int(self._now()), UTC)

    def _current(self) -> GuardRecord:
        self._record = self._record.current(self.limit, self._now())
        return self._record

    def _count(self, hour: int, change: int) -> None:
        hours = Counter(self._record.hours)
        hours[hour] += change
        self._record = replace(self._record, hours=hours)

    def _place(self, hour: int, passed: LetThrough | None = None) -> Place:
        return Place(self._record.used, self._record.allowed(self.limit, self._now()), hour, passed)

    def _allowance(self, now: float) -> int:
        """Return how many the limit allows once the least is used up, which is worked out once a day."""
        known = self._record.allowed(self.limit, now)
        if known is not None:
            return known
        since = settled_before(self._time())
        settled = {user.id for user in self._users.scan() if user.active and user.created <= since}
        # Those who are counted already may not be written yet.
        counted = self._last[len(self._last) - self._record.used :]
        allowed = self.limit.allowance(len(settled) + sum(user_id not in settled for user_id in counted))
        self._record = replace(self._record, allowance=Allowance(allowed, hour_of(now), str(self.limit)))
        return allowed


class InMemoryRequestCounter:
    """A `domain.accounts.rate.RequestCounter` of one account."""

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

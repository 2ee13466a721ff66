"""What the domain asks of the outside: a place that keeps the users of one account, and a budget of time.

Adapters implement these: DynamoDB (`adapters.dynamodb`) and an in-memory twin for tests; one contract suite holds both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from domain.resources.stored_user import StoredUser


class VersionMismatch(Exception):
    """The user is no longer at the version that was read: somebody else changed or deleted it in between."""


class Deadline(Protocol):
    """The time that this request may still take."""

    def remaining(self) -> float:
        """Seconds left, never negative."""


@dataclass(frozen=True, slots=True)
class IndexPage:
    """One page by index: how many users there are, and those of the page in order of id."""

    total: int
    users: Sequence[StoredUser]


@dataclass(frozen=True, slots=True)
class CursorPage:
    """One page by cursor: users in order of id after the cursor's, and the id to go on after (None at the end)."""

    users: Sequence[StoredUser]
    next_after: str | None


class IndexEntry(NamedTuple):
    """A normalised userName or address, and whose it is."""

    value: str
    user_id: str
    position: str
    """In the order of the values, but for what follows their first 900 bytes; a thousand bytes at most."""


class UserStore(Protocol):
    """The users of one account.

    Every read sees every write that was answered before it. A write happens whole or not at all. What cannot be had
    in time raises `domain.errors.ServiceUnavailable`, or `TooManyRequests` when the table throttles.
    """

    def create(self, user: StoredUser) -> None:
        """Keep a new user; `UniquenessConflict` names the attribute when userName or an address is taken."""

    def get(self, user_id: str) -> StoredUser | None:
        """The user of that id."""

    def get_many(self, user_ids: Sequence[str]) -> list[StoredUser]:
        """Those of the users that exist, in the order of the ids given."""

    def find_by_user_name(self, user_name: str) -> StoredUser | None:
        """The user of that name, without regard to case."""

    def find_by_email(self, address: str) -> StoredUser | None:
        """The user who has that address among `emails`, without regard to case."""

    def find_by_external_id(self, external_id: str) -> list[StoredUser]:
        """The users of that externalId (exact case; it is not unique), in order of id."""

    def replace(self, current: StoredUser, replacement: StoredUser) -> None:
        """Put `replacement` in the place of `current`; `VersionMismatch` when that is no longer the version kept."""

    def delete(self, current: StoredUser) -> None:
        """Remove `current` and free its unique values; `VersionMismatch` when that is no longer the version kept."""

    def total(self) -> int:
        """How many users there are, exactly."""

    def page(self, start_index: int, count: int) -> IndexPage:
        """The users at the 1-based positions `start_index` to `start_index + count - 1` in order of id."""

    def page_after(self, after: str | None, count: int) -> CursorPage:
        """The first `count` users whose id is greater than `after` (from the first when None)."""

    def scan(self, after: str | None = None) -> Iterator[StoredUser]:
        """All users whose id is greater than `after`, in order of id, read ahead in parallel.

        `TooMany` when the deadline comes before the end.
        """

    def user_names(
        self, *, descending: bool = False, after: str | None = None, at_most: int | None = None
    ) -> Iterator[IndexEntry]:
        """Every userName, or the first `at_most` after a position, in the order of positions.

        A store reads no more of its index for them than it must.
        """

    def user_names_starting(self, prefix: str) -> Iterator[IndexEntry]:
        """The userNames that start with the `prefix_form` of `prefix`, in the order of positions."""

    def addresses_starting(self, prefix: str) -> Iterator[IndexEntry]:
        """The addresses that start with the `prefix_form` of `prefix`, in the order of positions."""

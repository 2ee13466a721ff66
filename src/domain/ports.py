"""What the domain needs from outside: a store for the users of one account, and a time budget.

Adapters implement these: DynamoDB (`adapters.dynamodb`) and an in-memory twin for tests; both pass one contract suite.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from domain.resources.stored_user import StoredUser


class VersionMismatch(Exception):
    """The user is no longer at the version that was read: another request changed or deleted it in between."""


class Deadline(Protocol):
    """The time left for a request."""

    def remaining(self) -> float:
        """Seconds left, never negative."""


@dataclass(frozen=True, slots=True)
class IndexPage:
    """One page by index: how many users there are, and those of the page in order of id."""

    total: int
    users: Sequence[StoredUser]


@dataclass(frozen=True, slots=True)
class CursorPage:
    """One page by cursor: users in order of id after the cursor's, and the id to continue after (None at the end)."""

    users: Sequence[StoredUser]
    next_after: str | None


class IndexEntry(NamedTuple):
    """A normalised userName or address, and whose it is."""

    value: str
    user_id: str
    position: str
    """In the order of the values up to their first 900 bytes; at most 1,000 bytes long."""


class UserStore(Protocol):
    """The users of one account.

    Every read sees every write that was answered before it. A write is done completely or not at all. What does not
    finish in time raises `domain.errors.ServiceUnavailable`, or `TooManyRequests` when the table throttles.
    """

    def create(self, user: StoredUser) -> None:
        """Store a new user; raises `UniquenessConflict`, which names the attribute, when a unique value is taken."""

    def get(self, user_id: str) -> StoredUser | None:
        """Return the user of that id."""

    def get_many(self, user_ids: Sequence[str]) -> list[StoredUser]:
        """Return the existing users among the ids, in the order of the ids."""

    def find_by_user_name(self, user_name: str) -> StoredUser | None:
        """Return the user of that name, without regard to case."""

    def find_by_email(self, address: str) -> StoredUser | None:
        """Return the user who has that address among `emails`, without regard to case."""

    def find_by_external_id(self, external_id: str) -> list[StoredUser]:
        """Return the users of that externalId (exact case; it is not unique), in order of id."""

    def replace(self, current: StoredUser, replacement: StoredUser) -> None:
        """Replace `current` by `replacement`; `VersionMismatch` when that is no longer stored."""

    def delete(self, current: StoredUser) -> None:
        """Remove `current` and free its unique values; raises `VersionMismatch` when it is no longer the stored one."""

    def total(self) -> int:
        """Return the exact number of users."""

    def page(self, start_index: int, count: int) -> IndexPage:
        """Return the users at the 1-based positions `start_index` to `start_index + count - 1` in order of id."""

    def page_after(self, after: str | None, count: int) -> CursorPage:
        """Return the first `count` users whose id is greater than `after` (from the first when None)."""

    def scan(self, after: str | None = None) -> Iterator[StoredUser]:
        """Yield all users whose id is greater than `after`, in order of id, read ahead in parallel.

        Raises `TooMany` when the deadline comes before the end.
        """

    def user_names(
        self, *, descending: bool = False, after: str | None = None, at_most: int | None = None
    ) -> Iterator[IndexEntry]:
        """Yield every userName, or the first `at_most` after a position, in the order of positions.

        A store reads no more of its index than needed.
        """

    def user_names_starting(self, prefix: str) -> Iterator[IndexEntry]:
        """Yield the userNames that start with the `prefix_form` of `prefix`, in the order of positions."""

    def addresses_starting(self, prefix: str) -> Iterator[IndexEntry]:
        """Yield the addresses that start with the `prefix_form` of `prefix`, in the order of positions."""

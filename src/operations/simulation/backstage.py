"""The operator's side of the account that an endpoint belongs to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from adapters.clock import new_id, now
from adapters.dynamodb import DynamoDBAccount
from domain.accounts.deprovisioning import Limit
from domain.documents import Json
from domain.ports import VersionMismatch
from operations.roster import RosterRow
from operations.user_import import UserImport


@dataclass
class AccountBackstage:
    """Imports users into an account and removes them, as the operator may.

    `account` returns the account's part of the table, usable for some seconds; `limit` is the account's limit of
    deprovisionings, if it has one; `actor` is who ends the pause that a simulation caused.
    """

    account: Callable[[], DynamoDBAccount]
    limit: Limit | None
    actor: Callable[[], str]
    _was_paused: bool = field(init=False)

    def __post_init__(self) -> None:
        self._was_paused = self._is_paused()

    def load(self, users: Sequence[Json]) -> None:
        """Import the users who are not there yet."""
        rows = (RosterRow(line, user) for line, user in enumerate(users, 1))
        for _ in UserImport(lambda: self.account().users, new_id, now).run(rows):
            pass

    def remove(self, user_ids: Sequence[str]) -> None:
        """Remove the users, and end the account's pause unless it was paused before."""
        for user_id in user_ids:
            self._remove(user_id)
        if self.limit is not None and not self._was_paused and self._is_paused():
            self.account().guard(self.limit).resume(self.actor(), now())

    def _remove(self, user_id: str) -> None:
        """Remove one user, also if a request of the simulation that is still under way changes it."""
        while (user := self.account().users.get(user_id)) is not None:
            try:
                self.account().users.delete(user)
            except VersionMismatch:
                continue
            return

    def _is_paused(self) -> bool:
        if self.limit is None or self.limit.is_closed:
            return False
        return self.account().guard(self.limit).state().is_paused

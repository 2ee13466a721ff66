"""The writes of users. Each is one call that happens completely or not at all, under conditions that make it exact."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from adapters.dynamodb import keys
from adapters.dynamodb.account_items import AccountItems, Action
from adapters.dynamodb.failures import ConditionFailed, Failure, unavailable
from adapters.dynamodb.items import USER_OWNER, index_entries, user_item
from adapters.dynamodb.keys import Collection, Entry
from adapters.dynamodb.transactions import IF_ABSENT, RESOURCE, Transactions, if_version, wrote
from domain.errors import ServiceUnavailable, UniquenessConflict
from domain.ports import VersionMismatch
from domain.resources.storable import require_storable
from domain.resources.stored_user import StoredUser


@dataclass(frozen=True, slots=True)
class UserWrites:
    """The part of `domain.ports.UserStore` that writes, for the users of one account; `now` is the wall clock."""

    items: AccountItems
    now: Callable[[], float] = time.time

    @property
    def _transactions(self) -> Transactions:
        return Transactions(self.items, USER_OWNER, Collection.RANK)

    def create(self, user: StoredUser) -> None:
        """Create user, index items and rank counter in one transaction; raises UniquenessConflict."""
        require_storable(user)
        write_id = str(uuid4())
        entries = index_entries(user)
        actions = [*self._create_actions(user, entries, write_id), *self._transactions.count([user.id], 1)]
        try:
            self._transactions.transact(actions, write_id)
        except ConditionFailed as refusal:
            if refusal.failed(RESOURCE):
                if refusal.maybe_landed or wrote(refusal, write_id):
                    return
                raise ServiceUnavailable("A user with the same new id already exists. Repeat the request.") from refusal
            raise self._conflict(refusal, list(entries), user) from refusal

    def create_all(self, users: Sequence[StoredUser]) -> list[StoredUser]:
        """Create all users in one transaction, or none.

        Returns the users whose condition failed, for which `create` finds the reason; empty when all were created. A
        transaction has at most 100 actions and each counter item takes one, so the ids should share a prefix.
        """
        write_id = str(uuid4())
        actions: list[Action] = []
        positions: dict[str, range] = {}
        for user in users:
            require_storable(user)
            first = len(actions)
            actions += self._create_actions(user, index_entries(user), write_id)
            positions[user.id] = range(first, len(actions))
        actions += self._transactions.count([user.id for user in users], 1)
        try:
            self._transactions.transact(actions, write_id)
        except ConditionFailed as refusal:
            if all(wrote(refusal, write_id, at.start) for at in positions.values()):
                return []
            return [user for user in users if any(map(refusal.failed, positions[user.id]))] or list(users)
        return []

    def replace(self, current: StoredUser, replacement: StoredUser) -> None:
        """Replace a user with one conditional put, or with a transaction when index items change.

        Raises UniquenessConflict or VersionMismatch.
        """
        require_storable(replacement)
        write_id = str(uuid4())
        before, after = index_entries(current), index_entries(replacement)
        item = user_item(self.items.account, replacement, write_id)
        taken = [entry for entry in after if entry not in before]
        freed = [entry for entry in before if entry not in after]
        try:
            if taken or freed:
                put = self.items.put_action(item, if_version(current))
                takes = self._transactions.take({entry: after[entry] for entry in taken}, replacement.id)
                self._transactions.transact_freeing([put, *takes], freed, current.id, write_id)
            else:
                self.items.put(item, **if_version(current))
        except ConditionFailed as refusal:
            if not refusal.failed(RESOURCE):
                raise self._conflict(refusal, taken, replacement) from refusal
            if not wrote(refusal, write_id):
                raise VersionMismatch from refusal

    def delete(self, current: StoredUser) -> None:
        """Delete user, index items and the user's count in one transaction, leaving word; raises VersionMismatch."""
        remove: Action = {"Delete": {**self.items.target((Collection.USER, current.id)), **if_version(current)}}
        freed = list(index_entries(current))
        try:
            self._transactions.transact_freeing(
                [
                    remove,
                    self._transactions.leave(Collection.USER, current, self.now()),
                    *self._transactions.count([current.id], -1),
                ],
                freed,
                current.id,
                str(uuid4()),
            )
        except ConditionFailed as refusal:
            if not (refusal.maybe_landed and not refusal.item(RESOURCE)):
                raise VersionMismatch from refusal

    def _conflict(self, refusal: ConditionFailed, entries: list[Entry], user: StoredUser) -> Exception:
        """The conflict behind a cancelled transaction; index items follow the user in the order of `entries`."""
        for position, (collection, sort_key) in enumerate(entries, RESOURCE + 1):
            if not refusal.failed(position):
                continue
            if collection is Collection.USER_NAME:
                return UniquenessConflict("userName", user.attributes["userName"], self.items.account)
            for address, as_sent in user.keys.emails.items():
                if keys.sort_key(address) == sort_key:
                    return UniquenessConflict("emails.value", as_sent, self.items.account)
        return unavailable(Failure.CONTENDED, refusal)

    def _create_actions(self, user: StoredUser, entries: dict[Entry, str], write_id: str) -> list[Action]:
        """The new user and its index items; the rank counter is not among them."""
        item = user_item(self.items.account, user, write_id)
        return [self.items.put_action(item, IF_ABSENT), *self._transactions.take(entries, user.id)]

"""The writes of users. Each is one call that happens completely or not at all, under conditions that make it exact.

A write that was sent again because its answer was lost must recognise its own effect and treat it as success. DynamoDB
does so for a transaction, by its token. In addition every user item has the `writeId` of the write that stored it, and
an index item may be taken over from its own user, so that this also works after a token has expired.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from adapters.dynamodb import keys
from adapters.dynamodb.account_items import AccountItems, Action
from adapters.dynamodb.failures import ConditionFailed, Failure, MismatchedToken, unavailable
from adapters.dynamodb.items import index_entries, index_item, user_item
from adapters.dynamodb.keys import Collection, Entry
from domain.errors import ServiceUnavailable, UniquenessConflict
from domain.ports import VersionMismatch
from domain.resources.storable import require_storable
from domain.resources.stored_user import StoredUser

_USER: Final = 0
"""Position of the user item in every transaction."""
_REPORT_ITEM: Final = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
_IF_ABSENT: Final = {"ConditionExpression": "attribute_not_exists(pk)", **_REPORT_ITEM}


@dataclass(frozen=True, slots=True)
class UserWrites:
    """The part of `domain.ports.UserStore` that writes, for the users of one account."""

    items: AccountItems

    def create(self, user: StoredUser) -> None:
        """Create user, index items and rank counter in one transaction; raises UniquenessConflict."""
        require_storable(user)
        write_id = str(uuid4())
        entries = index_entries(user)
        actions = [*self._create_actions(user, entries, write_id), *self._count([user.id], 1)]
        try:
            self._transact(actions, write_id)
        except ConditionFailed as refusal:
            if refusal.failed(_USER):
                if refusal.maybe_landed or _wrote(refusal, write_id):
                    return
                raise ServiceUnavailable("A user of that id exists already. Repeat the request.") from refusal
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
        actions += self._count([user.id for user in users], 1)
        try:
            self._transact(actions, write_id)
        except ConditionFailed as refusal:
            if all(_wrote(refusal, write_id, at.start) for at in positions.values()):
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
                put = self.items.put_action(item, _if_version(current))
                takes = self._take({entry: after[entry] for entry in taken}, replacement.id)
                self._transact_freeing([put, *takes], freed, current.id, write_id)
            else:
                self.items.put(item, **_if_version(current))
        except ConditionFailed as refusal:
            if not refusal.failed(_USER):
                raise self._conflict(refusal, taken, replacement) from refusal
            if not _wrote(refusal, write_id):
                raise VersionMismatch from refusal

    def delete(self, current: StoredUser) -> None:
        """Delete user, index items and the user's count in one transaction; raises VersionMismatch."""
        remove: Action = {"Delete": {**self.items.target((Collection.USER, current.id)), **_if_version(current)}}
        freed = list(index_entries(current))
        try:
            self._transact_freeing([remove, *self._count([current.id], -1)], freed, current.id, str(uuid4()))
        except ConditionFailed as refusal:
            if not (refusal.maybe_landed and not refusal.item(_USER)):
                raise VersionMismatch from refusal

    def _transact_freeing(self, actions: list[Action], freed: list[Entry], user_id: str, token: str) -> None:
        """Do the actions and free the index items, in one transaction.

        An index item that turns out to be another user's (a table repaired by hand) is left alone, so that it does not
        prevent changes of this user.
        """
        while True:
            try:
                return self._transact([*actions, *self._free(freed, user_id)], token)
            except ConditionFailed as refusal:
                if any(refusal.failed(position) for position in range(len(actions))):
                    raise
                kept = [entry for at, entry in enumerate(freed, len(actions)) if not refusal.failed(at)]
                if len(kept) == len(freed):
                    raise unavailable(Failure.CONTENDED, refusal) from refusal
                freed, token = kept, str(uuid4())

    def _transact(self, actions: list[Action], token: str) -> None:
        """Do one transaction; with a new token, once, if DynamoDB has the token for another transaction.

        The conditions still protect a transaction that was done under the former token.
        """
        try:
            self.items.transact(actions, ClientRequestToken=token)
        except MismatchedToken:
            self._transact_once_more(actions)

    def _transact_once_more(self, actions: list[Action]) -> None:
        try:
            self.items.transact(actions, ClientRequestToken=str(uuid4()))
        except MismatchedToken as error:
            raise unavailable(Failure.REFUSED, error) from error
        except ConditionFailed as refusal:
            raise ConditionFailed(refusal.reasons, maybe_landed=True) from refusal

    def _conflict(self, refusal: ConditionFailed, entries: list[Entry], user: StoredUser) -> Exception:
        """The conflict behind a cancelled transaction; index items follow the user in the order of `entries`."""
        for position, (collection, sort_key) in enumerate(entries, _USER + 1):
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
        return [self.items.put_action(item, _IF_ABSENT), *self._take(entries, user.id)]

    def _take(self, entries: dict[Entry, str], user_id: str) -> list[Action]:
        items, condition = self.items, _if_free_or_of(user_id)
        return [
            items.put_action(index_item(items.account, entry, value, user_id), condition)
            for entry, value in entries.items()
        ]

    def _free(self, entries: list[Entry], user_id: str) -> list[Action]:
        condition = _if_free_or_of(user_id)
        return [{"Delete": {**self.items.target(entry), **condition}} for entry in entries]

    def _count(self, user_ids: Iterable[str], change: int) -> list[Action]:
        """Count users in (1) or out (-1): one action for each rank item, as the number of actions is limited.

        `changes` shows a repair whether users came or went while it counted.
        """
        ranks: dict[str, dict[str, int]] = {}
        for user_id in user_ids:
            rank, counter = keys.rank_of(user_id)
            counters = ranks.setdefault(rank, {})
            counters[counter] = counters.get(counter, 0) + change
        return [self._add(rank, counters) for rank, counters in ranks.items()]

    def _add(self, rank: str, counters: dict[str, int]) -> Action:
        adds, names, values = "", {}, {":one": {"N": "1"}}
        for counter, number in counters.items():
            adds += f"#n{counter} :n{counter}, "
            names[f"#n{counter}"] = counter
            values[f":n{counter}"] = {"N": str(number)}
        return {
            "Update": {
                **self.items.target((Collection.RANK, rank)),
                "UpdateExpression": f"ADD {adds}changes :one",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": values,
            }
        }


def _if_version(user: StoredUser) -> dict[str, Any]:
    """The condition that the stored user is at the version of this one."""
    return {
        "ConditionExpression": "version = :version",
        "ExpressionAttributeValues": {":version": {"N": str(user.version)}},
        **_REPORT_ITEM,
    }


def _if_free_or_of(user_id: str) -> dict[str, Any]:
    """The condition that an index item does not exist, or names this user."""
    return {
        "ConditionExpression": "attribute_not_exists(pk) OR userId = :user",
        "ExpressionAttributeValues": {":user": {"S": user_id}},
    }


def _wrote(refusal: ConditionFailed, write_id: str, position: int = _USER) -> bool:
    """Return True if the user item that failed the condition was stored by this write."""
    found = refusal.item(position).get("writeId", {}).get("S")
    return bool(found == write_id)

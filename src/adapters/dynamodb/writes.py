"""The three writes of a user. Each is one call that happens whole or not at all, under conditions that make it exact.

A write that was sent again because its answer was lost must find its own traces and take them for success. DynamoDB
does so itself for a transaction, by its token. Beside that every user item holds the `writeId` of the write that made
it, and index items may be taken over from their own user, so that it also holds where a token does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from adapters.dynamodb import items, keys
from adapters.dynamodb.calls import Calls
from adapters.dynamodb.failures import ConditionFailed, Failure, MismatchedToken, unavailable
from adapters.dynamodb.keys import Collection
from domain.errors import ServiceUnavailable, UniquenessConflict
from domain.ports import VersionMismatch
from domain.resources.storable import require_storable
from domain.resources.stored_user import StoredUser

Action = dict[str, dict[str, Any]]
"""One of a transaction's TransactItems."""
Entry = tuple[Collection, str]
"""Collection and sort key of an index item."""

_USER: Final = 0
"""Position of the user itself in every transaction: its condition is the first to look at."""
_FREE_OR_OWN: Final = "attribute_not_exists(pk) OR userId = :user"


@dataclass(frozen=True, slots=True)
class Writes:
    """Writes the users of one account in one table."""

    table_name: str
    account: str
    calls: Calls

    def create(self, user: StoredUser) -> None:
        """User, index items and rank counter in one transaction; raises UniquenessConflict."""
        require_storable(user)
        write_id = str(uuid4())
        entries = items.index_entries(user)
        actions = [
            self._put(items.user_item(self.account, user, write_id), "attribute_not_exists(pk)"),
            *(self._take(entry, value, user.id) for entry, value in entries.items()),
            self._count(user.id, 1),
        ]
        try:
            self._transact(actions, write_id)
        except ConditionFailed as refusal:
            if refusal.failed(_USER):
                if refusal.maybe_landed or _wrote(refusal, write_id):
                    return
                raise ServiceUnavailable("A user of that id exists already. Repeat the request.") from refusal
            raise self._conflict(refusal, list(entries), user) from refusal

    def create_all(self, users: Sequence[StoredUser]) -> list[StoredUser]:
        """All these new users in one transaction, or none: then those that stood in its way, by which `create` tells.

        A transaction has 100 actions at most, and each counter item takes one: the ids had better begin alike.
        """
        write_id = str(uuid4())
        actions: list[Action] = []
        positions: dict[str, range] = {}
        for user in users:
            require_storable(user)
            entries = items.index_entries(user)
            positions[user.id] = range(len(actions), len(actions) + 1 + len(entries))
            actions.append(self._put(items.user_item(self.account, user, write_id), "attribute_not_exists(pk)"))
            actions += (self._take(entry, value, user.id) for entry, value in entries.items())
        actions += self._count_in(users)
        try:
            self._transact(actions, write_id)
        except ConditionFailed as refusal:
            if all(_wrote(refusal, write_id, at.start) for at in positions.values()):
                return []
            return [user for user in users if any(map(refusal.failed, positions[user.id]))] or list(users)
        return []

    def replace(self, current: StoredUser, replacement: StoredUser) -> None:
        """One conditional put, or a transaction when index items change; raises UniquenessConflict, VersionMismatch."""
        require_storable(replacement)
        write_id = str(uuid4())
        before, after = items.index_entries(current), items.index_entries(replacement)
        item = items.user_item(self.account, replacement, write_id)
        put = self._put(item, "version = :version", {":version": {"N": str(current.version)}})
        taken = [entry for entry in after if entry not in before]
        freed = [entry for entry in before if entry not in after]
        try:
            if taken or freed:
                takes = [self._take(entry, after[entry], replacement.id) for entry in taken]
                self._transact_freeing([put, *takes], freed, current.id, write_id)
            else:
                self.calls.send("put_item", **put["Put"])
        except ConditionFailed as refusal:
            if not refusal.failed(_USER):
                raise self._conflict(refusal, taken, replacement) from refusal
            if not _wrote(refusal, write_id):
                raise VersionMismatch from refusal

    def delete(self, current: StoredUser) -> None:
        """User, index items and its count in one transaction; raises VersionMismatch."""
        remove: Action = {
            "Delete": {
                "TableName": self.table_name,
                "Key": keys.key(self.account, Collection.USER, current.id),
                "ConditionExpression": "version = :version",
                "ExpressionAttributeValues": {":version": {"N": str(current.version)}},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }
        freed = list(items.index_entries(current))
        try:
            self._transact_freeing([remove, self._count(current.id, -1)], freed, current.id, str(uuid4()))
        except ConditionFailed as refusal:
            if not (refusal.maybe_landed and not refusal.item(_USER)):
                raise VersionMismatch from refusal

    def _transact_freeing(self, actions: list[Action], freed: list[Entry], user_id: str, token: str) -> None:
        """The actions, and the freeing of index items.

        An index item that turns out to be another user's (a table put right by hand) is left alone, so that it keeps
        nobody from changing or deleting the user.
        """
        while True:
            try:
                return self._transact([*actions, *(self._free(entry, user_id) for entry in freed)], token)
            except ConditionFailed as refusal:
                if any(refusal.failed(position) for position in range(len(actions))):
                    raise
                kept = [entry for at, entry in enumerate(freed, len(actions)) if not refusal.failed(at)]
                if len(kept) == len(freed):
                    raise unavailable(Failure.CONTENDED, refusal) from refusal
                freed, token = kept, str(uuid4())

    def _transact(self, actions: list[Action], token: str) -> None:
        """One transaction; a token that DynamoDB has for another one is renewed once: the conditions still protect."""
        try:
            self.calls.send("transact_write_items", TransactItems=actions, ClientRequestToken=token)
        except MismatchedToken:
            self._transact_once_more(actions)

    def _transact_once_more(self, actions: list[Action]) -> None:
        try:
            self.calls.send("transact_write_items", TransactItems=actions, ClientRequestToken=str(uuid4()))
        except MismatchedToken as error:
            raise unavailable(Failure.REFUSED, error) from error
        except ConditionFailed as refusal:
            raise ConditionFailed(refusal.reasons, maybe_landed=True) from refusal

    def _conflict(self, refusal: ConditionFailed, entries: list[Entry], user: StoredUser) -> Exception:
        """The conflict that a cancelled transaction tells of; index items follow the user in the order of `entries`."""
        for position, (collection, sort_key) in enumerate(entries, _USER + 1):
            if not refusal.failed(position):
                continue
            if collection is Collection.USER_NAME:
                return UniquenessConflict("userName", user.attributes["userName"], self.account)
            for address, as_sent in user.keys.emails.items():
                if keys.sort_key(address) == sort_key:
                    return UniquenessConflict("emails.value", as_sent, self.account)
        return unavailable(Failure.CONTENDED, refusal)

    def _put(self, item: items.Item, condition: str, values: items.Item | None = None) -> Action:
        put: dict[str, Any] = {
            "TableName": self.table_name,
            "Item": item,
            "ConditionExpression": condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if values:
            put["ExpressionAttributeValues"] = values
        return {"Put": put}

    def _take(self, entry: Entry, value: str, user_id: str) -> Action:
        item = items.index_item(self.account, entry, value, user_id)
        return self._put(item, _FREE_OR_OWN, {":user": {"S": user_id}})

    def _free(self, entry: Entry, user_id: str) -> Action:
        return {
            "Delete": {
                "TableName": self.table_name,
                "Key": keys.key(self.account, *entry),
                "ConditionExpression": _FREE_OR_OWN,
                "ExpressionAttributeValues": {":user": {"S": user_id}},
            }
        }

    def _count(self, user_id: str, change: int) -> Action:
        """Counts the user in or out; `changes` tells a repair whether anything moved while it counted."""
        rank, counter = keys.rank_of(user_id)
        return {
            "Update": {
                "TableName": self.table_name,
                "Key": keys.key(self.account, Collection.RANK, rank),
                "UpdateExpression": "ADD #counter :change, changes :one",
                "ExpressionAttributeNames": {"#counter": counter},
                "ExpressionAttributeValues": {":change": {"N": str(change)}, ":one": {"N": "1"}},
            }
        }

    def _count_in(self, users: Sequence[StoredUser]) -> list[Action]:
        """The same for many at once, with one action for each rank item, as a transaction may have no more."""
        counters: dict[str, Counter[str]] = {}
        for user in users:
            rank, counter = keys.rank_of(user.id)
            counters.setdefault(rank, Counter())[counter] += 1
        actions: list[Action] = []
        for rank, counted in counters.items():
            adds = ", ".join(f"#n{counter} :n{counter}" for counter in counted)
            actions.append(
                {
                    "Update": {
                        "TableName": self.table_name,
                        "Key": keys.key(self.account, Collection.RANK, rank),
                        "UpdateExpression": f"ADD {adds}, changes :one",
                        "ExpressionAttributeNames": {f"#n{counter}": counter for counter in counted},
                        "ExpressionAttributeValues": {":one": {"N": "1"}}
                        | {f":n{counter}": {"N": str(number)} for counter, number in counted.items()},
                    }
                }
            )
        return actions


def _wrote(refusal: ConditionFailed, write_id: str, position: int = _USER) -> bool:
    """Whether the user item that stands in the way is the one of this very write."""
    found = refusal.item(position).get("writeId", {}).get("S")
    return bool(found == write_id)

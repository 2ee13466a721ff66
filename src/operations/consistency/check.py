"""Check and repair of an account's items.

Every value of a user must have its index item, every index item must belong to a value, and the counters must equal the
number of users. The table may be in use: what looks wrong is read again in one transaction, so that a write in between
is not reported, and a repair is conditional on everything that it follows from, so that it never reverts a write.
Memory does not grow with the account.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from adapters.dynamodb import keys
from adapters.dynamodb.account_items import BATCH, AccountItems, Action, Range
from adapters.dynamodb.failures import ConditionFailed
from adapters.dynamodb.items import USER_OWNER, USER_PROJECTION, Item, index_entries, index_item, user_of
from adapters.dynamodb.keys import Collection, Entry
from adapters.dynamodb.ranks import read_ranks
from domain.resources.stored_user import StoredUser
from operations.consistency.counters import check_counters
from operations.consistency.findings import Inconsistency, Problem, Progress
from operations.consistency.groups import check_groups

__all__ = ["Inconsistency", "Problem", "Progress", "check_items"]

_ATTEMPTS: Final = 10
_INDEXES: Final = (Collection.USER_NAME, Collection.EMAIL, Collection.EXTERNAL_ID)


def check_items(items: AccountItems, *, repair: bool = False) -> Iterator[Progress | Inconsistency]:
    """Check the items of an account; yields findings as they are made, and reports of progress between them.

    With `repair`, findings are repaired where only one way is right (`repaired` says which were); two users who share a
    value, and a user who cannot be read, are left to a person. Raises TooManyRequests or ServiceUnavailable.
    """
    checker = _Checker(items, repair)
    expected = read_ranks(items).total
    yield from checker.users(expected)
    for collection in _INDEXES:
        yield from checker.index(collection, expected)
    yield from check_counters(items, checker.counted, repair=repair)
    yield from check_groups(items, repair=repair)


class _Checker:
    def __init__(self, items: AccountItems, repair: bool) -> None:
        self.items = items
        self.repair = repair
        self.counted: Counter[str] = Counter()
        self._found: set[Entry] = set()
        """Entries that have been reported, so that an index item is not reported again from its own side."""

    def users(self, expected: int) -> Iterator[Progress | Inconsistency]:
        """Check that every value of every user has its index item."""
        done = 0
        for page in self.items.query(Collection.USER, Range(), **USER_PROJECTION):
            self.counted.update(item["sk"]["S"][:3] for item in page.items)
            users = []
            for item in page.items:
                user = _readable_user_of(item)
                if user is None:
                    user_id = item["sk"]["S"]
                    yield Inconsistency(Problem.UNREADABLE, Collection.USER, user_id, (user_id,))
                else:
                    users.append(user)
            wanted = ((entry, user.id) for user in users for entry in index_entries(user))
            for batch in _batches(wanted):
                kept = self._owners([entry for entry, _ in batch])
                for entry, user_id in batch:
                    if kept.get(entry) != user_id:
                        yield from self._settle(entry, user_id)
            done += len(page.items)
            yield Progress("users", done, max(done, expected))

    def index(self, collection: Collection, expected: int) -> Iterator[Progress | Inconsistency]:
        """Check that every index item names a user who has the value."""
        done = 0
        for page in self.items.query(collection, Range(), ProjectionExpression="sk, userId"):
            for batch in _batches((item["sk"]["S"], item["userId"]["S"]) for item in page.items):
                ids = dict.fromkeys(user_id for _, user_id in batch if keys.is_id(user_id))
                holders = [(Collection.USER, user_id) for user_id in ids]
                items_of = {item["sk"]["S"]: item for item in self.items.batch(holders, **USER_PROJECTION)}
                for sort_key, user_id in batch:
                    if not _may_have(items_of.get(user_id), (collection, sort_key)):
                        yield from self._settle((collection, sort_key), None)
            done += len(page.items)
            yield Progress(collection.value, done, max(done, expected))

    def _owners(self, entries: Sequence[Entry]) -> dict[Entry, str]:
        """The user ids in those index items that exist; entries may occur twice."""
        found = self.items.batch(list(dict.fromkeys(entries)), ProjectionExpression="pk, sk, userId")
        return {(Collection(item["pk"]["S"].partition("#")[2]), item["sk"]["S"]): item["userId"]["S"] for item in found}

    def _settle(self, entry: Entry, claimant: str | None) -> Iterator[Inconsistency]:
        """Read again an entry that should name `claimant`, or no user if None; report and repair what is wrong."""
        if entry in self._found:
            return
        for _ in range(_ATTEMPTS):
            disagreement = self._look(entry, claimant)
            if disagreement is None:
                return
            problem, users, actions = disagreement
            repaired = False
            if self.repair and actions:
                try:
                    self.items.transact(actions)
                except ConditionFailed:
                    continue
                repaired = True
            self._found.add(entry)
            yield Inconsistency(problem, *entry, users, repaired)
            return

    def _look(self, entry: Entry, claimant: str | None) -> tuple[Problem, tuple[str, ...], list[Action]] | None:
        """The problem of an entry at one moment, the users concerned, and the actions that repair it."""
        item = self.items.get(*entry)
        holder = None if item is None else item["userId"]["S"]
        involved = [user_id for user_id in dict.fromkeys((claimant, holder)) if user_id is not None]
        item, *found = self.items.at_once([entry, *((Collection.USER, user_id) for user_id in involved)])
        users = {
            user_id: _readable_user_of(each) if each else None for user_id, each in zip(involved, found, strict=True)
        }
        if any(each and users[user_id] is None for user_id, each in zip(involved, found, strict=True)):
            return None  # reported separately; the values of such a user are unknown
        now = None if item is None else item["userId"]["S"]
        if now != holder:
            return self._look(entry, claimant)
        claims = claimant is not None and _has(users[claimant], entry)
        holds = holder is not None and _has(users[holder], entry)
        unchanged = [self._unchanged(user_id, user) for user_id, user in users.items()]
        if claims and claimant is not None:
            if holder == claimant:
                return None
            if holds and holder is not None:
                return Problem.SHARED, (claimant, holder), []
            user = users[claimant]
            value = index_entries(user)[entry] if user is not None else ""
            problem = Problem.MISSING if holder is None else Problem.WRONG_OWNER
            return problem, tuple(involved), [*unchanged, self._name(entry, value, claimant, holder)]
        if holder is None or holds:
            return None
        return (
            Problem.ORPHAN,
            (holder,),
            [
                *(check for user_id, check in zip(users, unchanged, strict=True) if user_id == holder),
                {"Delete": {**self.items.target(entry), **_if_held_by(holder)}},
            ],
        )

    def _unchanged(self, user_id: str, user: StoredUser | None) -> Action:
        """The condition that the user is unchanged since a conclusion was drawn from them."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if user is not None:
            condition = {
                "ConditionExpression": "version = :version",
                "ExpressionAttributeValues": {":version": {"N": str(user.version)}},
            }
        return {"ConditionCheck": {**self.items.target((Collection.USER, user_id)), **condition}}

    def _name(self, entry: Entry, value: str, user_id: str, holder: str | None) -> Action:
        """Name the user in the index item, on condition that it does not exist or names the wrong holder."""
        item = index_item(self.items.account, entry, value, USER_OWNER, user_id)
        return self.items.put_action(item, _if_held_by(holder))


def _if_held_by(holder: str | None) -> dict[str, Any]:
    """The condition that an index item names this user, or does not exist."""
    if holder is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "userId = :holder",
        "ExpressionAttributeValues": {":holder": {"S": holder}},
    }


def _readable_user_of(item: Item) -> StoredUser | None:
    """The user of an item, or None when it was damaged by hand: an attribute is missing, or the document is invalid."""
    try:
        user = user_of(item)
        index_entries(user)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return user


def _has(user: StoredUser | None, entry: Entry) -> bool:
    return user is not None and entry in index_entries(user)


def _may_have(item: Item | None, entry: Entry) -> bool:
    """Return True if the user in an item has the value, or cannot be read."""
    if item is None:
        return False
    user = _readable_user_of(item)
    return user is None or _has(user, entry)


def _batches(each: Iterator[tuple[Any, str]]) -> Iterator[list[tuple[Any, str]]]:
    while batch := list(islice(each, BATCH)):
        yield batch

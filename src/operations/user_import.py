"""Many users into one account at once: concurrent transactions, so many in flight at a time and no more.

A transaction takes as many users as it has room for; each user is in it whole. When some stand in its way, they are
looked at one by one and the others go without them. The ids of one transaction begin with the same two digits and
those of the transactions around it with others, so that each writes a counter item of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import Final, Protocol, runtime_checkable

from domain.errors import PayloadTooLarge, ScimError, ServiceUnavailable, UniquenessConflict
from domain.ports import UserStore
from domain.resources.stored_user import StoredUser, with_defaults
from operations.roster import RosterRow, differing_attributes

WORKERS: Final = 8
"""Transactions in flight; the work of this process is the bound before DynamoDB's latency is."""
_MAX_ACTIONS: Final = 99
"""Of a transaction's 100, one is the counter's."""
_MAX_CHARACTERS: Final = 1_000_000
"""Of documents in one transaction; DynamoDB takes 4 MB, and a character has up to three bytes."""
_RANKS: Final = 256
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@runtime_checkable
class CreatesTogether(Protocol):
    """A store that can create several users in one write."""

    def create_all(self, users: list[StoredUser]) -> list[StoredUser]:
        """Keep all, or none: then those that stood in the way."""


class RowResult(Enum):
    """What became of a row."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of a row; with REFUSED the reason as a fixed word, and in words for the operator."""

    row: RosterRow
    result: RowResult
    reason: str = ""
    detail: str = ""


@dataclass(slots=True)
class _Imported:
    """What became of the rows of a batch, up to the error that ended it."""

    outcomes: list[RowOutcome] = field(default_factory=list)
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class UserImport:
    """Creates users out of rows.

    `store` gives the account's store, with the time that one write may take; `keep_ids` makes the id of a row the
    user's. With `dry_run` the rows are looked up and nothing is written. Raises the store's TooManyRequests and
    ServiceUnavailable when it gives up: what was written by then stays, and another run goes on from there.
    """

    store: Callable[[], UserStore]
    new_id: Callable[[], str]
    now: Callable[[], str]
    keep_ids: bool = False
    dry_run: bool = False
    workers: int = WORKERS

    def run(self, rows: Iterable[RosterRow]) -> Iterator[RowOutcome]:
        """What became of each row, in no certain order; when it raises, what was written by then has been told."""
        waiting: set[Future[_Imported]] = set()
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                for rank, batch in zip(count(), self._batches(rows), strict=False):
                    while len(waiting) >= 2 * self.workers:
                        yield from _finished(waiting)
                    waiting.add(pool.submit(self._imported, batch, f"{rank % _RANKS:02x}"))
                while waiting:
                    yield from _finished(waiting)
            except GeneratorExit:
                pool.shutdown(cancel_futures=True)
                raise
            except BaseException:
                pool.shutdown(cancel_futures=True)
                for future in waiting:
                    if not future.cancelled():
                        yield from future.result().outcomes
                raise

    def _batches(self, rows: Iterable[RosterRow]) -> Iterator[list[RosterRow]]:
        together = isinstance(self.store(), CreatesTogether) and not (self.dry_run or self.keep_ids)
        batch: list[RosterRow] = []
        actions = characters = 0
        for row in rows:
            # The user, userName, addresses and externalId; the document is larger than what is counted here.
            needed = 2 + len(row.attributes.get("emails", ())) + ("externalId" in row.attributes)
            size = len(str(row.attributes))
            if batch and (not together or actions + needed > _MAX_ACTIONS or characters + size > _MAX_CHARACTERS):
                yield batch
                batch, actions, characters = [], 0, 0
            batch.append(row)
            actions += needed
            characters += size
        if batch:
            yield batch

    def _imported(self, batch: list[RosterRow], rank: str) -> _Imported:
        imported = _Imported()
        try:
            for outcome in self._import(batch, rank):
                imported.outcomes.append(outcome)
        except BaseException as error:  # to be raised where it can stop the others
            imported.error = error
        return imported

    def _import(self, batch: list[RosterRow], rank: str) -> Iterator[RowOutcome]:
        if self.keep_ids and not all(row.id is None or _ID.fullmatch(row.id) for row in batch):
            for row in batch:
                yield RowOutcome(row, RowResult.REFUSED, "invalid-id", f'"{row.id}" is no id that this service gives.')
            return
        if self.dry_run:
            yield from map(self._looked_up, batch)
            return
        rows = {self._id_of(row, rank): row for row in batch}
        users = [StoredUser.new(user_id, row.attributes, self.now()) for user_id, row in rows.items()]
        while len(users) > 1 and isinstance(store := self.store(), CreatesTogether):
            try:
                in_the_way = store.create_all(users)
            except PayloadTooLarge:
                break
            if not in_the_way:
                yield from (RowOutcome(rows[user.id], RowResult.CREATED) for user in users)
                return
            yield from (self._created(user, rows[user.id]) for user in in_the_way)
            users = [user for user in users if user not in in_the_way]
        yield from (self._created(user, rows[user.id]) for user in users)

    def _id_of(self, row: RosterRow, rank: str) -> str:
        if self.keep_ids and row.id is not None:
            return row.id
        return rank + self.new_id()[len(rank) :]

    def _created(self, user: StoredUser, row: RosterRow) -> RowOutcome:
        store = self.store()
        try:
            store.create(user)
        except UniquenessConflict as conflict:
            return self._conflict(store, row, conflict)
        except ServiceUnavailable:
            # A store also says so when the id is taken, which only an id of the file's can be.
            found = store.get(user.id) if self.keep_ids else None
            if found is None:
                raise
            return _compared(row, found, "id-exists", f'id "{user.id}"')
        except ScimError as error:
            if isinstance(error, PayloadTooLarge):
                return RowOutcome(row, RowResult.REFUSED, error.reason, error.detail)
            raise
        return RowOutcome(row, RowResult.CREATED)

    def _conflict(self, store: UserStore, row: RosterRow, conflict: UniquenessConflict) -> RowOutcome:
        if conflict.attribute == "userName":
            found = store.find_by_user_name(conflict.value)
        else:
            found = store.find_by_email(conflict.value)
        detail = f'{conflict.attribute} "{conflict.value}"'
        if found is None:
            return RowOutcome(
                row, RowResult.REFUSED, conflict.reason, f"{detail} belonged to another user a moment ago."
            )
        return _compared(row, found, conflict.reason, detail)

    def _looked_up(self, row: RosterRow) -> RowOutcome:
        """What `_created` would say, as things are now."""
        store = self.store()
        name = row.attributes["userName"]
        if self.keep_ids and row.id is not None and (found := store.get(row.id)) is not None:
            return _compared(row, found, "id-exists", f'id "{row.id}"')
        if (found := store.find_by_user_name(name)) is not None:
            return _compared(row, found, "user-name-exists", f'userName "{name}"')
        for email in row.attributes.get("emails", ()):
            address = email.get("value")
            if address and (found := store.find_by_email(address)) is not None:
                return _compared(row, found, "email-exists", f'emails.value "{address}"')
        return RowOutcome(row, RowResult.CREATED)


def _finished(waiting: set[Future[_Imported]]) -> Iterator[RowOutcome]:
    """The outcomes of the batches that finish next; raises the error that ended one."""
    finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in finished:
        waiting.discard(future)
        yield from future.result().outcomes
        if (error := future.result().error) is not None:
            raise error


def _compared(row: RosterRow, found: StoredUser, reason: str, held: str) -> RowOutcome:
    """The user is there already, or is another one that has one of the row's values."""
    differing = differing_attributes(with_defaults(row.attributes), found.attributes)
    if not differing:
        return RowOutcome(row, RowResult.UNCHANGED)
    detail = f"{held} belongs to the user {found.id} already, who differs in {', '.join(differing)}."
    return RowOutcome(row, RowResult.REFUSED, reason, detail)

"""Import of many users into one account, in concurrent transactions.

A transaction has as many users as fit, each completely. When the conditions of some fail, they are created one by one
and the others in a transaction without them. All ids of a transaction start with the same two digits, those of
concurrent transactions with others, so that each transaction writes its own counter item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import Final, Protocol, runtime_checkable

from adapters.clock import is_id
from domain.errors import PayloadTooLarge, ScimError, ServiceUnavailable, UniquenessConflict
from domain.ports import UserStore
from domain.resources.comparison import unique_form
from domain.resources.stored_user import StoredUser, with_defaults
from operations.roster import Columns, RosterRow, differing_attributes, differing_columns

WORKERS: Final = 8
"""Concurrent transactions; with more, the CPU of this process is the limit."""
_MAX_ACTIONS: Final = 99
"""Actions for users in a transaction of 100; the counter needs one."""
_MAX_CHARACTERS: Final = 1_000_000
"""Size of the documents in a transaction; DynamoDB accepts 4 MB, and a character has up to three bytes."""
_RANKS: Final = 256


@runtime_checkable
class CreatesTogether(Protocol):
    """A store that can create several users in one transaction."""

    def create_all(self, users: list[StoredUser]) -> list[StoredUser]:
        """Create all or none; returns the users whose condition failed, empty when all were created."""


class RowResult(Enum):
    """The result of a row's import."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """The result of a row's import; if REFUSED with `reason`, a fixed word, and `detail` for the operator."""

    row: RosterRow
    result: RowResult
    reason: str = ""
    detail: str = ""


@dataclass(slots=True)
class _Imported:
    """The outcomes of a batch, up to the error that ended it."""

    outcomes: list[RowOutcome] = field(default_factory=list)
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class UserImport:
    """Creates users from the rows of a roster.

    `store` returns the account's store, with the time for one write. With `keep_ids` a user gets the id of the row.
    With `dry_run` the rows are looked up and nothing is written. An existing user is the same as a row if both agree in
    the file's `columns`, of JSON lines (None) in every attribute. Raises the store's TooManyRequests or
    ServiceUnavailable when it gives up: users created until then remain, and another run continues from there.
    """

    store: Callable[[], UserStore]
    new_id: Callable[[], str]
    now: Callable[[], str]
    keep_ids: bool = False
    dry_run: bool = False
    workers: int = WORKERS
    columns: Columns | None = None

    def run(self, rows: Iterable[RosterRow]) -> Iterator[RowOutcome]:
        """Import the rows and yield their outcomes, in no particular order; before an error, all earlier ones."""
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
            # User, userName, addresses and externalId; the document is larger than this estimate.
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
        except BaseException as error:  # raised again by `_finished`, where it stops the other batches
            imported.error = error
        return imported

    def _import(self, batch: list[RosterRow], rank: str) -> Iterator[RowOutcome]:
        if self.keep_ids and not all(row.id is None or is_id(row.id) for row in batch):
            for row in batch:
                yield RowOutcome(
                    row, RowResult.REFUSED, "invalid-id", f'"{row.id}" does not have the form of an id of this service.'
                )
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
            # A store also raises this when the id is taken, which only happens with ids of the file.
            found = store.get(user.id) if self.keep_ids else None
            if found is None:
                raise
            return self._compared(row, found, "id-exists", f'id "{user.id}"')
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
        return self._compared(row, found, conflict.reason, detail)

    def _looked_up(self, row: RosterRow) -> RowOutcome:
        """The outcome that `_created` would have at this moment."""
        store = self.store()
        name = row.attributes["userName"]
        if self.keep_ids and row.id is not None and (found := store.get(row.id)) is not None:
            return self._compared(row, found, "id-exists", f'id "{row.id}"')
        if (found := store.find_by_user_name(name)) is not None:
            return self._compared(row, found, "user-name-exists", f'userName "{name}"')
        for email in row.attributes.get("emails", ()):
            address = email.get("value")
            if address and (found := store.find_by_email(address)) is not None:
                return self._compared(row, found, "email-exists", f'emails.value "{address}"')
        return RowOutcome(row, RowResult.CREATED)

    def _compared(self, row: RosterRow, found: StoredUser, reason: str, held: str) -> RowOutcome:
        """The outcome of a row whose value or id a user has: UNCHANGED if the user is the same, else REFUSED."""
        differing = self._differing(row, found)
        if not differing:
            return RowOutcome(row, RowResult.UNCHANGED)
        detail = f"{held} already belongs to the user {found.id}, who differs in {', '.join(differing)}."
        return RowOutcome(row, RowResult.REFUSED, reason, detail)

    def _differing(self, row: RosterRow, found: StoredUser) -> list[str]:
        if self.columns is None:
            return differing_attributes(with_defaults(row.attributes), found.attributes)
        differing = set(differing_columns(row.attributes, found, self.columns))
        if row.attributes.get("active", found.active) is not found.active:
            differing.add("active")
        # Without its own column the userName is the address.
        if unique_form(row.attributes["userName"].strip()) != unique_form(found.attributes["userName"].strip()):
            differing.add("userName")
        return sorted(differing)


def _finished(waiting: set[Future[_Imported]]) -> Iterator[RowOutcome]:
    """Yield the outcomes of the next finished batches; raises the error that ended one."""
    finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in finished:
        waiting.discard(future)
        yield from future.result().outcomes
        if (error := future.result().error) is not None:
            raise error

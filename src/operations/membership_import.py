"""Import of memberships: creates groups that are missing and adds users to them; it removes no members.

Rows wait until there are enough for one group, so that a large group costs few writes; no more than 50,000 wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from domain.errors import ScimError, ServiceUnavailable, UniquenessConflict
from domain.ports import MemberChange, MissingUsers, VersionMismatch
from domain.quoting import quoted
from domain.resources.body import attributes_of
from domain.resources.comparison import unique_form
from domain.resources.group_schema import CORE_URN, DISPLAY_NAME, GROUP
from domain.resources.stored_group import StoredGroup
from operations.account_users import Directory
from operations.membership_rows import MembershipRow, RefusedMembership, Row

_TOGETHER: Final = 1_000
"""Members that one write adds."""
_WAITING: Final = 50_000
_READ_TOGETHER: Final = 100
_READERS: Final = 8
_TRIES: Final = 8
_REMEMBERED: Final = 100_000


class Membership(Enum):
    """The result of a row."""

    ADDED = "added"
    UNCHANGED = "unchanged"
    GROUP_ALONE = "group-alone"
    """The row names no user."""


@dataclass(slots=True)
class ImportedGroup:
    """What an import did to one group."""

    group: str
    created: bool = False
    added: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class MembershipImport:
    """Adds users to groups from rows.

    `directory` returns the account's users and groups, with the time for one batch. With `dry_run` everything is looked
    up and nothing is written. Raises the store's TooManyRequests or ServiceUnavailable when it gives up: what was
    written until then remains, and another run continues from there.
    """

    directory: Callable[[], Directory]
    new_id: Callable[[], str]
    now: Callable[[], str]
    dry_run: bool = False
    groups: dict[str, ImportedGroup] = field(default_factory=dict)
    """What was done so far, by the normalised name of the group."""
    _known: dict[tuple[str, str], str] = field(default_factory=dict)

    def run(self, rows: Iterable[Row]) -> Iterator[Membership | RefusedMembership]:
        """Import the rows and yield the result of each, in no particular order."""
        waiting: dict[str, list[MembershipRow]] = {}
        held = 0
        for row in rows:
            if isinstance(row, RefusedMembership):
                yield row
                continue
            name = unique_form(row.group)
            waiting.setdefault(name, []).append(row)
            held += 1
            if len(waiting[name]) >= _TOGETHER:
                held -= _TOGETHER
                yield from self._import(waiting.pop(name))
            elif held >= _WAITING:
                yield from self._import_all(waiting)
                held = 0
        yield from self._import_all(waiting)

    def _import_all(self, waiting: dict[str, list[MembershipRow]]) -> Iterator[Membership | RefusedMembership]:
        while waiting:
            yield from self._import(waiting.pop(next(iter(waiting))))

    def _import(self, rows: list[MembershipRow]) -> Iterator[Membership | RefusedMembership]:
        first = rows[0]
        try:
            new = self._new_group(rows)
        except ScimError as error:
            yield from (
                RefusedMembership(row.line, error.reason, error.detail, row.group, row.user, row.origin) for row in rows
            )
            return
        ids = self._resolved(rows)
        wanted = list(dict.fromkeys(user_id for user_id in ids if user_id))
        created, joined, missing = self._written(new, wanted)
        done = self.groups.setdefault(unique_form(first.group), ImportedGroup(first.group))
        done.created = done.created or created
        for row, user_id in zip(rows, ids, strict=True):
            if not row.user:
                yield Membership.GROUP_ALONE
            elif user_id is None or user_id in missing:
                yield _unknown(row)
            elif user_id in joined:
                joined.discard(user_id)  # a second row for the same user changes nothing
                done.added += 1
                yield Membership.ADDED
            else:
                done.unchanged += 1
                yield Membership.UNCHANGED

    def _new_group(self, rows: list[MembershipRow]) -> StoredGroup:
        """The group to create if there is none of that name; raises the ScimError of an invalid name."""
        external_id = next((row.external_id for row in rows if row.external_id), None)
        body = {"schemas": [CORE_URN], "displayName": rows[0].group}
        attributes = attributes_of(body | ({"externalId": external_id} if external_id else {}), GROUP)
        return StoredGroup.new(self.new_id(), attributes, self.now())

    def _written(self, new: StoredGroup, wanted: list[str]) -> tuple[bool, set[str], set[str]]:
        """Have the users in the group: if it was created, who joined it, and who was deleted meanwhile."""
        missing: set[str] = set()
        for _ in range(_TRIES):
            store = self.directory().groups
            left = [user_id for user_id in wanted if user_id not in missing]
            found = next(iter(store.find(DISPLAY_NAME, new.display_name)), None)
            try:
                if found is None:
                    if self.dry_run:
                        return True, set(left), missing
                    store.create(new, left)
                    return True, set(left), missing
                there = store.candidates(found, left)
                missing |= {each for each in left if each not in there.users | there.members}
                joining = tuple(each for each in left if each not in there.members | missing)
                if joining and not self.dry_run:
                    store.change(found, found.touched(self.now()), MemberChange(joined=joining))
                return False, set(joining), missing
            except MissingUsers as gone:
                missing |= set(gone.user_ids)
            except (VersionMismatch, UniquenessConflict):
                continue
        raise ServiceUnavailable(f"Other requests kept changing the group {quoted(new.display_name)}.")

    def _resolved(self, rows: list[MembershipRow]) -> list[str | None]:
        """The id of each row's user: the user of that id, else of that userName, else of that address."""
        users = self.directory().users
        given = list(dict.fromkeys(row.user_id for row in rows if row.user_id))
        there = {
            user.id
            for first in range(0, len(given), _READ_TOGETHER)
            for user in users.get_many(given[first : first + _READ_TOGETHER])
        }

        def resolve(row: MembershipRow) -> str | None:
            if row.user_id in there:
                return row.user_id
            for kind, value, find in (
                ("userName", row.user_name, users.find_by_user_name),
                ("email", row.email, users.find_by_email),
            ):
                if not value:
                    continue
                key = (kind, unique_form(value))
                known = self._known.get(key)
                if known is None and (user := find(value)) is not None:
                    known = user.id
                    if len(self._known) < _REMEMBERED:
                        self._known[key] = known
                if known is not None:
                    return known
            return None

        with ThreadPoolExecutor(_READERS) as pool:
            return list(pool.map(resolve, rows))


def _unknown(row: MembershipRow) -> RefusedMembership:
    named = ", ".join(
        f"{name} {quoted(value)}"
        for name, value in (("id", row.user_id), ("userName", row.user_name), ("address", row.email))
        if value
    )
    return RefusedMembership(
        row.line,
        "unknown-user",
        f"The account has no user with {named}. Import the user first (rollcall users import), or correct the row.",
        row.group,
        row.user,
        row.origin,
    )

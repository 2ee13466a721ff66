"""The in-memory twin of the groups in the DynamoDB table, over the twin of the users."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from threading import RLock

from adapters import clock
from adapters.dynamodb.keys import sort_key
from domain.errors import ServiceUnavailable, TooMany, UniquenessConflict
from domain.ports import (
    Candidates,
    CursorPage,
    Deadline,
    IndexEntry,
    IndexPage,
    MemberChange,
    MissingUsers,
    Related,
    VersionMismatch,
    WholeGroup,
)
from domain.resources.attributes import Index
from domain.resources.comparison import prefix_form, unique_form
from domain.resources.storable import require_size
from domain.resources.stored_group import StoredGroup
from support.memory import InMemoryUsers


class InMemoryGroups:
    """A `domain.ports.GroupStore` of one account, safe to share between threads; `deadline` bounds `scan` alone."""

    def __init__(
        self, users: InMemoryUsers, deadline: Deadline | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self._users = users
        self._deadline = deadline
        self._now = now
        self.lock = RLock()
        self._groups: dict[str, StoredGroup] = {}
        self._ids: list[str] = []
        self._names: dict[str, str] = {}
        self.members: dict[str, set[str]] = defaultdict(set)
        """User ids by group id."""

    def create(self, group: StoredGroup, members: Sequence[str] = ()) -> None:
        require_size(group, "group")
        with self.lock:
            if group.id in self._groups:
                raise ServiceUnavailable("A group with the same new id already exists. Repeat the request.")
            self._require_free(group)
            self._require_users(members)
            insort(self._ids, group.id)
            self._put(group)
            self.members[group.id].update(members)

    def get(self, group_id: str) -> StoredGroup | None:
        return self._groups.get(group_id)

    def get_many(self, group_ids: Sequence[str]) -> list[StoredGroup]:
        with self.lock:
            return [group for group_id in group_ids if (group := self._groups.get(group_id)) is not None]

    def whole(self, group_id: str) -> WholeGroup | None:
        with self.lock:
            group = self._groups.get(group_id)
            return None if group is None else WholeGroup(group, tuple(sorted(self.members[group_id])))

    def candidates(self, current: StoredGroup | None, user_ids: Sequence[str]) -> Candidates:
        with self.lock:
            members = set() if current is None else self.members.get(current.id, set())
            users = (user_id for user_id in user_ids if self._users.get(user_id) is not None)
            return Candidates(frozenset(members.intersection(user_ids)), frozenset(users))

    def change(
        self, current: StoredGroup, changed: StoredGroup, members: MemberChange, *, exactly: bool = False
    ) -> None:
        require_size(changed, "group")
        with self.lock:
            kept = self._groups.get(current.id)
            if kept is None or ((exactly or changed.document != current.document) and kept.version != current.version):
                raise VersionMismatch
            present = self.members[current.id]
            if present.intersection(members.joined) or not present.issuperset(members.left):
                raise VersionMismatch
            if changed.document == current.document:  # only members change, so a name of another request stays
                changed = replace(changed, document=kept.document)
            self._require_free(changed)
            self._require_users(members.joined)
            del self._names[kept.keys.name]
            self._put(replace(changed, version=kept.version + 1))
            present.difference_update(members.left)
            present.update(members.joined)

    def delete(self, current: StoredGroup) -> None:
        with self.lock:
            kept = self._groups.get(current.id)
            if kept is None or kept.version != current.version:
                raise VersionMismatch
            del self._groups[kept.id], self._names[kept.keys.name]
            del self._ids[bisect_left(self._ids, kept.id)]
            self.members.pop(kept.id, None)

    def leave_all(self, user_id: str) -> int:
        with self.lock:
            left = [group_id for group_id in self._ids if user_id in self.members[group_id]]
            for group_id in left:
                self.members[group_id].remove(user_id)
                self._groups[group_id] = self._groups[group_id].touched(clock.text_of(self._now()))
            return len(left)

    def finish(self, group_id: str) -> None:
        """Nothing is ever left to do."""

    def clear(self, group_id: str) -> None:
        """Nothing is ever left to do."""

    def total(self) -> int:
        return len(self._ids)

    def page(self, start_index: int, count: int) -> IndexPage[StoredGroup]:
        with self.lock:
            first = max(0, start_index - 1)
            return IndexPage(len(self._ids), self.get_many(self._ids[first : first + max(0, count)]))

    def page_after(self, after: str | None, count: int) -> CursorPage[StoredGroup]:
        if count <= 0:
            return CursorPage([], after)
        with self.lock:
            first = 0 if after is None else bisect_right(self._ids, after)
            groups = self.get_many(self._ids[first : first + count])
            return CursorPage(groups, groups[-1].id if first + len(groups) < len(self._ids) else None)

    def scan(self, after: str | None = None) -> Iterator[StoredGroup]:
        with self.lock:
            first = 0 if after is None else bisect_right(self._ids, after)
            groups = [self._groups[group_id] for group_id in self._ids[first:]]
        for group in groups:
            if self._deadline is not None and self._deadline.remaining() <= 0:
                raise TooMany.to_read()
            yield group

    def find(self, index: Index, value: str) -> list[StoredGroup]:
        with self.lock:
            match index.name:
                case "id":
                    return self.get_many([value])
                case "displayName":
                    return self.get_many([self._names.get(unique_form(value), "")])
                case "externalId":
                    return [group for group in self.get_many(self._ids) if group.keys.external_id == value]
        raise KeyError(index.name)

    def entries(
        self, index: Index, *, descending: bool = False, after: str | None = None, at_most: int | None = None
    ) -> Iterator[IndexEntry]:
        if index.name != "displayName":
            raise KeyError(index.name)
        with self.lock:
            entries = [IndexEntry(name, group_id, sort_key(name)) for name, group_id in self._names.items()]
        entries.sort(key=lambda entry: entry.position, reverse=descending)
        if after is not None:
            entries = [entry for entry in entries if (entry.position < after if descending else entry.position > after)]
        return islice(entries, at_most)

    def entries_starting(self, index: Index, prefix: str) -> Iterator[IndexEntry]:
        form = prefix_form(prefix)
        return (entry for entry in self.entries(index) if entry.value.startswith(form))

    def _require_free(self, group: StoredGroup) -> None:
        if self._names.get(group.keys.name, group.id) != group.id:
            raise UniquenessConflict("displayName", group.display_name)

    def _require_users(self, user_ids: Sequence[str]) -> None:
        missing = [user_id for user_id in user_ids if self._users.get(user_id) is None]
        if missing:
            raise MissingUsers(missing)

    def _put(self, group: StoredGroup) -> None:
        self._groups[group.id] = group
        self._names[group.keys.name] = group.id


class InMemoryMembers:
    """The `domain.ports.Relations` of groups: their members."""

    def __init__(self, groups: InMemoryGroups) -> None:
        self._groups = groups

    def of(self, resource_id: str) -> list[Related]:
        with self._groups.lock:
            return [Related(user_id) for user_id in sorted(self._groups.members.get(resource_id, ()))]

    def among(self, resource_id: str, ids: Sequence[str]) -> list[Related]:
        return [related for related in self.of(resource_id) if related.id in ids]

    def having(self, related_id: str) -> list[str]:
        with self._groups.lock:
            return sorted(group_id for group_id, members in self._groups.members.items() if related_id in members)


class InMemoryGroupsOfUsers:
    """The `domain.ports.Relations` of users: their groups."""

    def __init__(self, groups: InMemoryGroups) -> None:
        self._groups = groups

    def of(self, resource_id: str) -> list[Related]:
        with self._groups.lock:
            ids = InMemoryMembers(self._groups).having(resource_id)
            return [Related(group.id, group.display_name) for group in self._groups.get_many(ids)]

    def among(self, resource_id: str, ids: Sequence[str]) -> list[Related]:
        return [related for related in self.of(resource_id) if related.id in ids]

    def having(self, related_id: str) -> list[str]:
        return [related.id for related in InMemoryMembers(self._groups).of(related_id)]

"""The groups of one account in memory, with users to be members, and the calls that a request needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from domain.changes.groups import Groups
from domain.effects import Effects
from domain.patch import PATCH_OP_URN
from domain.ports import Candidates, Deadline, MemberChange, WholeGroup
from domain.resources.group_schema import CORE_URN, GROUP
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN as USER_URN
from domain.tolerances import reader_for
from support.memory import InMemoryUsers
from support.memory_groups import InMemoryGroups
from support.samples import Patience

Json = dict[str, Any]
NOW = "2026-01-02T03:04:05.006Z"


class RecordedGroups(InMemoryGroups):
    """Remembers the names of the calls; `before_change` may do what another request does just before a write."""

    def __init__(self, users: InMemoryUsers) -> None:
        super().__init__(users)
        self.calls: list[str] = []
        self.exactly: list[bool] = []
        self.before_change: list[Callable[[], object]] = []

    def _race(self) -> None:
        if self.before_change:
            self.before_change.pop(0)()

    def create(self, group: StoredGroup, members: Sequence[str] = ()) -> None:
        self.calls.append("create")
        self._race()
        super().create(group, members)

    def get(self, group_id: str) -> StoredGroup | None:
        self.calls.append("get")
        return super().get(group_id)

    def whole(self, group_id: str) -> WholeGroup | None:
        self.calls.append("whole")
        return super().whole(group_id)

    def candidates(self, current: StoredGroup | None, user_ids: Sequence[str]) -> Candidates:
        self.calls.append("candidates")
        return super().candidates(current, user_ids)

    def change(
        self, current: StoredGroup, changed: StoredGroup, members: MemberChange, *, exactly: bool = False
    ) -> None:
        self.calls.append("change")
        self.exactly.append(exactly)
        self._race()
        super().change(current, changed, members, exactly=exactly)

    def delete(self, current: StoredGroup) -> None:
        self.calls.append("delete")
        self._race()
        super().delete(current)


class Account:
    """An account with some users: `groups` changes its groups, `store` has them, `noted` names tolerances."""

    def __init__(self, *, tolerant: bool = True, users: Sequence[str] = ("ada", "bob", "cy", "dee", "eve")) -> None:
        self.users = InMemoryUsers()
        for user_id in users:
            attributes = {"schemas": [USER_URN], "userName": f"{user_id}@example.com"}
            self.users.create(StoredUser.new(user_id, attributes, NOW))
        self.store = RecordedGroups(self.users)
        self.noted: set[str] = set()
        self.effects = Effects()
        ids = count(1)
        self.groups = self.within(Patience(), lambda: f"group-{next(ids)}", tolerant=tolerant)

    def within(self, deadline: Deadline, new_id: Callable[[], str], *, tolerant: bool) -> Groups:
        reader = reader_for(GROUP, tolerant=tolerant, noted=self.noted)
        return Groups(self.store, deadline, lambda: NOW, new_id, reader, self.effects)

    def made(self, *members: str, name: str = "Staff") -> str:
        """Create a group and return its id; what it took is forgotten."""
        made = self.groups.create(group(name, members=[{"value": member} for member in members]))
        self.store.calls.clear()
        self.noted.clear()
        self.effects.members_joined = self.effects.groups_created = 0
        return made.id

    def patched(self, group_id: str, *operations: Json, if_match: str | None = None) -> StoredGroup | None:
        return self.groups.patch(group_id, patch(*operations), if_match)

    def members(self, group_id: str) -> set[str]:
        return set(self.store.members[group_id])

    def version(self, group_id: str) -> int:
        stored = InMemoryGroups.get(self.store, group_id)
        assert stored is not None
        return stored.version

    def forget(self, user_id: str) -> None:
        """Delete a user, whose memberships have not ended yet."""
        user = self.users.get(user_id)
        assert user is not None
        self.users.delete(user)


def group(name: str = "Staff", **attributes: Any) -> Json:
    return {"schemas": [CORE_URN], "displayName": name, **attributes}


def patch(*operations: Json) -> Json:
    return {"schemas": [PATCH_OP_URN], "Operations": list(operations)}


def values(*ids: str) -> list[Json]:
    return [{"value": each} for each in ids]

"""What an operator does to one group, by the same rules as a SCIM request (`domain.changes.groups`)."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.clock import new_id, now
from domain.changes.groups import Groups
from domain.errors import UniquenessConflict
from domain.ports import Deadline
from domain.resources import body as resource
from domain.resources.group_schema import CORE_URN, DISPLAY_NAME, GROUP
from domain.resources.stored_group import StoredGroup
from operations.account_users import Directory
from operations.user_changes import patch_of


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """Changes groups of one account, for one command; all methods raise a ScimError for what is refused."""

    account: str
    directory: Directory
    deadline: Deadline

    def check_name(self, group: StoredGroup, name: str) -> None:
        """Raise what a renaming would raise at this moment."""
        resource.attributes_of({"schemas": [CORE_URN], "displayName": name}, GROUP)
        if any(holder.id != group.id for holder in self.directory.groups.find(DISPLAY_NAME, name)):
            raise UniquenessConflict("displayName", name, self.account)

    def rename(self, group: StoredGroup, name: str) -> None:
        """Give the group another displayName."""
        operation = {"op": "replace", "path": "displayName", "value": name}
        self._groups.patch(group.id, patch_of([operation]))

    def delete(self, group: StoredGroup) -> None:
        """Remove the group and end its memberships."""
        self._groups.delete(group.id)

    @property
    def _groups(self) -> Groups:
        return Groups(self.directory.groups, self.deadline, now, new_id)

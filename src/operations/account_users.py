"""All users and groups of an account: reading them page by page, and deleting them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol, TypeVar

from domain.ports import GroupStore, Relations, ResourceStore, UserStore, VersionMismatch
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_resource import StoredResource
from domain.resources.stored_user import StoredUser

Record = TypeVar("Record", bound=StoredResource)

_DELETED_TOGETHER: Final = 50


class Directory(Protocol):
    """The users and groups of one account, and who is in which group."""

    @property
    def users(self) -> UserStore:
        """The users."""

    @property
    def groups(self) -> GroupStore:
        """The groups."""

    @property
    def members(self) -> Relations:
        """The members of groups."""

    @property
    def groups_of_users(self) -> Relations:
        """The groups of users."""


def every_resource(store: ResourceStore[Record], page_size: int) -> Iterator[Record]:
    """Yield the users or groups in order of id, reading a page when it is needed."""
    after: str | None = None
    while True:
        page = store.page_after(after, page_size)
        yield from page.resources
        if page.next_after is None:
            return
        after = page.next_after


def delete_every_user(store: UserStore) -> Iterator[StoredUser]:
    """Delete the users one by one until none is left, and yield each once it is deleted."""
    while page := store.page_after(None, _DELETED_TOGETHER).resources:
        for user in page:
            try:
                store.delete(user)
            except VersionMismatch:
                # A request in flight changed the user; the next page has the new version.
                continue
            yield user


def delete_every_group(directory: Directory) -> Iterator[tuple[StoredGroup, int]]:
    """Delete the groups one by one until none is left, and yield each with the number of memberships that ended."""
    while page := directory.groups.page_after(None, _DELETED_TOGETHER).resources:
        for group in page:
            members = len(directory.members.of(group.id))
            try:
                directory.groups.delete(group)
            except VersionMismatch:
                continue
            yield group, members

"""All users of an account: reading them page by page, and deleting them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from domain.ports import UserStore, VersionMismatch
from domain.resources.stored_user import StoredUser

_DELETED_TOGETHER: Final = 50


def every_user(store: UserStore, page_size: int) -> Iterator[StoredUser]:
    """Yield the users in order of id, reading a page when it is needed."""
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

"""Every user of an account, page after page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.progress import track

from cli.invocation import Invocation
from domain.ports import UserStore
from domain.resources.stored_user import StoredUser

_PAGE: Final = 500


def every_user(store: UserStore, page_size: int) -> Iterator[StoredUser]:
    """The users in the order of their ids, read as they are asked for."""
    after: str | None = None
    while True:
        page = store.page_after(after, page_size)
        yield from page.users
        if page.next_after is None:
            return
        after = page.next_after


def watched(invocation: Invocation, store: UserStore, doing: str, *, quietly: bool = False) -> Iterator[StoredUser]:
    """The same with a progress bar where a person looks on; `doing` is what it says, such as "Exporting".

    `quietly`: without one, where it would stand among what is written to the same terminal.
    """
    shown = invocation.errors.is_terminal and not invocation.as_json and not quietly
    yield from track(
        every_user(store, _PAGE), doing, store.total(), console=invocation.errors, transient=True, disable=not shown
    )

"""All users of an account, with a progress bar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.progress import track

from cli.invocation import Invocation
from domain.ports import UserStore
from domain.resources.stored_user import StoredUser
from operations.account_users import every_user

_PAGE: Final = 500


def with_progress(
    invocation: Invocation, store: UserStore, label: str, *, quietly: bool = False
) -> Iterator[StoredUser]:
    """Yield all users with a progress bar on a terminal; `label` is its text, such as "Exporting".

    `quietly` hides the bar when the output goes to the same terminal.
    """
    shown = invocation.errors.is_terminal and not invocation.as_json and not quietly
    yield from track(
        every_user(store, _PAGE), label, store.total(), console=invocation.errors, transient=True, disable=not shown
    )

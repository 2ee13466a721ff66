"""All users or groups of an account, with a progress bar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeVar

from rich.progress import track

from cli.invocation import Invocation
from domain.ports import ResourceStore
from domain.resources.stored_resource import StoredResource
from operations.account_users import every_resource

Record = TypeVar("Record", bound=StoredResource)

_PAGE: Final = 500


def with_progress(
    invocation: Invocation, store: ResourceStore[Record], label: str, *, quietly: bool = False
) -> Iterator[Record]:
    """Yield all users or groups with a progress bar on a terminal; `label` is its text, such as "Exporting".

    `quietly` hides the bar when the output goes to the same terminal.
    """
    shown = invocation.errors.is_terminal and not invocation.as_json and not quietly
    yield from track(
        every_resource(store, _PAGE), label, store.total(), console=invocation.errors, transient=True, disable=not shown
    )

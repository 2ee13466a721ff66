"""Options that select one group: by its name or its id."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from adapters.secrets.conditional_change import AdministrationError
from cli.invocation import Invocation
from cli.root import UsageError
from domain.quoting import quoted
from domain.resources.group_schema import DISPLAY_NAME
from domain.resources.stored_group import StoredGroup

GroupName = Annotated[str | None, typer.Option("--name", help="The group's displayName.")]
GroupId = Annotated[str | None, typer.Option("--id", help="The group's id.")]

_SECONDS: Final = 60.0


def chosen_group(invocation: Invocation, account: str, name: str | None, group_id: str | None) -> StoredGroup:
    """The group that exactly one of the two options selects; raises `AdministrationError` when there is none."""
    if (name is None) is (group_id is None):
        raise UsageError("Select the group with either --name or --id.")
    store = invocation.deployment.account(account, _SECONDS).groups
    group = store.get(group_id) if group_id is not None else next(iter(store.find(DISPLAY_NAME, name or "")), None)
    if group is None:
        invocation.deployment.require_account(account, _SECONDS)
        option, value = ("--id", group_id or "") if name is None else ("--name", name)
        raise AdministrationError(
            f"The account {account} has no group with {option} {quoted(value)}. See all of its groups: "
            f"rollcall groups list --account {account}"
        )
    return group

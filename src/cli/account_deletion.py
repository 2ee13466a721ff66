"""`rollcall account delete`: delete an account with all its users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Annotated, Final, TypeVar

import typer
from rich.progress import Progress

from adapters.secrets.connector_secrets import SecretUnusable
from cli.arguments import Name, Yes
from cli.invocation import Invocation, invocation_of
from cli.root import UsageError
from cli.wording import counted
from operations.account_users import delete_every_group, delete_every_user
from operations.answers.accounts import DeletedAccount

Done = TypeVar("Done")

_SECONDS: Final = 24 * 3600.0


def delete(
    context: typer.Context,
    name: Name,
    yes: Yes = False,
    confirm_name: Annotated[
        str | None,
        typer.Option(
            "--confirm-name", metavar="NAME", help="The account's name again; needed with --yes if it has users."
        ),
    ] = None,
) -> None:
    """Delete an account permanently, with its keys, settings, users and groups.

    SCIM is switched off first. Groups and users are deleted one by one, with a life-cycle event for each. The table
    keeps only their ids, for 30 days, so that `rollcall events redrive` can publish lost events. If the command is
    interrupted, run it again.
    """
    invocation = invocation_of(context)
    accounts = invocation.deployment.accounts
    directory = invocation.deployment.account(name, _SECONDS)
    users, groups = directory.users.total(), directory.groups.total()
    if users == groups == 0:
        with suppress(SecretUnusable):
            accounts.show(name)
        invocation.confirm(f"Delete the account {name} and its Connector Key?", yes)
    else:
        _confirm_by_name(invocation, name, _contents(users, groups), yes, confirm_name)
    was_enabled = accounts.exists(name) and accounts.disable(name).changed
    removed_groups = memberships = 0
    # Groups first: then no user who is deleted has memberships to end.
    for _, members in _shown(invocation, "Deleting groups", groups, delete_every_group(directory)):
        removed_groups += 1
        memberships += members
    removed = sum(1 for _ in _shown(invocation, "Deleting users", users, delete_every_user(directory.users)))
    accounts.delete(name)
    ended = f", and {counted(memberships, 'membership')} ended" if memberships else ""
    invocation.answer(
        DeletedAccount(
            result="deleted",
            account=name,
            users_deleted=removed,
            groups_deleted=removed_groups,
            memberships_ended=memberships,
        ),
        f"The account {name} and its {_contents(removed, removed_groups)} are deleted{ended}.",
    )
    if was_enabled:
        invocation.note(
            "Requests in the last minute may still have created users or groups. Check: "
            f"rollcall{invocation.options} users list --account {name}"
        )


def _contents(users: int, groups: int) -> str:
    return counted(users, "user") + (f" and {counted(groups, 'group')}" if groups else "")


def _confirm_by_name(invocation: Invocation, name: str, contents: str, yes: bool, confirm_name: str | None) -> None:
    if not yes:
        try:
            confirm_name = invocation.ask(f"The account {name} has {contents}. Type its name to delete everything")
        except typer.Abort as abort:
            raise UsageError(
                f"No name was entered; nothing was changed. To skip the question: --yes --confirm-name {name}"
            ) from abort
    elif confirm_name is None:
        raise UsageError(f"The account {name} has {contents}: add --confirm-name {name} to delete everything.")
    if confirm_name != name:
        raise UsageError("That is not the account's name; nothing was changed.")


def _shown(invocation: Invocation, label: str, total: int, done: Iterable[Done]) -> Iterator[Done]:
    """The same with a progress bar; there may be more of them by now."""
    with Progress(console=invocation.errors, transient=True, disable=invocation.as_json) as progress:
        task = progress.add_task(label, total=total)
        for each in done:
            yield each
            progress.advance(task)

"""`rollcall account delete`: delete an account with all its users."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Final

import typer
from rich.progress import Progress

from adapters.secrets.connector_secrets import SecretUnusable
from cli.arguments import Name, Yes
from cli.invocation import Invocation, invocation_of
from cli.root import UsageError
from cli.wording import counted
from domain.ports import UserStore
from operations.account_users import delete_every_user
from operations.answers.accounts import DeletedAccount

_SECONDS: Final = 24 * 3600.0


def delete(
    context: typer.Context,
    name: Name,
    yes: Yes = False,
    confirm_name: Annotated[
        str | None,
        typer.Option("--confirm-name", metavar="NAME", help="With --yes: the account's name again, if it has users."),
    ] = None,
) -> None:
    """Delete an account permanently: its keys, its settings and all its users.

    SCIM is switched off first. Users are deleted one by one, with a life-cycle event for each. After an interruption,
    run the command again.
    """
    invocation = invocation_of(context)
    accounts = invocation.deployment.accounts
    store = invocation.deployment.account(name, _SECONDS).users
    users = store.total()
    if users == 0:
        with suppress(SecretUnusable):
            accounts.show(name)
        invocation.confirm(f"Delete the account {name} and its Connector Key?", yes)
    else:
        _confirm_by_name(invocation, name, users, yes, confirm_name)
    was_enabled = accounts.exists(name) and accounts.disable(name).changed
    removed = _remove_users(invocation, store, users)
    accounts.delete(name)
    invocation.answer(
        DeletedAccount(result="deleted", account=name, users_deleted=removed),
        f"The account {name} is deleted, and {counted(removed, 'user')} with it.",
    )
    if was_enabled:
        invocation.note(
            "Requests within the minute in which SCIM was switched off may still have created users: "
            f"rollcall{invocation.options} users list --account {name}"
        )


def _confirm_by_name(invocation: Invocation, name: str, users: int, yes: bool, confirm_name: str | None) -> None:
    if not yes:
        try:
            confirm_name = invocation.ask(
                f"The account {name} has {counted(users, 'user')}. Type its name to delete all"
            )
        except typer.Abort as abort:
            raise UsageError(
                f"No name was typed; nothing was changed. To skip the question: --yes --confirm-name {name}"
            ) from abort
    elif confirm_name is None:
        raise UsageError(f"The account {name} has {counted(users, 'user')}: add --confirm-name {name} to delete all.")
    if confirm_name != name:
        raise UsageError("That is not the account's name; nothing was changed.")


def _remove_users(invocation: Invocation, store: UserStore, users: int) -> int:
    removed = 0
    with Progress(console=invocation.errors, transient=True, disable=invocation.as_json) as progress:
        task = progress.add_task("Deleting users", total=users)
        for _ in delete_every_user(store):
            removed += 1
            progress.advance(task)
    return removed

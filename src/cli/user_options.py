"""Options that select one user: by an address, a userName or an id."""

from __future__ import annotations

from typing import Annotated

import typer

from adapters.secrets.conditional_change import AdministrationError
from cli.invocation import Invocation
from cli.root import UsageError
from domain.quoting import quoted
from domain.resources.stored_user import StoredUser

Email = Annotated[str | None, typer.Option(help="An address of the user.")]
UserName = Annotated[str | None, typer.Option(help="The user's userName.")]
UserId = Annotated[str | None, typer.Option("--id", help="The user's id.")]

_SECONDS = 60.0


def chosen_user(
    invocation: Invocation, account: str, email: str | None, user_name: str | None, user_id: str | None
) -> StoredUser:
    """The user that exactly one of the three options selects; raises `AdministrationError` when there is none."""
    given = {"--email": email, "--user-name": user_name, "--id": user_id}
    if sum(value is not None for value in given.values()) != 1:
        raise UsageError("Select the user with exactly one of --email, --user-name and --id.")
    store = invocation.deployment.account(account, _SECONDS).users
    if email is not None:
        user = store.find_by_email(email)
    elif user_name is not None:
        user = store.find_by_user_name(user_name)
    else:
        user = store.get(user_id or "")
    if user is None:
        invocation.deployment.require_account(account, _SECONDS)
        option, value = next((option, value) for option, value in given.items() if value is not None)
        raise AdministrationError(f"The account {account} has no user with {option} {quoted(value)}.")
    return user

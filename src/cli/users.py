"""`rollcall users`: list, show, export, import, compare and change the users of an account."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Annotated, Final, TextIO

import typer
from rich.json import JSON

from adapters.environment import declared_user_type
from cli import user_changes, users_import, users_reconcile
from cli.arguments import Account
from cli.exports import Format, FormatOption, Output, Overwrite, chosen_format
from cli.invocation import invocation_of
from cli.private_file import private_file
from cli.progress import with_progress
from cli.tables import table_of
from cli.user_options import Email, UserId, UserName, chosen_user
from cli.user_view import as_resource
from cli.wording import counted, harmless, harmless_json, plain
from domain.documents import encode
from domain.resources.attributes import ResourceType
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import USER
from operations import extensions
from operations.account_users import every_resource
from operations.answers.records import Exported, UserList
from operations.members import primary_email
from operations.roster.exported import as_row, columns_of, left_out

app: Final = typer.Typer(
    no_args_is_help=True, help="List, show, export, import, compare and change the users of an account."
)
app.command("import")(users_import.import_users)
app.command("reconcile")(users_reconcile.reconcile)
app.command("deactivate")(user_changes.deactivate)
app.command("activate")(user_changes.activate)
app.command("delete")(user_changes.delete)
app.command("rename")(user_changes.rename)
app.command("set")(user_changes.set_attributes)

_SECONDS: Final = 60.0
_SECONDS_TO_EXPORT: Final = 24 * 3600.0


@app.command("list")
def list_users(
    context: typer.Context,
    account: Account = "default",
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many users.")] = 100,
) -> None:
    """List the users of an account, ordered by id."""
    invocation = invocation_of(context)
    store = invocation.deployment.account(account, _SECONDS).users
    total = store.total()
    if total == 0:
        invocation.deployment.require_account(account, _SECONDS)
    users = list(islice(every_resource(store, min(limit, 100)), limit))
    table = table_of("Id", "User name", "E-mail", "Active", "Last modified")
    for user in users:
        cells = (
            user.id,
            user.attributes["userName"],
            primary_email(user),
            "yes" if user.active else "no",
            user.last_modified,
        )
        table.add_row(*(plain(cell) for cell in cells))
    invocation.answer(
        UserList(total=total, users=[as_resource(user) for user in users]),
        table if users else f"The account {account} has no users.",
    )
    if len(users) < total:
        invocation.note(f"{len(users)} of {total} users; --limit shows more; rollcall users export writes all.")


@app.command()
def show(
    context: typer.Context,
    account: Account = "default",
    email: Email = None,
    user_name: UserName = None,
    user_id: UserId = None,
) -> None:
    """Show one user and its groups.

    Addresses and userNames are compared without regard to case.
    """
    invocation = invocation_of(context)
    user = chosen_user(invocation, account, email, user_name, user_id)
    resource = as_resource(user, invocation.deployment.account(account, _SECONDS).groups_of_users.of(user.id))
    invocation.answer(resource, JSON(harmless(encode(resource))))
    note = extensions.unknown_note(extensions.urns_of(user.attributes), declared_user_type())
    if note is not None:
        invocation.note(note)


@app.command()
def export(
    context: typer.Context,
    account: Account = "default",
    form: FormatOption = None,
    output: Output = None,
    yes: Overwrite = False,
) -> None:
    """Write all users of an account to a file. It contains personal data; only you can read it.

    On a terminal, control characters are shown escaped in JSON and replaced in CSV.
    """
    invocation = invocation_of(context)
    chosen = chosen_format(invocation, form, output, yes=yes)
    store = invocation.deployment.account(account, _SECONDS_TO_EXPORT).users
    if store.total() == 0:
        invocation.deployment.require_account(account, _SECONDS)
    written, of_users = 0, declared_user_type()
    lacking: Counter[str] = Counter()
    urns: set[str] = set()
    with private_file(output) as target:
        at_a_terminal = output is None and target.isatty()
        write = _writer(chosen, target, of_users, at_a_terminal=at_a_terminal)
        for user in with_progress(invocation, store, "Exporting", quietly=at_a_terminal):
            write(user)
            written += 1
            urns.update(extensions.urns_of(user.attributes))
            if chosen is Format.CSV:
                lacking.update(left_out(user, of_users))
    if output is not None:
        invocation.answer(
            Exported(result="exported", account=account, users=written, file=str(output)),
            f"{counted(written, 'user')} of {account} written to {plain(str(output))}.",
        )
    if lacking:
        which = ", ".join(f"{name} ({counted(users, 'user')})" for name, users in sorted(lacking.items()))
        invocation.note(f"CSV cannot hold all values of these attributes: {which}. --format jsonl writes all values.")
    if (note := extensions.unknown_note(urns, of_users)) is not None:
        invocation.note(note)


def _writer(
    form: Format, target: TextIO, of_users: ResourceType = USER, *, at_a_terminal: bool
) -> Callable[[StoredUser], object]:
    if form is Format.JSONL:
        readable = harmless_json if at_a_terminal else str
        return lambda user: target.write(readable(encode(as_resource(user))) + "\n")
    cell = harmless if at_a_terminal else str
    table = csv.writer(target)
    table.writerow(columns_of(of_users))
    return lambda user: table.writerow([cell(value) for value in as_row(user, of_users)])

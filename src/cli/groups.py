"""`rollcall groups`: list, show, export, import and change the groups of an account."""

from __future__ import annotations

import csv
from collections.abc import Callable
from itertools import islice
from typing import Annotated, Final, TextIO

import typer
from rich.table import Table

from cli import group_changes, groups_import
from cli.arguments import Account
from cli.exports import Format, FormatOption, Output, Overwrite, chosen_format
from cli.group_options import GroupId, GroupName, chosen_group
from cli.group_view import COLUMNS, USER_ID, as_resource, as_rows, with_members
from cli.invocation import invocation_of
from cli.private_file import private_file
from cli.progress import with_progress
from cli.tables import table_of
from cli.wording import counted, harmless, harmless_json, plain
from domain.documents import encode
from domain.quoting import argument
from domain.resources.stored_group import StoredGroup
from operations.account_users import every_resource
from operations.answers.groups import ExportedGroups, GroupList, GroupMember, GroupMembers, ShownGroup
from operations.members import Members

app: Final = typer.Typer(no_args_is_help=True, help="List, show, export, import and change the groups of an account.")

app.command("import")(groups_import.import_groups)
app.command("delete")(group_changes.delete)
app.command("rename")(group_changes.rename)

_SECONDS: Final = 60.0
_SECONDS_TO_EXPORT: Final = 24 * 3600.0


@app.command("list")
def list_groups(
    context: typer.Context,
    account: Account = "default",
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many groups.")] = 100,
) -> None:
    """List the groups of an account, ordered by id."""
    invocation = invocation_of(context)
    store = invocation.deployment.account(account, _SECONDS).groups
    total = store.total()
    if total == 0:
        invocation.deployment.require_account(account, _SECONDS)
    groups = list(islice(every_resource(store, min(limit, 100)), limit))
    table = table_of("Id", "Name", "External id", "Last modified")
    for group in groups:
        cells = (group.id, group.display_name, group.keys.external_id or "", group.last_modified)
        table.add_row(*(plain(cell) for cell in cells))
    invocation.answer(
        GroupList(total=total, groups=[as_resource(group) for group in groups]),
        table if groups else f"The account {account} has no groups.",
    )
    if len(groups) < total:
        invocation.note(f"{len(groups)} of {total} groups; --limit shows more; rollcall groups export writes all.")


@app.command()
def show(
    context: typer.Context,
    account: Account = "default",
    name: GroupName = None,
    group_id: GroupId = None,
) -> None:
    """Show one group and its number of members. Names are compared without regard to case."""
    invocation = invocation_of(context)
    group = chosen_group(invocation, account, name, group_id)
    members = len(invocation.deployment.account(account, _SECONDS).members.of(group.id))
    table = Table(box=None, show_header=False, pad_edge=False)
    rows = {
        "Name": group.display_name,
        "Id": group.id,
        "External id": group.keys.external_id or "none",
        "Members": f"{members:,}",
        "Created": group.created,
        "Last modified": group.last_modified,
        "Version": str(group.version),
    }
    for label, value in rows.items():
        table.add_row(label, plain(value))
    invocation.answer(
        ShownGroup(account=account, members=members, group=as_resource(group)),
        table,
        *(
            [f"To list the members: rollcall{invocation.options} groups members {_same(account, group)}"]
            * (members > 0)
        ),
    )


@app.command()
def members(
    context: typer.Context,
    account: Account = "default",
    name: GroupName = None,
    group_id: GroupId = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many members.")] = 100,
) -> None:
    """List the members of one group, ordered by id."""
    invocation = invocation_of(context)
    group = chosen_group(invocation, account, name, group_id)
    directory = invocation.deployment.account(account, _SECONDS_TO_EXPORT)
    total = len(directory.members.of(group.id))
    found = list(islice(Members(directory).of(group.id), limit))
    table = table_of("Id", "User name", "E-mail", "Active")
    for member in found:
        cells = (member.id, member.user_name, member.email, "yes" if member.active else "no")
        table.add_row(*(plain(cell) for cell in cells))
    invocation.answer(
        GroupMembers(
            account=account,
            id=group.id,
            display_name=group.display_name,
            total=total,
            members=[GroupMember.model_validate(member) for member in found],
        ),
        table if found else f"The group {plain(group.display_name)} has no members.",
    )
    if len(found) < total:
        invocation.note(f"{len(found)} of {total} members; --limit shows more; rollcall groups export writes all.")


@app.command()
def export(
    context: typer.Context,
    *,
    account: Account = "default",
    name: GroupName = None,
    group_id: GroupId = None,
    form: FormatOption = None,
    output: Output = None,
    yes: Overwrite = False,
) -> None:
    """Write the groups of an account and their members to a file. It contains personal data; only you can read it.

    JSON has one group per line, CSV one membership per line. With --name or --id, only that group is written.
    """
    invocation = invocation_of(context)
    chosen = chosen_format(invocation, form, output, yes=yes)
    directory = invocation.deployment.account(account, _SECONDS_TO_EXPORT)
    one = None if name is None and group_id is None else chosen_group(invocation, account, name, group_id)
    if one is None and directory.groups.total() == 0:
        invocation.deployment.require_account(account, _SECONDS)
    members = Members(directory)
    written = memberships = 0
    with private_file(output) as target:
        at_a_terminal = output is None and target.isatty()
        write = _writer(chosen, target, at_a_terminal=at_a_terminal)
        groups = [one] if one else with_progress(invocation, directory.groups, "Exporting", quietly=at_a_terminal)
        for group in groups:
            memberships += write(group, members)
            written += 1
    if output is not None:
        invocation.answer(
            ExportedGroups(
                result="exported", account=account, groups=written, memberships=memberships, file=str(output)
            ),
            f"{counted(written, 'group')} of {account} with {counted(memberships, 'membership')} written to "
            f"{plain(str(output))}.",
        )


Writer = Callable[[StoredGroup, Members], int]
"""Writes a group and returns how many members it has."""


def _writer(form: Format, target: TextIO, *, at_a_terminal: bool) -> Writer:
    if form is Format.JSONL:
        readable = harmless_json if at_a_terminal else str

        def write_line(group: StoredGroup, members: Members) -> int:
            found = list(members.of(group.id))
            target.write(readable(encode(with_members(group, found))) + "\n")
            return len(found)

        return write_line
    cell = harmless if at_a_terminal else str
    table = csv.writer(target)
    table.writerow(COLUMNS)

    def write_rows(group: StoredGroup, members: Members) -> int:
        count = 0
        for row in as_rows(group, members.of(group.id)):
            table.writerow([cell(value) for value in row])
            count += bool(row[USER_ID])
        return count

    return write_rows


def _same(account: str, group: StoredGroup) -> str:
    """The options that select this group."""
    return ("" if account == "default" else f"--account {account} ") + argument("--name", group.display_name, "NAME")

"""`rollcall activity`: show the requests of identity providers, the answers, the reasons and the remedies."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from adapters.clock import is_id
from adapters.logs.lines import Line
from adapters.logs.lost_access import MAX_LINES
from cli.activity_row import row_of
from cli.arguments import OneAccount
from cli.duration import parse_duration
from cli.invocation import Invocation, invocation_of, output
from cli.lost_access import lost_access_parts, read_lost_access
from cli.root import UsageError
from cli.tables import table_of
from cli.unknown_attributes import SINCE, show_unknown_attributes
from cli.user_options import chosen_user
from cli.wording import harmless_json, plain
from operations.activity import LineFilter
from operations.names import NO_NAMES, Names, NamesUnavailable, concerned_by, names_of

_WIDTHS: Final = (19, 12, 13, 36, 15, 24)
"""Column widths with --follow; the last column needs none."""
_SECONDS: Final = 60.0
_LIMIT: Final = 50
_SINCE: Final = "1h"


@dataclass
class Whom:
    """Names of whom lines are about, where the operator wants them; notes once that the table gives none."""

    invocation: Invocation
    wanted: bool
    _denied: bool = field(default=False, init=False)

    def names(self, lines: Sequence[Line]) -> Names:
        """The names of the users and groups that lines name."""
        concerned = [each for line in lines for each in concerned_by(line)]
        if not self.wanted or self._denied:
            return NO_NAMES
        try:
            return names_of(self.invocation.deployment, concerned)
        except NamesUnavailable as problem:
            self._denied = True
            self.invocation.note(str(problem))
            return NO_NAMES


def activity(
    context: typer.Context,
    *,
    account: OneAccount = None,
    user: Annotated[
        str | None,
        typer.Option(
            metavar="ID|ADDRESS",
            help="Show requests about one user: its id, or with --account its address or userName.",
        ),
    ] = None,
    group: Annotated[str | None, typer.Option(metavar="ID", help="Show requests about one group.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Show only requests that were rejected or failed.")] = False,
    lost_access: Annotated[
        bool,
        typer.Option(
            "--lost-access", help="Show users who were deactivated or deleted, and those for whom this was refused."
        ),
    ] = False,
    unknown_attributes: Annotated[
        bool,
        typer.Option(
            "--unknown-attributes", help="Show attributes that identity providers sent but no schema declares."
        ),
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Show new lines as they are written, until Ctrl-C.")] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help=f"How far to look back: 30m, 1h, 7d; default: {_SINCE}, with --unknown-attributes {SINCE}.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, max=MAX_LINES, help=f"Show at most this many past lines; default: {_LIMIT}."),
    ] = None,
    no_names: Annotated[
        bool, typer.Option("--no-names", help="Show only ids: do not look names up in the table.")
    ] = False,
) -> None:
    """Show requests from identity providers: the user or group, the answer, the reason and what to do.

    The CloudWatch dashboard shows the same requests. With --json, the command prints the log lines, one JSON object per
    line.
    """
    invocation = invocation_of(context)
    if unknown_attributes:
        if user or group or failed or follow or lost_access or no_names or limit is not None:
            raise UsageError("--unknown-attributes can only be combined with --account and --since.")
        show_unknown_attributes(invocation, account, SINCE if since is None else since, _SECONDS)
        return
    since = _SINCE if since is None else since
    if lost_access:
        if user or group or failed or follow or limit is not None:
            raise UsageError("--lost-access can only be combined with --account, --since and --no-names.")
        _show_lost_access(invocation, account, since, names=not no_names)
        return
    whose = None if user is None else _user_id(invocation, account, user)
    wanted = LineFilter(
        datetime.now(UTC) - parse_duration(since, "--since"), limit or _LIMIT, account, failed, group, whose
    )
    log, whom = invocation.deployment.activity, Whom(invocation, wanted=not no_names)
    if follow:
        show = _printer(invocation, whom)
        try:
            for line in log.follow(wanted):
                show(line)
        except KeyboardInterrupt:  # the way to end --follow
            return
    else:
        _show_past(invocation, log.past(wanted), wanted, since, whom)


def _user_id(invocation: Invocation, account: str | None, text: str) -> str:
    """The id of the user meant; raises `UsageError` for an address without an account."""
    if is_id(text):
        return text
    if account is None:
        raise UsageError("To look up an address or userName, add --account NAME; or give the user's id.")
    email, name = (text, None) if "@" in text else (None, text)
    return chosen_user(invocation, account, email, name, None).id


def _show_lost_access(invocation: Invocation, account: str | None, since: str, *, names: bool) -> None:
    lately = read_lost_access(invocation, account, parse_duration(since, "--since"), names=names)
    parts = lost_access_parts(lately, since)
    invocation.answer(lately, *parts)
    if not parts:
        if account is not None:
            invocation.deployment.require_account(account, _SECONDS)
        of = "" if account is None else f" of {account}"
        invocation.note(f"No user{of} lost access in the last {since}; --since looks further back.")


def _show_past(invocation: Invocation, lines: Sequence[Line], wanted: LineFilter, since: str, whom: Whom) -> None:
    if not lines and wanted.account is not None:
        invocation.deployment.require_account(wanted.account, _SECONDS)
    names = whom.names(lines)
    if invocation.as_json:
        for line in lines:
            typer.echo(_as_json(line, names))
        return
    if lines:
        rows = [row_of(line, names) for line in lines]
        groups = any(row.group for row in rows)
        headers = ["When", "Account", "Operation", "User", *["Group"] * groups, "Answer", "Reason", "What to do"]
        table = table_of(*headers)
        for line, row in zip(lines, rows, strict=True):
            cells = row if groups else (*row[:4], *row[5:])
            table.add_row(*(plain(cell) for cell in cells), style=_style(line))
        invocation.answer(None, table)
    of = "" if wanted.account is None else f" of {wanted.account}"
    of += "" if wanted.user is None else f" about the user {wanted.user}"
    of += "" if wanted.group is None else f" about the group {wanted.group}"
    if not lines:
        invocation.note(
            f"Nothing{of} {'failed' if wanted.failed else 'came'} in the last {since}; --since looks further back."
        )
    elif len(lines) == wanted.limit:
        invocation.note(f"Only the last {wanted.limit} are shown; --limit shows more.")


def _printer(invocation: Invocation, whom: Whom) -> Callable[[Line], None]:
    """A function that prints one line immediately, also into a pipe."""
    if invocation.as_json:
        return lambda line: typer.echo(_as_json(line, whom.names([line])))
    console = output()

    def show(line: Line) -> None:
        row = row_of(line, whom.names([line]))
        concerned = ", ".join(filter(None, (row.user, row.group and f"group {row.group}")))
        cells = (row.when, row.account, row.operation, concerned, row.answer, row.reason)
        padded = [cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)]
        console.print(plain("  ".join([*padded, row.remedy]).rstrip()), style=_style(line))
        console.file.flush()

    return show


def _as_json(line: Line, names: Names) -> str:
    """The line, with `user_name` and `group_name` where they are known; the log holds neither."""
    found = {f"{each.noun}_name": name for each in concerned_by(line) if (name := names.of(each)) is not None}
    return harmless_json(json.dumps({**line, **found}, ensure_ascii=False))


def _style(line: Line) -> str:
    status = line.get("status", 0)
    return "red" if status >= 500 else "yellow" if status >= 400 else ""

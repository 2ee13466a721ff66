"""`rollcall activity`: show the requests of identity providers, the answers, the reasons and the remedies."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, NamedTuple

import typer

from adapters.logs.lines import Line, time_of
from adapters.logs.lost_access import MAX_LINES
from cli.arguments import OneAccount
from cli.duration import parse_duration
from cli.invocation import Invocation, invocation_of, output
from cli.tables import table_of
from cli.wording import harmless_json, plain
from operations.activity import LineFilter

_WIDTHS: Final = (19, 12, 13, 15, 24)
"""Column widths with --follow; the last column needs none."""


_SECONDS: Final = 60.0
_ALSO: Final = {"adoption": "adopted", "take-back": "taken back", "let-through": "let through"}
"""What else happened to a user, by the message of its line."""


class ActivityRow(NamedTuple):
    """The columns of the table for one log line."""

    when: str
    account: str
    operation: str
    answer: str
    reason: str
    remedy: str


def activity(
    context: typer.Context,
    *,
    account: OneAccount = None,
    group: Annotated[str | None, typer.Option(metavar="ID", help="One group; default: all requests.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Show only requests that were rejected or failed.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Show new lines as they are written, until Ctrl-C.")] = False,
    since: Annotated[str, typer.Option(metavar="TIME", help="How far to look back: 30m, 1h, 7d.")] = "1h",
    limit: Annotated[int, typer.Option(min=1, max=MAX_LINES, help="Show at most this many past lines.")] = 50,
) -> None:
    """Show the requests of identity providers: the account, the answer, the reason and what to do.

    The CloudWatch dashboard shows the same record. With --json, print the log lines, one JSON object a line.
    """
    invocation = invocation_of(context)
    wanted = LineFilter(datetime.now(UTC) - parse_duration(since, "--since"), limit, account, failed, group)
    log = invocation.deployment.activity
    if follow:
        show = _printer(invocation)
        try:
            for line in log.follow(wanted):
                show(line)
        except KeyboardInterrupt:  # the way to end --follow
            return
    else:
        _show_past(invocation, log.past(wanted), wanted, since)


def row_of(line: Line) -> ActivityRow:
    """The columns of the table for a log line."""
    message = line["message"]
    when = time_of(line).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    account, reason, remedy = (str(line.get(name, "")) for name in ("account", "reason", "remedy"))
    if message == "audit":
        by = f"by {line.get('actor', 'unknown')}, request {line.get('request_id', 'unknown')}"
        operation, about = str(line.get("operation", "settings page")), reason or str(line.get("attribute", ""))
        return ActivityRow(when, account, operation, str(line.get("what", "")), about, by)
    what = _ALSO.get(message) or (str(line.get("what", "")) if message == "lost-access" else None)
    if what is not None:
        return ActivityRow(
            when, account, str(line.get("operation", "")), what, reason, f"user {line.get('user_id', '')}"
        )
    answer = " ".join(str(line[name]) for name in ("status", "scim_type") if name in line)
    operation = str(line.get("operation", "")) + (" in Bulk" if message == "bulk-operation" else "")
    about = f"{reason}: {line['attribute']}" if "attribute" in line else reason
    group = f"group {line['group_id']}" if "group_id" in line else ""
    return ActivityRow(when, account, operation, answer, about or _members(line), remedy or group)


def _members(line: Line) -> str:
    """What a request did to the members of groups, such as "3 joined, 1 left"."""
    counts = {"joined": "members_joined", "left": "members_left", "left out": "members_left_out"}
    return ", ".join(f"{line[name]} {what}" for what, name in counts.items() if line.get(name))


def _show_past(invocation: Invocation, lines: Sequence[Line], wanted: LineFilter, since: str) -> None:
    if invocation.as_json:
        for line in lines:
            typer.echo(_as_json(line))
        if not lines and wanted.account is not None:
            invocation.deployment.require_account(wanted.account, _SECONDS)
        return
    if lines:
        table = table_of("When", "Account", "Operation", "Answer", "Reason", "What to do")
        for line in lines:
            table.add_row(*(plain(cell) for cell in row_of(line)), style=_style(line))
        invocation.answer(None, table)
    of = "" if wanted.account is None else f" of {wanted.account}"
    of += "" if wanted.group is None else f" about the group {wanted.group}"
    if not lines:
        if wanted.account is not None:
            invocation.deployment.require_account(wanted.account, _SECONDS)
        invocation.note(
            f"Nothing{of} {'failed' if wanted.failed else 'came'} in the last {since}; --since looks further back."
        )
    elif len(lines) == wanted.limit:
        invocation.note(f"The last {wanted.limit}; --limit shows more.")


def _printer(invocation: Invocation) -> Callable[[Line], None]:
    """A function that prints one line immediately, also into a pipe."""
    if invocation.as_json:
        return lambda line: typer.echo(_as_json(line))
    console = output()

    def show(line: Line) -> None:
        *cells, last = row_of(line)
        padded = [cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)]
        console.print(plain("  ".join([*padded, last]).rstrip()), style=_style(line))
        console.file.flush()

    return show


def _as_json(line: Line) -> str:
    return harmless_json(json.dumps(line, ensure_ascii=False))


def _style(line: Line) -> str:
    status = line.get("status", 0)
    return "red" if status >= 500 else "yellow" if status >= 400 else ""

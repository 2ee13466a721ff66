"""What the imports of users and of memberships share: the progress bar, the reasons to stop, the refused rows."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Final, Protocol, TextIO

import typer
from pydantic import BaseModel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.invocation import Invocation
from domain.documents import encode
from domain.errors import Retryable
from operations.roster import Origin, report_header, report_line, report_row

REFUSALS_SHOWN: Final = 20
INTERRUPTED: Final = "Interrupted."

Report = Annotated[
    Path | None,
    typer.Option(
        "--report", dir_okay=False, help="Write refused rows to this file, so that you can correct and import them."
    ),
]


class Refused(Protocol):
    """A row that was refused."""

    @property
    def line(self) -> int:
        """The line of the row in the file."""

    @property
    def reason(self) -> str:
        """Why it was refused, in a word."""

    @property
    def detail(self) -> str:
        """Why it was refused, and what to do."""

    @property
    def origin(self) -> Origin | None:
        """What the row has in the file."""


def run_import(
    invocation: Invocation, lines: int, work: Callable[[Callable[[int], None]], None], *, has_header: bool
) -> str:
    """Run the work with a progress bar on a terminal; return why it stopped early, "" if it did not.

    `work` is given a function to call with the line that it has come to, of `lines` in all with the header.
    """
    shown = invocation.errors.is_terminal and not invocation.as_json
    bar = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*bar, console=invocation.errors, transient=True, disable=not shown) as progress:
        task = progress.add_task("Importing", total=lines - has_header)
        try:
            work(lambda line: progress.update(task, completed=line - has_header))
        except Retryable as error:
            return error.detail
        except KeyboardInterrupt:
            return INTERRUPTED
    return ""


def exit_code(refused: Sequence[object], stopped: str) -> int:
    """130 after Ctrl-C, 1 when a row was refused or the import stopped, else 0."""
    return 130 if stopped == INTERRUPTED else 1 if refused or stopped else 0


def show_refusals(invocation: Invocation, refused: Sequence[Refused], report: Path | None) -> None:
    """Show the first refused rows, and where the others are."""
    if invocation.as_json:
        return
    for refusal in refused[:REFUSALS_SHOWN]:
        invocation.note(f"  line {refusal.line}: {refusal.detail}")
    more = len(refused) - REFUSALS_SHOWN
    if report is not None and refused:
        to_correct = (
            ""
            if report.suffix.lower() == ".json"
            else " Correct those that should be imported, delete the others, and import that file."
        )
        invocation.note(f"All refused rows are in {report}.{to_correct}")
    elif more > 0:
        invocation.note(f"  and {more} more; --report FILE writes all of them.")


def show_stopped(invocation: Invocation, stopped: str) -> None:
    """Say why the import stopped, if it did, and how to continue."""
    if stopped:
        invocation.note(f"rollcall: {stopped} The import stopped; run it again to continue from there.")


def write_report(
    target: TextIO,
    report: Path,
    refused: Sequence[Refused],
    answers: Sequence[BaseModel],
    header: Sequence[str] | None,
) -> None:
    """Write all refused rows: as one JSON array (`answers`), else as they are in the file, whose CSV has the `header`.

    What is written as CSV or JSON lines can be corrected and imported.
    """
    if report.suffix.lower() == ".json":
        json.dump([row.model_dump(by_alias=True) for row in answers], target, indent=2, ensure_ascii=False)
        target.write("\n")
        return
    table = csv.writer(target)
    if header is not None:
        table.writerow(report_header(header))
    for row in refused:
        origin = row.origin or Origin(row.line, row.line)
        if header is not None:
            table.writerow(report_row(origin, row.reason, row.detail))
        else:
            target.write(encode(report_line(origin, row.reason, row.detail)) + "\n")

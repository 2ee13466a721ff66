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
from domain.errors import Retryable

REFUSALS_SHOWN: Final = 20
INTERRUPTED: Final = "Interrupted."

Report = Annotated[
    Path | None,
    typer.Option("--report", dir_okay=False, help="Write the refused rows to this file, as CSV or JSON by its name."),
]


class Refused(Protocol):
    """A row that was refused."""

    @property
    def line(self) -> int:
        """The line of the row in the file."""

    @property
    def detail(self) -> str:
        """Why it was refused."""


def run_import(invocation: Invocation, lines: int | None, work: Callable[[Callable[[int], None]], None]) -> str:
    """Run the work with a progress bar on a terminal; return why it stopped early, "" if it did not.

    `work` is given a function to call with the line that it has come to, of `lines` in all.
    """
    shown = invocation.errors.is_terminal and not invocation.as_json
    bar = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*bar, console=invocation.errors, transient=True, disable=not shown) as progress:
        task = progress.add_task("Importing", total=lines)
        try:
            work(lambda line: progress.update(task, completed=line))
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
        invocation.note(f"All refused rows are in {report}.")
    elif more > 0:
        invocation.note(f"  and {more} more; --report FILE writes all of them.")


def show_stopped(invocation: Invocation, stopped: str) -> None:
    """Say why the import stopped, if it did, and how to continue."""
    if stopped:
        invocation.note(f"rollcall: {stopped} The import stopped; run it again to continue from there.")


def write_report(
    target: TextIO, form: str, refused: Sequence[BaseModel], columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    """Write all refused rows: `refused` as JSON for the form ".json", else `columns` and `rows` as CSV."""
    if form == ".json":
        json.dump([row.model_dump(by_alias=True) for row in refused], target, indent=2, ensure_ascii=False)
        target.write("\n")
        return
    table = csv.writer(target)
    table.writerow(columns)
    table.writerows(rows)

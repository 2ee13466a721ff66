"""What the exports of users and of groups share: the formats, the file, and the options."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.invocation import Invocation
from cli.root import UsageError


class Format(StrEnum):
    """The file formats of an export."""

    JSONL = "jsonl"
    CSV = "csv"


FormatOption = Annotated[Format, typer.Option("--format", help="One JSON resource per line, or a table.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", dir_okay=False, help="File to write; default: standard output.")
]
Overwrite = Annotated[bool, typer.Option("--yes", help="Overwrite the file without asking.")]


def check_output(invocation: Invocation, form: Format, output: Path | None, *, yes: bool) -> None:
    """Ask before a file is overwritten; raises `UsageError` for JSON and CSV on one output."""
    if output is None and invocation.as_json and form is Format.CSV:
        raise UsageError("--json and --format csv together need --output.")
    if output is not None and output.exists():
        invocation.confirm(f"Overwrite {output}?", yes)

"""What the exports of users and of groups share: the formats, the file, and the options."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.invocation import Invocation
from cli.root import UsageError


class Format(StrEnum):
    """The file formats of an export."""

    JSONL = "jsonl"
    CSV = "csv"


_FORMATS: Final = {".csv": Format.CSV, ".jsonl": Format.JSONL, ".ndjson": Format.JSONL}
FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format", help="jsonl has one JSON resource per line, csv is a table; default: by the file's name, or jsonl."
    ),
]
_STANDARD_OUTPUT: Final = Path("-")
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        dir_okay=False,
        callback=lambda output: None if output == _STANDARD_OUTPUT else output,
        help="File to write; default, or with -: standard output.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--yes", help="Overwrite the file without asking.")]


def chosen_format(invocation: Invocation, form: Format | None, output: Path | None, *, yes: bool) -> Format:
    """The format given, else that of the file's name; asks before a file is overwritten.

    Raises `UsageError` for JSON and CSV on one output.
    """
    by_name = None if output is None else _FORMATS.get(output.suffix.lower())
    chosen = form or by_name or Format.JSONL
    if output is None and invocation.as_json and chosen is Format.CSV:
        raise UsageError("--json and --format csv together need --output.")
    if by_name not in (None, chosen):
        invocation.note(
            f"{output} is written as {chosen.value}, because of --format, although its name has another ending."
        )
    if output is not None and output.exists():
        invocation.confirm(f"Overwrite {output}?", yes)
    return chosen

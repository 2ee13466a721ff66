"""Reports of the benchmarks: their command line, their tables on the terminal or in a file, their JSON."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

WIDTH_OF_A_FILE: Final = 1_000
"""Columns of output that is not a terminal; rich assumes 80."""


def arguments(description: str | None, output: str) -> argparse.Namespace:
    """The command line of a benchmark: where the JSON goes, and whether to be quick."""
    return parser_of(description, output).parse_args()


def parser_of(description: str | None, output: str) -> argparse.ArgumentParser:
    """The same, for a benchmark with options of its own."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=Path("build/bench") / output, help="where to write the results")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, for a first look")
    return parser


def console(*, stderr: bool = False) -> Console:
    """A console on which a table keeps its columns when the output is piped or written to a file."""
    found = Console(stderr=stderr)
    return found if found.is_terminal else Console(stderr=stderr, width=WIDTH_OF_A_FILE)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A table of figures: the first column on the left, floats with two decimals."""
    made = Table(title=title)
    for position, column in enumerate(columns):
        made.add_column(column, justify="left" if position == 0 else "right")
    for row in rows:
        made.add_row(*(f"{cell:,.2f}" if isinstance(cell, float) else str(cell) for cell in row))
    return made


def publish(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], path: Path, **facts: object) -> None:
    """Print the rows as a table and write them, with what they were measured on, as JSON."""
    output = console()
    output.print(table(title, columns, rows))
    path.parent.mkdir(parents=True, exist_ok=True)
    measured_on = {"python": platform.python_version(), "machine": platform.machine()}
    document = {"title": title, **measured_on, **facts, "rows": [dict(zip(columns, row, strict=True)) for row in rows]}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    output.print(f"written to {path}")

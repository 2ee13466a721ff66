"""What the benchmarks share: interleaved timing, one table, one JSON file."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

Work = Callable[[], object]


def interleaved(works: Mapping[str, Work], *, rounds: int = 15, seconds: float = 0.05) -> dict[str, float]:
    """Seconds of one call of each work: the median over rounds, in every round each work once for `seconds`.

    The machine's noise meets all of them alike, so their ratio is worth more than any of the figures.
    """
    repeats: dict[str, int] = {}
    for name, work in works.items():
        work()  # caches are warm in a running service
        started = time.perf_counter()
        work()
        repeats[name] = max(1, int(seconds / max(time.perf_counter() - started, 1e-7)))
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            started = time.perf_counter()
            for _ in range(repeats[name]):
                work()
            taken[name].append((time.perf_counter() - started) / repeats[name])
    return {name: statistics.median(values) for name, values in taken.items()}


def arguments(description: str | None, output: str) -> argparse.Namespace:
    """The command line of a benchmark: where the JSON goes, and whether to be quick."""
    return parser_of(description, output).parse_args()


def parser_of(description: str | None, output: str) -> argparse.ArgumentParser:
    """The same, for a benchmark with options of its own."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=Path("build/bench") / output, help="where to write the figures")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, for a first look")
    return parser


def publish(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], path: Path, **facts: object) -> None:
    """Print the rows as a table and write them, with what they were measured on, as JSON."""
    table = Table(title=title)
    for position, column in enumerate(columns):
        table.add_column(column, justify="left" if position == 0 else "right")
    for row in rows:
        table.add_row(*(f"{cell:,.2f}" if isinstance(cell, float) else str(cell) for cell in row))
    Console().print(table)
    path.parent.mkdir(parents=True, exist_ok=True)
    measured_on = {"python": platform.python_version(), "machine": platform.machine()}
    document = {"title": title, **measured_on, **facts, "rows": [dict(zip(columns, row, strict=True)) for row in rows]}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    Console().print(f"written to {path}")

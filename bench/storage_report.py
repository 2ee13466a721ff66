"""The figures of `bench/storage_costs.py`: as tables, as JSON, as a page of docs and as a plot."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
from report import console, table

mpl.use("Agg")
from matplotlib import pyplot as plt

Row = dict[str, Any]

_MEASURES = ("calls", "units", "p50, ms", "p99, ms")
_PLOTTED = (
    "get",
    "look-up by userName",
    "create",
    "patch",
    "first page by index",
    "deepest page by index",
    "deepest page by cursor",
)

_PAGE = """# What requests cost

```sh
make bench-storage
.venv/bin/python bench/storage_costs.py --publish  # these figures
```

This benchmark ran on DynamoDB Local, Amazon's own engine, in memory, with {machine}, {date}. Each user has
1.2 KB, one address and an externalId. A figure covers a whole handler: key check, decoding, validation, DynamoDB,
encoding, log line and metrics. Calls and capacity units come from the handlers' log lines. DynamoDB Local counts the
writes of a transaction once, but AWS bills them twice
([data model](../data-model.md#how-each-operation-reads-and-writes)). Times depend on the engine and this machine. Use
them for comparison only.

## Cost against the size of the directory

![Capacity units and milliseconds against the number of users](../images/storage-cost.png)

Each cell has the figures for {sizes} users. Each of {rounds} rounds runs every operation once in every
directory. A page has 100 users. A page of a crawl has 1,000.

{operations}

For a Query by prefix, DynamoDB Local reads a whole collection. DynamoDB does not. The milliseconds of the look-up by
externalId therefore grow with the directory here, but its calls and units do not.

## Goals

- From the smallest directory to the largest, the calls and units of an operation grow at most 1.3 times. For a crawl
  they are counted for each user, so a crawl is linear.
- The deepest page costs at most 2 times as much as the first one.
- `totalResults` takes one call and at most 8 units. It reads all counters. Their number grows with the users, up to
  4,096.

{goals}

## The handler compared with a bare boto3 client

The boto3 client sends the same calls with boto3's own settings, except the service's time-outs, and ignores the
answers. [Decision 011](../decisions/011-items-as-sent.md) explains which work the handler's client skips. The figures
are medians of {bare_rounds} rounds in one process, in turn, in the largest directory.

{comparison}

All figures: [storage.json](storage.json). The run took {seconds} seconds.
"""


@dataclass(frozen=True)
class Report:
    """The results: rows by operation and size, the comparison with boto3, and the goals of calls and units."""

    rows: list[Row]
    comparison: list[Row]
    goals: list[Row]
    rounds: int
    bare_rounds: int
    seconds: int

    @property
    def is_met(self) -> bool:
        """True if calls and units grow no more than allowed."""
        return all(goal["met"] for goal in self.goals)

    @property
    def sizes(self) -> list[int]:
        return sorted({row["users"] for row in self.rows})

    def show(self) -> None:
        """Print the tables."""
        output = console()
        for title, columns, cells in (
            (f"What requests cost with {self._sizes()} users", ["operation", *_MEASURES], self._by_operation()),
            ("Handler compared with boto3", list(self.comparison[0]), self._cells(self.comparison)),
            ("Goals", list(self.goals[0]), self._cells(self.goals)),
        ):
            output.print(table(title, columns, cells))
        output.print(f"{self.seconds} seconds")

    def write(self, figures: Path, picture: Path) -> None:
        """The JSON and the plot."""
        figures.parent.mkdir(parents=True, exist_ok=True)
        document = {
            "title": "What requests cost",
            "python": platform.python_version(),
            "machine": platform.machine(),
            "rounds": self.rounds,
            "rounds compared with boto3": self.bare_rounds,
            "operations": self.rows,
            "compared with boto3": self.comparison,
            "goals": self.goals,
        }
        figures.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        self._plot(picture)
        console().print(f"written to {figures} and {picture}")

    def markdown(self) -> str:
        """The page of docs."""
        return _PAGE.format(
            machine=f"CPython {platform.python_version()} on {platform.machine()}",
            date=datetime.now(UTC).date(),
            sizes=self._sizes(),
            rounds=self.rounds,
            bare_rounds=f"{self.bare_rounds:,}",
            seconds=self.seconds,
            operations=_markdown(["operation", *_MEASURES], self._by_operation()),
            goals=_markdown(list(self.goals[0]), self._cells(self.goals)),
            comparison=_markdown(list(self.comparison[0]), self._cells(self.comparison)),
        )

    def _sizes(self) -> str:
        return " / ".join(f"{size:,}" for size in self.sizes)

    def _by_operation(self) -> list[list[str]]:
        """A row for each operation, with the figures of all sizes in a cell."""
        of = {(row["operation"], row["users"]): row for row in self.rows}
        return [
            [name, *(" / ".join(_text(of[name, size][measure]) for size in self.sizes) for measure in _MEASURES)]
            for name in dict.fromkeys(row["operation"] for row in self.rows)
        ]

    @staticmethod
    def _cells(rows: Iterable[Row]) -> list[list[str]]:
        return [[_text(value) for value in row.values()] for row in rows]

    def _plot(self, picture: Path) -> None:
        of = {(row["operation"], row["users"]): row for row in self.rows}
        crawl = next(row["operation"] for row in self.rows if row["operation"].startswith("crawl by cursor"))
        figure, axes = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
        for axis, measure, title in zip(
            axes, ("units", "p50, ms"), ("capacity units", "milliseconds, median"), strict=True
        ):
            for name in _PLOTTED:
                axis.plot(self.sizes, [of[name, size][measure] for size in self.sizes], marker="o", label=name)
            whole = [of[crawl, size][measure] * size / 1_000 for size in self.sizes]
            axis.plot(self.sizes, whole, marker="o", linestyle="--", color="gray", label="whole crawl by cursor")
            axis.set(xscale="log", yscale="log", xlabel="users in the directory", title=title)
            axis.grid(visible=True, which="major", alpha=0.3)
        axes[1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
        picture.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(picture, dpi=90, metadata={"Software": None})
        plt.close(figure)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}".removesuffix(".00") if value < 100 else f"{value:,.0f}"
    return str(value)


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

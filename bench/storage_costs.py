"""Costs of a client's requests on DynamoDB Local with 1,000, 10,000 and 100,000 users, and the handler's part of it.

    make bench-storage      (or: .venv/bin/python bench/storage_costs.py [--quick] [--json FILE] [--publish])

Every figure is of a whole handler: key check, decoding, validation, DynamoDB, encoding, log line and metrics. Calls
and capacity units are those of its log line. In every round each operation is done once in each directory, so that the
machine's noise meets all sizes alike. The second table compares it with boto3 alone (`boto3_comparison.py`).

--publish also writes docs/benchmarks/storage.md, storage.json and the plot in docs/images. Exit code 1 when calls or
units miss their goal; times depend on the machine and are only shown.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Any

from boto3_comparison import compare_with_boto3
from directories import CRAWL_PAGE, OPERATIONS, Directory
from report import console, parser_of
from rich.progress import track
from service import Cost, serving
from storage_report import Report

from support import engines

DOCUMENTS = Path(__file__).parents[1] / "docs"
SIZES = (1_000, 10_000, 100_000)
FLAT = 1.3
DEEPEST = 2.0
ERRORS = console(stderr=True)
TOTAL = "totalResults"
MOST_UNITS_OF_THE_COUNTERS = 8.0
"""There are 4,096 and no more: what reading them costs grows with the directory until all of them exist."""
CRAWL = "crawl by {}, per 1,000 users"

Row = dict[str, Any]


@dataclass
class Samples:
    """Measurements of an operation; `parts` is what one sample is divided by."""

    parts: float = 1.0
    seconds: list[float] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)

    def row(self, operation: str, users: int) -> Row:
        times = [seconds * 1000 / self.parts for seconds in self.seconds]
        return {
            "operation": operation,
            "users": users,
            "p50, ms": median(times),
            "p99, ms": quantiles(times, n=100, method="inclusive")[98] if len(times) > 1 else times[0],
            "calls": mean(cost.calls for cost in self.costs) / self.parts,
            "units": mean(cost.units for cost in self.costs) / self.parts,
        }


def timed(directory: Directory, samples: Samples, work: Callable[[], Any]) -> Any:
    """Run the operation and keep its time and cost."""
    directory.service.use(directory.table)
    directory.service.cost()
    started = time.perf_counter()
    answer = work()
    samples.seconds.append(time.perf_counter() - started)
    samples.costs.append(directory.service.cost())
    return answer


def by_operation(directories: list[Directory], rounds: int) -> list[Row]:
    """All operations but the crawls."""
    samples = {(name, on.size): Samples() for name in OPERATIONS for on in directories}
    warm_up = max(3, rounds // 10)
    for turn in track(range(-warm_up, rounds), "Measuring", console=ERRORS, transient=True):
        for name, prepare in OPERATIONS.items():
            for on in directories:
                answer = timed(on, samples[name, on.size] if turn >= 0 else Samples(), prepare(on))
                if name == "create":
                    on.created.append(answer["headers"]["Location"].rpartition("/")[2])
    return [samples[name, on.size].row(name, on.size) for name in OPERATIONS for on in directories]


def crawl_by_index(on: Directory) -> None:
    for start in range(0, on.size, CRAWL_PAGE):
        on.page(start, CRAWL_PAGE)()


def crawl_by_cursor(on: Directory) -> None:
    cursor: str | None = ""
    while cursor is not None:
        cursor = json.loads(on.page_at(cursor, CRAWL_PAGE)()["body"]).get("nextCursor")


def crawls(directories: list[Directory]) -> list[Row]:
    """Reading everything, page after page, by index and by cursor."""
    rows = []
    for way, crawl in {"index": crawl_by_index, "cursor": crawl_by_cursor}.items():
        for on in track(directories, f"Crawling by {way}", console=ERRORS, transient=True):
            samples = Samples(parts=on.size / 1_000)
            for _ in range(max(1, 10_000 // on.size)):
                timed(on, samples, lambda crawl=crawl, on=on: crawl(on))  # type: ignore[misc]  # mypy infers no type for the lambda's default
            rows.append(samples.row(CRAWL.format(way), on.size))
    return rows


def goals(rows: list[Row]) -> list[Row]:
    """Compare calls and units of the largest directory with the smallest, and of the deepest page with the first."""
    of = {(row["operation"], row["users"]): row for row in rows}
    sizes = sorted({row["users"] for row in rows})
    small, large = sizes[0], sizes[-1]
    found: list[Row] = []

    def goal(what: str, value: float, most: float) -> None:
        found.append({"what": what, "value": value, "at most": most, "met": value <= most})

    def compare(what: str, mine: Row, other: Row, most: float) -> None:
        for measure in ("calls", "units"):
            goal(f"{what}, times the {measure}", mine[measure] / other[measure], most)

    for name in dict.fromkeys(row["operation"] for row in rows):
        if name != TOTAL:
            compare(f"{name}, {large:,} compared with {small:,} users", of[name, large], of[name, small], FLAT)
    for way in ("index", "cursor"):
        pages = [of[f"{depth} page by {way}", large] for depth in ("deepest", "first")]
        compare(f"deepest page compared with the first by {way}, {large:,} users", *pages, DEEPEST)
    goal(f"{TOTAL}, {large:,} users, calls", of[TOTAL, large]["calls"], 1)
    goal(f"{TOTAL}, {large:,} users, units", of[TOTAL, large]["units"], MOST_UNITS_OF_THE_COUNTERS)
    return found


def options() -> argparse.Namespace:
    """The command line."""
    parser = parser_of(__doc__, "storage.json")
    parser.add_argument("--publish", action="store_true", help="also update the figures in docs")
    return parser.parse_args()


def main() -> None:
    chosen = options()
    sizes, rounds, bare_rounds = ((300, 1_000, 3_000), 20, 100) if chosen.quick else (SIZES, 200, 1_000)
    if (why_not := engines.missing()) is not None:
        sys.exit(why_not)
    started = time.monotonic()
    with engines.dynamodb_local() as endpoint, serving() as service:
        client = engines.new_client(endpoint, read_timeout=60, max_pool_connections=16)
        directories = [Directory.loaded(size, client, service, ERRORS) for size in sizes]
        rows = by_operation(directories, rounds) + crawls(directories)
        comparison = compare_with_boto3(directories[-1], endpoint, bare_rounds, ERRORS)
    report = Report(rows, comparison, goals(rows), rounds, bare_rounds, seconds=round(time.monotonic() - started))
    report.show()
    report.write(chosen.json, chosen.json.with_suffix(".png"))
    if chosen.publish:
        benchmarks = DOCUMENTS / "benchmarks"
        report.write(benchmarks / "storage.json", DOCUMENTS / "images" / "storage-cost.png")
        (benchmarks / "storage.md").write_text(report.markdown(), encoding="utf-8")
    if not report.is_met:
        sys.exit(1)


if __name__ == "__main__":
    main()

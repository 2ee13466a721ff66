"""Cost of a page by cursor at every depth of a list that comes from an index, on DynamoDB Local.

    make bench-cursors      (or: .venv/bin/python bench/cursor_pages.py [--quick] [--json FILE] [--publish])

Every figure is of a whole handler, for a page of 100; calls and capacity units are those of its log line. In every
round each list is read once at each depth, so that the machine's noise meets all depths alike.

--publish also writes docs/benchmarks/cursor-pages.md and cursor-pages.json. Exit code 1 when calls or units of a page
are more than the goal times those of the first one; times depend on the machine and are only shown.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

from directories import Directory
from report import console, parser_of, publish
from rich.progress import track
from service import Call, Cost, serving

from support import engines

DOCUMENTS: Final = Path(__file__).parents[1] / "docs" / "benchmarks"
LISTS: Final[dict[str, dict[str, str]]] = {
    "everyone": {},
    "by userName": {"sortBy": "userName"},
    "by userName, descending": {"sortBy": "userName", "sortOrder": "descending"},
    "`userName sw`, which all match": {"filter": 'userName sw "user"'},
    "`emails sw`, which all match": {"filter": 'emails sw "user"'},
    "`userName sw` by userName": {"filter": 'userName sw "user"', "sortBy": "userName"},
}
PAGE: Final = 100
FLAT: Final = 1.05
COLUMNS: Final = ("list", "users before", "calls", "units", "ms")
ERRORS: Final = console(stderr=True)

Row = tuple[str, int, float, float, float]

_DOCUMENT: Final = """# Cost of a page by cursor at every depth

```sh
make bench-cursors
.venv/bin/python bench/cursor_pages.py --publish  # these figures
```

This benchmark ran on DynamoDB Local, in memory, with {machine}, {date}. There are {users} users of
1.2 KB. A page has {page} users, and a figure covers a whole handler. Of {rounds} rounds, calls and units are the
minimum and milliseconds the median. Each cell has the figures for the pages after {depths} users. A
page begins at a position ([decision 030](../decisions/030-cursors-are-positions.md)), so all pages cost the same. The
goal is at most {flat} times the calls and units of the first page. Milliseconds depend on the engine and this machine,
which also did other work.

| list | calls | units | ms |
| --- | --- | --- | --- |
{rows}

With a filter by prefix, each page also counts all matches in the index. Its units grow with the number of matches, not
with the depth.
Pages by `startIndex` are in [storage.md](storage.md).
"""


def depths(users: int) -> list[int]:
    """The number of users before each measured page; the last one is the last of the list."""
    return [*(users * quarter // 4 for quarter in range(4)), users - PAGE]


def pages(on: Directory, query: dict[str, str]) -> Iterator[Call]:
    """The request for the page at each depth, which a crawl finds."""
    passed, cursor = 0, ""
    for depth in depths(on.size):
        while passed < depth:
            count = min(1_000, depth - passed)
            answer = json.loads(on.service.call("GET", "/Users", **query, cursor=cursor, count=count)()["body"])
            passed, cursor = passed + answer["itemsPerPage"], answer["nextCursor"]
        yield on.service.call("GET", "/Users", **query, cursor=cursor, count=PAGE)


def measured(on: Directory, rounds: int) -> list[Row]:
    """Measurements of the page at each depth of each list."""
    on.service.use(on.table)
    calls = {
        (name, depth): call
        for name, query in LISTS.items()
        for depth, call in zip(depths(on.size), pages(on, query), strict=True)
    }
    seconds: dict[tuple[str, int], list[float]] = {at: [] for at in calls}
    costs: dict[tuple[str, int], list[Cost]] = {at: [] for at in calls}
    for _ in track(range(rounds), "Measuring", console=ERRORS, transient=True):
        for at, call in calls.items():
            on.service.cost()
            began = time.perf_counter()
            call()
            seconds[at].append(time.perf_counter() - began)
            costs[at].append(on.service.cost())
    # The least of calls and units: now and then a call for the account's share of its rate comes on top.
    return [
        (
            *at,
            min(cost.calls for cost in costs[at]),
            min(cost.units for cost in costs[at]),
            round(1000 * median(seconds[at]), 1),
        )
        for at in calls
    ]


def grown(rows: list[Row]) -> list[str]:
    """The pages that cost more than the first one of their list allows."""
    first = {name: (calls, units) for name, before, calls, units, _ in rows if before == 0}
    return [
        f"{name} after {before} users"
        for name, before, calls, units, _ in rows
        if calls > FLAT * first[name][0] or units > FLAT * first[name][1]
    ]


def main() -> None:
    parser = parser_of(__doc__, "cursor-pages.json")
    parser.add_argument("--publish", action="store_true", help="also update the figures in docs")
    options = parser.parse_args()
    users, rounds = (2_000, 3) if options.quick else (10_000, 5)
    if (why_not := engines.missing()) is not None:
        sys.exit(why_not)
    with engines.dynamodb_local() as endpoint, serving() as service:
        client = engines.new_client(endpoint, read_timeout=60, max_pool_connections=16)
        rows = measured(Directory.loaded(users, client, service, ERRORS), rounds)
    written = [options.json, *([DOCUMENTS / "cursor-pages.json"] if options.publish else [])]
    for path in written:
        publish("Pages by cursor at every depth", COLUMNS, rows, path, users=users, rounds=rounds, page=PAGE)
    if options.publish:
        (DOCUMENTS / "cursor-pages.md").write_text(markdown(rows, users, rounds), encoding="utf-8")
    if grown(rows):
        sys.exit(f"cost more than the first page: {', '.join(grown(rows))}")


def markdown(rows: list[Row], users: int, rounds: int) -> str:
    """The page of docs."""
    cells = {name: [" / ".join(f"{row[at]:g}" for row in rows if row[0] == name) for at in (2, 3, 4)] for name in LISTS}
    return _DOCUMENT.format(
        machine=f"CPython {platform.python_version()} on {platform.machine()}",
        date=datetime.now(UTC).date().isoformat(),
        users=f"{users:,}",
        page=PAGE,
        rounds=rounds,
        depths=" / ".join(f"{depth:,}" for depth in depths(users)),
        flat=FLAT,
        rows="\n".join(f"| {name} | {' | '.join(of)} |" for name, of in cells.items()),
    )


if __name__ == "__main__":
    main()

"""Costs of requests that are built to be expensive, compared with plain ones of the same size.

    make bench-hostile      (or: PYTHONPATH=src .venv/bin/python bench/hostile.py [--quick] [--json FILE])

All run in one process through the handlers that Lambda calls, over the in-memory twin of the table. Times are the
process's CPU time, which is that of one core: what the service computes.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from hostile_shapes import MAX_BODY_BYTES, SEARCH_URN, Shape, person, shapes
from report import arguments, publish
from service import ACCOUNT, Service, serving

from domain.messages import BULK_REQUEST_URN
from domain.resources.stored_user import StoredUser
from support.in_process import TwinTable
from support.lambda_context import LambdaContext
from support.memory import InMemoryUsers

WORST_SECONDS: Final = 1.0
_ORDINARY: Final = {
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "title": "Analyst",
    "emails": [{"value": "mallory@example.com", "type": "work", "primary": True}],
    "phoneNumbers": [{"value": "+41 555 0100", "type": "work"}],
}


def ordinary(size: int) -> Shape:
    """A plain request of that size: a user with photos, or as many users in a bulk request as it takes."""
    if size > MAX_BODY_BYTES:
        padding = "x" * 4_000
        operations = [
            {
                "method": "POST",
                "path": "/Users",
                "bulkId": str(number),
                "data": person(userName=f"u{number}", name=_ORDINARY["name"], photos=[{"value": padding}]),
            }
            for number in range(min(200, size // 4_300))
        ]
        return Shape("plain", "POST", "/Bulk", {"schemas": [BULK_REQUEST_URN], "Operations": operations})
    rest = min(size - 600, 340_000)
    photos = [{"value": "x" * min(120_000, rest - at)} for at in range(0, max(rest, 0), 120_000)]
    return Shape("plain", "POST", "/Users", person(**_ORDINARY, photos=photos))


def plain(shape: Shape) -> Shape:
    """The baseline: for a query one with a single comparison over the same users, else a body of that size."""
    if shape.name.startswith(("search", "GET")):
        body = {"schemas": [SEARCH_URN], "filter": 'title eq "x"'}
        return Shape("plain", "POST", "/Users/.search", body, users=shape.users)
    return ordinary(len(shape.content))


def kept(users: tuple[StoredUser, ...]) -> InMemoryUsers:
    """The table's users, as if they had just been read: nothing of them is decoded."""
    store = InMemoryUsers()
    for each in users:
        store.create(replace(each))
    return store


def prepared(service: Service, table: TwinTable, shape: Shape) -> Callable[[], tuple[float, int]]:
    """Answer the request once, on its own users: seconds and status."""
    call = service.call(shape.method, shape.path, **shape.query)
    event = call.event | {"body": shape.content.decode(), "isBase64Encoded": False}

    def once() -> tuple[float, int]:
        service.mode(shape.mode)
        table.accounts[ACCOUNT] = kept(shape.users)
        gc.collect()
        handler = call.handler.bound_to(service.bound)
        started = time.process_time()
        answer: dict[str, Any] = handler(event, LambdaContext())
        taken = time.process_time() - started
        service.printed.seek(0)
        service.printed.truncate()
        return taken, answer["statusCode"]

    return once


def main() -> None:
    options = arguments(__doc__, "hostile.json")
    rounds = 1 if options.quick else 5
    rows: list[list[object]] = []
    with serving() as service:
        table = TwinTable()
        service.use(table)  # type: ignore[arg-type]  # the twin stands in for the table
        small = prepared(service, table, ordinary(0))
        for _ in range(20):
            small()
        for shape in shapes():
            hostile, same_size = prepared(service, table, shape), prepared(service, table, plain(shape))
            runs = [(hostile(), same_size(), small()) for _ in range(rounds)]
            seconds, same, least = (statistics.median(run[at][0] for run in runs) for at in range(3))
            status = runs[0][0][1]
            assert runs[0][1][1] < 300, plain(shape)
            size = len(shape.content) or sum(map(len, shape.query.values()))
            rows.append([shape.name, size, status, seconds * 1_000, seconds / same, seconds / least])
    rows.sort(key=lambda row: -float(str(row[3])))
    columns = ("request", "bytes", "status", "ms", "times a plain one of its size", "times a plain one of 600 bytes")
    worst = float(str(rows[0][3])) / 1_000
    publish(
        f"{len(rows)} hostile requests; the worst takes {worst:.2f} s (goal: {WORST_SECONDS:.0f} s)",
        columns,
        rows,
        options.json,
        rounds=rounds,
        worst_seconds=round(worst, 3),
        met=worst <= WORST_SECONDS,
        failures_of_the_service=[row[0] for row in rows if int(str(row[2])) >= 500],
    )


if __name__ == "__main__":
    main()

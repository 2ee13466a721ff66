"""A load on one account or several: at least 25 requests a second for five minutes, over HTTP, on DynamoDB Local.

    make load LOAD='[--rate 25] [--seconds 300] [--accounts 1] [--people 2000] [--json FILE]'

Requests come at fixed times whether or not earlier ones are answered, and their time counts from when they were due:
a service that stalls shows in the percentiles of all that had to wait. Prints latencies, the error rate, what was
logged for each request and how far the publisher of lifecycle events was behind; ends with 1 if a request failed.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import statistics
import sys
import time
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Thread
from typing import IO, Any, Final
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.session import Session
from identity_providers import PARTS, Mix, Person, Request
from report import console, publish
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from domain.limits import DEFAULT_REQUESTS_PER_SECOND, MAX_REQUESTS_PER_SECOND
from local.service import TABLE_NAME
from operations.table_creation import table_definition
from support import engines
from support.child_processes import PIPE, Child, started
from support.scim_http import connection_to

HERE: Final = Path(__file__).parent
WORKERS: Final = 48
"""Requests that may be under way at once, many more than a second has."""
SEED: Final = 20260131
WARM_UP: Final = 100
"""Requests before the measured ones, so that every function is imported and every connection is there."""
CONTENT: Final = "application/scim+json"


@dataclass
class Load:
    """Sends requests from many threads, each on its own connection, and keeps the results."""

    url: str
    due: queue.SimpleQueue[tuple[float, str, Request] | None] = field(default_factory=queue.SimpleQueue)
    taken: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in PARTS})
    """Seconds from when a request was due until it was answered, by kind."""
    errors: list[str] = field(default_factory=list)
    done: int = 0
    is_over: bool = False

    def work(self) -> None:
        """Send what is due until there is nothing any more."""
        address = urlsplit(self.url)
        connection = connection_to(address, 30)
        while (next_one := self.due.get()) is not None and not self.is_over:
            due_at, key, request = next_one
            headers = {"Authorization": f"Bearer {key}", "Accept": CONTENT, "Content-Type": CONTENT}
            try:
                connection.request(request.method, address.path + request.path, request.content, headers)
                response = connection.getresponse()
                answer, status = response.read(), response.status
            except (OSError, HTTPException) as error:
                connection.close()
                answer, status = type(error).__name__.encode(), 0
            self.taken[request.kind].append(time.monotonic() - due_at)
            if status == request.expected:
                request.done(answer)
            else:
                self.errors.append(f"{request.kind}: {status} {answer[:200].decode(errors='replace')}")
            self.done += 1

    def run(self, mixes: Sequence[Mix], count: int, rate: float, progress: Progress) -> float:
        """Send that many requests at that rate, of each account in turn; the seconds it took until the last answer.

        Its threads end with it, whatever happens.
        """
        workers = [Thread(target=self.work, daemon=True) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        bar = progress.add_task("requests", total=count, errors=0)
        began = time.monotonic()
        try:
            for number in range(count):
                due_at = began + number / rate
                time.sleep(max(0.0, due_at - time.monotonic()))
                mix = mixes[number % len(mixes)]
                self.due.put((due_at, mix.key, mix.draw()))
                progress.update(bar, completed=self.done, errors=len(self.errors))
        except BaseException:
            self.is_over = True
            raise
        finally:
            for _ in workers:
                self.due.put(None)
            for worker in workers:
                worker.join()
        progress.update(bar, completed=self.done, errors=len(self.errors))
        return time.monotonic() - began


@contextmanager
def process(
    script: str, *arguments: str, output: IO[bytes] | int, cores: Set[int] = frozenset()
) -> Iterator[Child[bytes]]:
    """A process that ends when its work is done or its standard input ends; it only uses the given cores, if any."""
    paths = os.pathsep.join([str(HERE), *sys.path])
    command = [sys.executable, HERE / script, *arguments]
    with started(command, stdin=PIPE, stdout=output, stderr=PIPE, env=os.environ | {"PYTHONPATH": paths}) as running:
        if cores:
            os.sched_setaffinity(running.pid, cores)
        yield running
        running.communicate(timeout=60)


def said(running: Child[bytes], begins: str) -> str:
    """Its first line on standard error, which begins so; whatever else it is, is why it did not start."""
    assert running.stderr is not None
    line = running.stderr.readline().decode()
    if not line.startswith(begins):
        running.kill()
        raise SystemExit(line + running.stderr.read().decode())
    return line


def make_table(endpoint: str) -> None:
    """The table; the first call of a DynamoDB Local takes longer than the service would wait."""
    client: Any = Session().create_client(
        "dynamodb",
        "us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(read_timeout=60),
    )
    client.create_table(**table_definition(TABLE_NAME))


def percentile(values: Sequence[float], percent: int) -> float:
    """The given percentile of the values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p90, p99 and the greatest, to a tenth; of nothing they are 0."""
    values = values or [0.0]
    named = {f"p{percent}": percentile(values, percent) for percent in (50, 90, 99)} | {"max": max(values)}
    return {name: round(value, 1) for name, value in named.items()}


def logged(file: Path, skipped: int) -> dict[str, Any]:
    """The log of each request, in bytes as CloudWatch Logs gets them, and how long they took."""
    decoder, text, at = json.JSONDecoder(), file.read_text(encoding="utf-8"), 0
    lines: list[tuple[int, dict[str, Any]]] = []
    while at < len(text):  # not line by line: threads of one process may write theirs side by side
        if text[at].isspace():
            at += 1
            continue
        record, end = decoder.raw_decode(text, at)
        lines.append((len(text[at:end].encode()), record))
        at = end
    requests = [record for _, record in lines if record["message"] == "request"]
    return {
        "lines": len(lines),
        "requests": len(requests),
        "line_bytes": round(sum(size for size, _ in lines) / len(requests), 1),
        "handler_ms": percentiles([record["duration_ms"] for record in requests[skipped:]]),
        "dynamodb_calls": round(statistics.mean(record["dynamodb_calls"] for record in requests[skipped:]), 2),
        "dynamodb_retries": sum(record.get("dynamodb_retries", 0) for record in requests[skipped:]),
    }


def mixes_of(state: dict[str, Any]) -> list[Mix]:
    """The requests that the identity providers of the filled accounts send."""
    return [
        Mix([Person(number, id) for number, id in enumerate(filled["ids"])], Random(SEED + at), filled["key"])
        for at, filled in enumerate(state["accounts"].values())
    ]


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Start everything, load it, and measure."""
    count = round(options.rate * options.seconds)
    accounts = ["default", *(f"account-{number}" for number in range(1, options.accounts))]
    with TemporaryDirectory() as folder, engines.dynamodb_local() as endpoint:
        make_table(endpoint)
        log, events = Path(folder) / "log", Path(folder) / "events"
        arguments = [endpoint, f"{options.people}", f"{limit_for(options.rate / options.accounts)}", *accounts]
        with log.open("wb") as output, process("load_service.py", *arguments, output=output) as service:
            state = json.loads(said(service, "{"))
            mixes = mixes_of(state)
            with Progress(*COLUMNS, console=CONSOLE) as progress:
                Load(state["url"]).run(mixes, WARM_UP, options.rate, progress)
                with (
                    events.open("wb") as published,
                    process("load_publisher.py", endpoint, TABLE_NAME, output=published) as reader,
                ):
                    said(reader, "ready")
                    load = Load(state["url"])
                    seconds = load.run(mixes, count, options.rate, progress)
        return {
            "load": load,
            "seconds": seconds,
            "log": logged(log, WARM_UP),
            "events": json.loads(events.read_text(encoding="utf-8")),
        }


def limit_for(rate: float) -> int:
    """The limit of an account with this many requests a second: the usual one, or the greatest."""
    return DEFAULT_REQUESTS_PER_SECOND if rate < DEFAULT_REQUESTS_PER_SECOND else MAX_REQUESTS_PER_SECOND


CONSOLE: Final = console(stderr=True)
COLUMNS: Final = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeRemainingColumn(),
    TextColumn("{task.fields[errors]} errors"),
)


def positive(text: str) -> float:
    """A number greater than 0, as an argument; nan and infinity are none."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number greater than 0")
    return value


def number(text: str) -> int:
    """A whole number of at least 1, as an argument."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 1")
    return value


def main() -> int:
    """Run the load, print and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=positive, default=25, help="requests per second from all accounts (default: 25)")
    parser.add_argument("--seconds", type=positive, default=300, help="how long (default: 300 s)")
    parser.add_argument("--accounts", type=number, default=1, help="number of accounts that take turns (default: 1)")
    parser.add_argument(
        "--people", type=number, default=2_000, help="users in each account at the start (default: 2000)"
    )
    parser.add_argument("--json", type=Path, default=Path("build/bench/load.json"), help="where to write the results")
    options = parser.parse_args()
    if options.rate * options.seconds < 1:
        parser.error("--rate times --seconds is less than one request")
    if (why_not := engines.missing()) is not None:
        print(why_not, file=sys.stderr)
        return 2
    measured = run(options)
    load, log, events = measured["load"], measured["log"], measured["events"]
    milliseconds = {kind: [1000 * one for one in taken] for kind, taken in load.taken.items() if taken}
    milliseconds["all"] = [one for taken in milliseconds.values() for one in taken]
    rows = [[kind, len(taken), *percentiles(taken).values()] for kind, taken in milliseconds.items()]
    publish(
        f"Load: {options.rate:g} requests a second for {options.seconds:g} s, accounts: {options.accounts}; "
        "milliseconds over HTTP",
        ["request", "count", "p50", "p90", "p99", "max"],
        rows,
        options.json,
        rate=options.rate,
        seconds=options.seconds,
        achieved_rate=round(load.done / measured["seconds"], 2),
        accounts=options.accounts,
        people=options.people,
        limit_of_an_account=limit_for(options.rate / options.accounts),
        error_rate=len(load.errors) / load.done,
        log=log,
        publisher={name: value for name, value in events.items() if name != "lags_ms"}
        | {"lag_ms": percentiles(events["lags_ms"])},
    )
    lag = percentiles(events["lags_ms"])
    CONSOLE.print(f"requests: {load.done}, error rate {len(load.errors) / load.done:.4f}, p99 {rows[-1][4]} ms")
    CONSOLE.print(f"log volume: {log['line_bytes']} bytes a request")
    CONSOLE.print(f"publisher: {events['events']} events, lag p50 {lag['p50']} ms, p99 {lag['p99']} ms")
    for error in load.errors[:10]:
        CONSOLE.print(error, markup=False)
    return 1 if load.errors else 0


if __name__ == "__main__":
    sys.exit(main())

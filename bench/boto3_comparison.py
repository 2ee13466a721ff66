"""A whole handler compared with a bare boto3 client that sends the very same calls to the same engine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import boto3
from botocore.config import Config
from directories import PAGE, Directory
from rich.console import Console
from rich.progress import track
from service import ACCOUNT

from adapters.aws import configuration
from adapters.dynamodb.account_items import AccountItems
from adapters.dynamodb.calls import Operation
from adapters.dynamodb.users import DynamoDBUsers
from support.samples import person_of

Work = Callable[[], object]

GOALS = {"get": 1.3, "create": 1.3, f"page of {PAGE}": 1.5}
"""The factor by which the handler may be slower."""


@dataclass
class Recorder:
    """Stands for `adapters.dynamodb.calls.Calls`: keeps what is sent; without a client it sends nothing."""

    client: Any = None
    sent: list[tuple[Operation, dict[str, Any]]] = field(default_factory=list)

    def send(self, operation: Operation, **parameters: Any) -> dict[str, Any]:
        self.sent.append((operation, {"ReturnConsumedCapacity": "TOTAL", **parameters}))
        answer: dict[str, Any] = getattr(self.client, operation)(**parameters) if self.client else {}
        return answer


def bare_client(endpoint: str) -> Any:
    """boto3's own client, with the time-outs and attempts of the service's and all else as boto3 has it."""
    of_service: Any = configuration("dynamodb")
    return boto3.client(
        "dynamodb",
        region_name="eu-central-1",
        endpoint_url=endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(
            connect_timeout=of_service.connect_timeout,
            read_timeout=of_service.read_timeout,
            retries=of_service.retries,
            tcp_keepalive=True,
        ),
    )


def compare_with_boto3(directory: Directory, endpoint: str, rounds: int, console: Console) -> list[dict[str, Any]]:
    """Milliseconds of both, in turn; which one goes first changes from round to round."""
    client = bare_client(endpoint)
    directory.service.use(directory.table)

    def bare(work: Callable[[DynamoDBUsers], object], reading: bool) -> Work:
        recorder = Recorder(client if reading else None)
        calls: Any = recorder
        name = directory.table.table_name
        work(DynamoDBUsers(AccountItems(name, ACCOUNT, calls)))
        return lambda: [getattr(client, operation)(**parameters) for operation, parameters in recorder.sent]

    def pair_of(operation: str) -> tuple[Work, Work]:
        if operation == "get":
            user_id = directory.random.choice(directory.ids)
            return directory.service.call("GET", f"/Users/{user_id}"), bare(lambda users: users.get(user_id), True)
        if operation == "create":
            user = person_of(next(directory.fresh))
            return directory.create(), bare(lambda users: users.create(user), False)
        start = directory.random.randrange(directory.size - PAGE)
        return directory.page(start), bare(lambda users: users.page(start + 1, PAGE), True)

    seconds: dict[str, tuple[list[float], list[float]]] = {operation: ([], []) for operation in GOALS}
    for turn in track(range(rounds + 20), "Compared with boto3", console=console, transient=True):
        for operation, into in seconds.items():
            pair = pair_of(operation)
            for side in (0, 1) if turn % 2 else (1, 0):
                started = time.perf_counter()
                pair[side]()
                if turn >= 20:  # the first rounds warm up
                    into[side].append(time.perf_counter() - started)
    return [
        {
            "operation": operation,
            "handler, ms": median(handler) * 1000,
            "boto3, ms": median(bare_) * 1000,
            "ratio": median(handler) / median(bare_),
            "goal": GOALS[operation],
        }
        for operation, (handler, bare_) in seconds.items()
    ]

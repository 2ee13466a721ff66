"""A day of requests through the handlers, and what CloudWatch would know of it.

Log lines and the metrics in them are the handlers' own. What AWS's services would count beside them is counted by
their rules. The run takes half a minute; its requests are spread over the 24 hours before now.
"""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil, pi, sin
from random import Random
from typing import Any
from unittest.mock import patch

from adapters import aws
from adapters.logs import telemetry
from adapters.runtime import RUNTIME
from domain.accounts.deprovisioning import Limit
from local.moto_transactions import cheap_transactions
from operations.table_creation import table_definition
from support.dashboard import ENVIRONMENT, STACK, Metric
from support.in_process import Client, InProcess, in_process
from support.insights import Event, event
from support.metric_math import Series, statistic
from support.metric_sources import broken_table

SECONDS = 24 * 3600
REQUESTS = 1400
ACCOUNTS = ("acme", "globex", "initech")
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

# Keys are read at every request, so that a rotation is seen at once though the day is short.
OF_THE_RUN = {"ENVIRONMENT": ENVIRONMENT, "CONNECTOR_CACHE_SECONDS": "0"}

Key = tuple[str, str, frozenset[tuple[str, str]]]


@dataclass
class Day:
    """Log events in order of time, and the values of metrics with their times."""

    start: float
    end: float
    events: list[Event] = field(default_factory=list)
    values: dict[Key, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def count(self, at: float, namespace: str, name: str, value: float, **dimensions: str) -> None:
        """One value more."""
        self.values[namespace, name, frozenset(dimensions.items())].append((at, value))

    def series(self, metric: Metric, stat: str, period: float | None) -> Series:
        """The statistic by period; of all the time when there is no period."""
        length = period or self.end - self.start
        periods: dict[float, list[float]] = defaultdict(list)
        for at, value in self.values.get(metric.key, ()):
            periods[self.start + (at - self.start) // length * length].append(value)
        return {begin: statistic(stat, values) for begin, values in sorted(periods.items())}

    def log(self, at: float, printed: str) -> None:
        """What a function printed while it served one request then."""
        for text in printed.splitlines():
            line = event(text) | {"@timestamp": at * 1000}
            self.events.append(line)
            for directive in line.get("_aws", {}).get("CloudWatchMetrics", ()):
                for names in directive["Dimensions"]:
                    for metric in directive["Metrics"]:
                        value = line[metric["Name"]]
                        for one in value if isinstance(value, list) else [value]:
                            dimensions = {name: line[name] for name in names}
                            self.count(at, directive["Namespace"], metric["Name"], one, **dimensions)
            if line.get("message") == "request":
                self._of_services(at, line)
        if printed:
            function = next((line["operation"] for line in reversed(self.events) if "operation" in line), "")
            size = len(printed.encode()) + 26 * printed.count("\n")
            self.count(at, "AWS/Logs", "IncomingBytes", size, LogGroupName=f"/aws/lambda/{STACK}/{function}")

    def _of_services(self, at: float, line: Event) -> None:
        function, status, took = line["operation"], line["status"], line["duration_ms"]
        self.count(at, "AWS/Lambda", "Invocations", 1, FunctionName=function)
        self.count(at, "AWS/Lambda", "Duration", took, FunctionName=function)
        self.count(at, "AWS/SQS", "ApproximateNumberOfMessagesVisible", 0, QueueName="UnpublishedEvents")
        for dimensions in ({"ApiName": STACK}, {"ApiName": STACK, "Stage": "live"}):
            self.count(at, "AWS/ApiGateway", "Count", 1, **dimensions)
            self.count(at, "AWS/ApiGateway", "Latency", took, **dimensions)
            self.count(at, "AWS/ApiGateway", "4XXError", 400 <= status < 500, **dimensions)
            self.count(at, "AWS/ApiGateway", "5XXError", status >= 500, **dimensions)


@contextmanager
def a_day(now: float, requests: int = REQUESTS, seed: int = 7) -> Iterator[tuple[Day, InProcess]]:
    """The day, and the service while it still has the accounts and users of that day."""
    day = Day(now - SECONDS, now)
    with in_process() as service, cheap_transactions(), patch.dict("os.environ", OF_THE_RUN):
        telemetry.forget()
        del RUNTIME.__dict__["table"]
        dynamodb = aws.client("dynamodb")
        dynamodb.create_table(**table_definition("users"))
        clock = _Clock(now)
        dynamodb.meta.events.register(
            "provide-client-params.dynamodb", lambda params, model, **_: _units(day, clock.now, model.name, params)
        )
        traffic = _Traffic(service, Random(seed))
        for at in _times(day, requests, Random(seed)):
            clock.now = at
            printed = io.StringIO()
            # The logger holds the stream that it found first.
            telemetry.forget()
            with redirect_stdout(printed):
                traffic.step((at - day.start) / 3600)
            day.log(at, printed.getvalue())
        yield day, service


@dataclass
class _Clock:
    now: float


def _times(day: Day, requests: int, random: Random) -> list[float]:
    """Busy in the middle of the day, quiet at its ends."""
    found: list[float] = []
    while len(found) < requests:
        part = random.random()
        if random.random() < 0.15 + 0.85 * sin(pi * part) ** 2:
            found.append(day.start + part * SECONDS)
    return sorted(found)


def _units(day: Day, at: float, operation: str, params: dict[str, Any]) -> None:
    """Capacity units by DynamoDB's rules, of items as large as they are sent."""
    match operation:
        case "TransactWriteItems":
            units = sum(2 * ceil(len(json.dumps(item)) / 1024) for item in params["TransactItems"])
        case "PutItem" | "UpdateItem" | "DeleteItem":
            units = ceil(len(json.dumps(params)) / 1024)
        case "BatchGetItem":
            units = sum(len(keys["Keys"]) for keys in params["RequestItems"].values())
        case _:
            units = 1
    read = operation in ("GetItem", "Query", "BatchGetItem")
    name = "ConsumedReadCapacityUnits" if read else "ConsumedWriteCapacityUnits"
    day.count(at, "AWS/DynamoDB", name, units, TableName="UsersTable")


class _Traffic:
    """Identity providers of three accounts; what goes wrong is planned."""

    def __init__(self, service: InProcess, random: Random) -> None:
        self._service = service
        self._random = random
        self._clients = {name: service.account(name) for name in ACCOUNTS}
        for name in ACCOUNTS:
            # Users made within the hour do not count, and the run takes less: this is for those who are brought in.
            service.accounts.configure(name, deprovisioning_limit=Limit(1000))
        self._users: dict[str, list[tuple[str, str]]] = {name: [] for name in ACCOUNTS}
        self._number = 0
        self._planned: list[tuple[int, Callable[[], object]]] = [
            # One account goes on with its previous key for some hours; that of another is about to expire.
            (10, lambda: service.accounts.rotate_key("globex", timedelta(days=7))),
            (11, lambda: service.accounts.rotate_key("initech", timedelta(hours=30))),
            (14, lambda: self._clients.update(globex=service.account("globex"))),
            (19, self._empty_the_directory),
        ]
        self._failures = 0

    def step(self, hour: float) -> None:
        """One request."""
        account = self._random.choices(ACCOUNTS, (6, 3, 1))[0]
        client, users = self._clients[account], self._users[account]
        self._as_planned(hour)
        if 15 < hour < 16 and self._random.random() < 0.4:
            client.call("GET", "/Users", headers={"Authorization": "Bearer rck_globex_pasted-in-part"})
        elif 9.5 < hour < 10 and not self._failures:
            self._failures += 1
            with broken_table():
                client.call("GET", "/Users")
        elif len(users) < 3:
            self._create(client, users)
        else:
            kinds: list[tuple[int, Callable[[], object]]] = [
                (30, lambda: client.call("GET", "/Users", query=f"filter=userName%20eq%20%22{self._any(users)[1]}%22")),
                (8, lambda: client.call("GET", f"/Users/{self._any(users)[0]}")),
                (20, lambda: self._create(client, users)),
                (16, lambda: self._replace(client, users)),
                (10, lambda: self._patch(client, users, "title", "Guide")),
                (4, lambda: self._patch(client, users, "active", "False")),
                (4, lambda: client.call("GET", "/Users", query="count=20")),
                (3, lambda: self._delete(client, users)),
                (2, lambda: client.call("POST", "/Users", _person(self._any(users)[1]))),
                (1, lambda: client.call("GET", "/Groups")),
                (1, lambda: client.call("GET", "/Users/2819c223-7f76-453a-919d-413861904646")),
                (1, lambda: client.call("GET", "/ServiceProviderConfig")),
                (1, lambda: client.call("POST", "/Users/.search", {"count": 5})),
                (1, lambda: self._bulk(client, users)),
            ]
            weights = [weight for weight, _ in kinds]
            self._random.choices([serve for _, serve in kinds], weights)[0]()

    def _as_planned(self, hour: float) -> None:
        while self._planned and self._planned[0][0] < hour:
            self._planned.pop(0)[1]()

    def _empty_the_directory(self) -> None:
        """A group goes out of the identity provider's scope by mistake; the guard holds it back."""
        self._service.accounts.configure("initech", deprovisioning_limit=Limit(4))
        # Brought in, as users whom a client made within the hour do not count.
        for number in range(9):
            user = self._service.brings_in("initech", _person(f"leaver{number}@example.com"))
            self._clients["initech"].call("DELETE", f"/Users/{user}")
        self._service.accounts.configure("initech", deprovisioning_limit=Limit(1000))

    def _any(self, users: list[tuple[str, str]]) -> tuple[str, str]:
        return self._random.choice(users)

    def _create(self, client: Client, users: list[tuple[str, str]]) -> None:
        self._number += 1
        name = f"user{self._number}@example.com"
        users.append((client.call("POST", "/Users", _person(name)).body["id"], name))

    def _replace(self, client: Client, users: list[tuple[str, str]]) -> None:
        user, name = self._any(users)
        client.call("PUT", f"/Users/{user}", _person(name) | {"title": f"Title {self._random.randrange(9)}"})

    def _patch(self, client: Client, users: list[tuple[str, str]], path: str, value: str) -> None:
        operation = {"op": "Replace", "path": path, "value": value}
        client.call("PATCH", f"/Users/{self._any(users)[0]}", {"schemas": [PATCH_OP], "Operations": [operation]})

    def _delete(self, client: Client, users: list[tuple[str, str]]) -> None:
        client.call("DELETE", f"/Users/{users.pop()[0]}")

    def _bulk(self, client: Client, users: list[tuple[str, str]]) -> None:
        user, name = self._any(users)
        operation = {"method": "PUT", "path": f"/Users/{user}", "data": _person(name)}
        client.call("POST", "/Bulk", {"schemas": [BULK], "Operations": [operation]})


def _person(name: str) -> dict[str, Any]:
    return {"schemas": [USER], "userName": name, "emails": [{"value": name, "type": "work", "primary": True}]}

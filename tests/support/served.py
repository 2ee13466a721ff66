"""The handlers over a table that is held in a test's hands: each answer, and the log line that it left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from adapters.dynamodb import DynamoDBAccount, Table, Usage
from adapters.dynamodb.rate import DynamoDBRequestCounter
from adapters.logs.log import Log
from domain.accounts import rate
from domain.ports import Deadline
from support.in_process import Answer, Client, InProcess, in_process
from support.samples import Patience


@dataclass(frozen=True)
class Request:
    """A request below the base path."""

    method: str
    path: str
    query: str = ""
    body: Any = None
    if_match: str | None = None


@dataclass
class PatientTable:
    """A table whose requests have the time that `patience` holds, whatever the clock says."""

    table: Table
    patience: Patience

    def account(self, name: str, deadline: Deadline, usage: Usage | None = None) -> DynamoDBAccount:
        return self.table.account(name, self.patience, usage)

    def request_counter(self, account: str, usage: Usage | None = None) -> DynamoDBRequestCounter:
        return self.table.request_counter(account, usage)


@dataclass
class Served:
    """The service in this process, over a table that `use` puts in its place."""

    service: InProcess
    log: Path

    def use(self, table: Table, patience: Patience | None = None) -> None:
        """Serve from this table; with `patience` no request waits for anything."""
        self.service.use(table if patience is None else PatientTable(table, patience))

    def send(self, client: Client, request: Request) -> tuple[Answer, dict[str, Any]]:
        """The answer, and the fields of the request's log line."""
        headers = {} if request.if_match is None else {"If-Match": request.if_match}
        answer = client.call(request.method, request.path, request.body, query=request.query, headers=headers)
        lines = map(json.loads, reversed(self.log.read_text(encoding="utf-8").splitlines()))
        return answer, next(line for line in lines if line["message"] == "request")


@contextmanager
def served(log: Path) -> Iterator[Served]:
    """The service, from now to the end of the block; its log goes to that file.

    No account is ever busy in it: counting its requests would cost calls of its own.
    """
    with closing(Log.to_file(log)) as file, in_process(lambda: file) as service, patch.object(rate, "FREE", 1_000_000):
        yield Served(service, log)

"""The handlers in this process over DynamoDB Local, called with the events that the gateway would send."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from domain.accounts.connector_document import connector_to_json

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from adapters.dynamodb import Table
from adapters.logs.log import Log
from adapters.secrets.authentication import Authenticator
from domain.accounts.account import Connector, Mode
from domain.accounts.connector_key import ConnectorKey
from domain.accounts.deprovisioning import Limit
from domain.queries.cursor import CursorSeal
from handlers import routes
from handlers.container.pace import Pace
from handlers.environment.service import ServiceEnvironment
from handlers.http import proxy_event
from handlers.service import Service as Bound
from support.in_process import over_table
from support.lambda_context import LambdaContext

ACCOUNT = "default"
_SEALING_KEY = b"k" * 32
_ENVIRONMENT = {"TABLE_NAME": "users", "CONNECTOR_SECRET_PREFIX": "bench/"}


class Cost(NamedTuple):
    """The calls and units that a request took from DynamoDB, and how many of the calls repeated one."""

    calls: int
    units: float
    retries: int = 0


@dataclass(frozen=True)
class Call:
    """A request, ready to be made: calling it is what a function's invocation does."""

    handler: Any
    event: dict[str, Any]

    def __call__(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.handler(self.event, LambdaContext())
        if answer["statusCode"] >= 300:
            raise RuntimeError(f"{self.event['path']}: {answer['body']}")
        return answer


class OneSecret:
    """Secrets Manager with one account; the service reads it once a minute and then knows it."""

    def __init__(self, connector: Connector) -> None:
        self.connector = connector

    def get_secret_value(self, **_: object) -> dict[str, str]:
        return {"SecretString": connector_to_json(self.connector), "VersionId": "1"}


@dataclass
class Service:
    """The service; its output is kept until `cost` reads it."""

    key: str
    printed: io.StringIO
    secret: OneSecret
    bound: Bound

    def use(self, table: Table) -> None:
        """Serve from this table."""
        self.bound = over_table(self.bound, table)

    def mode(self, mode: Mode) -> None:
        """Serve an account in that mode from now on."""
        self.configure(mode=mode)

    def configure(self, **changes: Any) -> None:
        """Serve an account with these settings changed from now on."""
        connector = self.secret.connector
        settings = replace(connector.settings, **changes)
        if settings != connector.settings:
            self.secret.connector = replace(connector, settings=settings)
            self.bound = replace(self.bound, authenticator=_authenticator(self.secret))

    def call(self, method: str, path: str, body: Any = None, **parameters: object) -> Call:
        """A request to be made, below the base path."""
        path = routes.BASE_PATH + path
        match = routes.match(method, path)
        if match is None:
            raise ValueError(path)
        headers = [("Authorization", f"Bearer {self.key}"), ("Content-Type", "application/scim+json")]
        event = proxy_event(
            method,
            path,
            urlencode(parameters),
            headers,
            b"" if body is None else json.dumps(body).encode(),
            resource=path,
            path_parameters={"id": match.id} if match.id else None,
        )
        handler = import_module(f"handlers.{match.route.module}").handler
        return Call(handler.bound_to(self.bound), event)

    def cursor(self, after: str, query: str) -> str:
        """The cursor behind the user of that id."""
        return CursorSeal(_SEALING_KEY, ACCOUNT, lambda: datetime.now(UTC).timestamp()).seal(after, query)

    def cost(self) -> Cost:
        """Calls and units of the requests since the last look, from their log lines."""
        lines = [json.loads(line) for line in self.printed.getvalue().splitlines()]
        self.printed.seek(0)
        self.printed.truncate()
        requests = [line for line in lines if line.get("message") == "request"]
        return Cost(
            sum(line["dynamodb_calls"] for line in requests),
            sum(line["dynamodb_units"] for line in requests),
            sum(line.get("dynamodb_retries", 0) for line in requests),
        )


@contextmanager
def serving() -> Iterator[Service]:
    """The service, until the end of the block; standard output is its log meanwhile."""
    key = ConnectorKey.generate(ACCOUNT, os.urandom)
    connector = Connector.new(key, _SEALING_KEY, datetime.now(UTC), "bench")
    # The guard counts each removal, which is part of its cost, but holds none back.
    settings = replace(connector.settings, deprovisioning_limit=Limit(1_000_000))
    secret = OneSecret(connector.with_settings(settings, datetime.now(UTC), "bench"))
    environment = ServiceEnvironment.from_env(_ENVIRONMENT)
    printed = io.StringIO()
    with redirect_stdout(printed):
        bound = Bound(
            environment=environment,
            authenticator=_authenticator(secret),
            open_table=_no_table,
            log=Log.to_output(),
            pace=Pace(lambda account, usage: _no_table().request_counter(account, usage)),
        )
        yield Service(key.text, printed, secret, bound)


def _authenticator(secret: OneSecret) -> Authenticator:
    return Authenticator(secret, _ENVIRONMENT["CONNECTOR_SECRET_PREFIX"])  # type: ignore[arg-type]  # a stand-in for the client


def _no_table() -> Table:
    raise RuntimeError("no table: call Service.use first")

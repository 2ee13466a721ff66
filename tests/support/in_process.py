"""The handlers called as Lambda calls them, with the in-memory twin of the table in the place of DynamoDB."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import repeat
from typing import Any
from unittest.mock import patch

from botocore.loaders import Loader, create_loader
from botocore.session import Session
from moto import mock_aws

from adapters import clock
from adapters.aws import Clients
from adapters.logs.log import Log
from adapters.secrets.accounts import Accounts
from domain.accounts.deprovisioning import Limit
from domain.ports import Deadline
from domain.resources import body as resource
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import USER
from handlers import routes
from handlers.container.pace import Pace
from handlers.endpoint import Handler
from handlers.environment.service import ServiceEnvironment
from handlers.http import proxy_event
from handlers.service import Service
from support.lambda_context import LambdaContext
from support.memory import InMemoryGuard, InMemoryRequestCounter, InMemoryUsers
from support.memory_groups import InMemoryGroups, InMemoryGroupsOfUsers, InMemoryMembers

ENVIRONMENT = {
    "TABLE_NAME": "users",
    "CONNECTOR_SECRET_PREFIX": "test/connectors/",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}

_LOADER: Loader = create_loader()
"""botocore's description of the services, which every session would otherwise read again: half a second."""


@dataclass(frozen=True)
class TwinAccount:
    """`adapters.dynamodb.DynamoDBAccount`, kept in memory."""

    name: str
    users: InMemoryUsers
    guards: dict[str, InMemoryGuard]
    groups: InMemoryGroups

    @property
    def members(self) -> InMemoryMembers:
        return InMemoryMembers(self.groups)

    @property
    def groups_of_users(self) -> InMemoryGroupsOfUsers:
        return InMemoryGroupsOfUsers(self.groups)

    def guard(self, limit: Limit) -> InMemoryGuard:
        guard = self.guards.setdefault(self.name, InMemoryGuard(self.users, limit, account=self.name))
        guard.limit = limit
        return guard


@dataclass
class TwinTable:
    """`adapters.dynamodb.Table`, kept in memory; every account has room for all its requests unless it `counts`."""

    counts: bool = False
    accounts: dict[str, InMemoryUsers] = field(default_factory=dict)
    guards: dict[str, InMemoryGuard] = field(default_factory=dict)
    counters: dict[str, InMemoryRequestCounter] = field(default_factory=dict)
    groups: dict[str, InMemoryGroups] = field(default_factory=dict)

    def account(self, name: str, deadline: Deadline, usage: object = None) -> TwinAccount:
        users = self.accounts.setdefault(name, InMemoryUsers())
        return TwinAccount(name, users, self.guards, self.groups.setdefault(name, InMemoryGroups(users)))

    def request_counter(self, account: str, usage: object = None) -> InMemoryRequestCounter:
        counter = InMemoryRequestCounter()
        return self.counters.setdefault(account, counter) if self.counts else counter


@dataclass
class Answer:
    """An answer as API Gateway hands it on."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@dataclass
class InProcess:
    """The service without a gateway: the route's handler is called with the event that the gateway would send.

    `bound` is what the handlers are bound to; a test may put another there.
    """

    bound: Service
    clients: Clients
    table: TwinTable
    accounts: Accounts

    def account(self, name: str, **settings: Any) -> Client:
        """A client of that account, which is made if it does not exist."""
        key = self.accounts.enable(name).connector.current.key.text
        if settings:
            self.accounts.configure(name, **settings)
        return self.client(key)

    def client(self, key: str) -> Client:
        """A client with that Connector Key, whatever it is."""
        return Client(key, self)

    def handler(self, module: str) -> Handler:
        """The handler of that module, bound to this service."""
        handler: Handler = import_module(f"handlers.{module}").handler
        return handler.bound_to(self.bound)

    def change(self, **parts: Any) -> None:
        """Serve with other parts from now on."""
        self.bound = replace(self.bound, **parts)

    def use(self, table: Any) -> None:
        """Serve from that table, with nothing known yet of how busy accounts are."""
        self.bound = over_table(self.bound, table)

    def open_again(self) -> None:
        """Serve as a new container would, which knows nothing of any account yet."""
        log, open_table = self.bound.log, self.bound.open_table
        self.bound = over_table(Service.over(self.clients, self.bound.environment, log), open_table())

    @contextmanager
    def over(self, table: Any) -> Iterator[None]:
        """Serve from that table until the end of the block."""
        before = self.bound
        self.use(table)
        try:
            yield
        finally:
            self.bound = before

    def brings_in(self, account: str, attributes: dict[str, Any]) -> str:
        """The id of a user whom the operator imports: no identity provider has claimed them."""
        user = StoredUser.new(clock.new_id(), resource.attributes_of(attributes, USER), clock.now())
        self.table.accounts.setdefault(account, InMemoryUsers()).create(user)
        return user.id


def over_table(service: Service, table: Any) -> Service:
    """Return the service over another table, which has counted no requests of any account yet."""
    pace = Pace(lambda account, usage: table.request_counter(account, usage))  # noqa: PLW0108 - None is a table as well
    return replace(service, open_table=lambda: table, pace=pace)


@dataclass(frozen=True)
class Client:
    """Calls handlers with one Connector Key."""

    key: str
    service: InProcess

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: str = "",
        headers: dict[str, str] | None = None,
        context: LambdaContext | None = None,
        request_id: str | None = None,
        gateway_id: str = "",
    ) -> Answer:
        """`body` is sent as it is when it is bytes, else as JSON; `path` is below the base path.

        `request_id` is what the gateway calls so, which a client may choose; `gateway_id` is its own id of the request.
        """
        path = routes.BASE_PATH + path
        match = routes.match(method, path) if "//" not in path and not path.endswith("/") else None
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        event = proxy_event(
            method,
            path,
            query,
            list(({"Authorization": f"Bearer {self.key}"} | (headers or {})).items()),
            content,
            resource=path,
            path_parameters={"id": match.id} if match and match.id else None,
            request_id=request_id,
            extended_request_id=gateway_id,
        )
        module = match.route.module if match else "unrouted"
        result = self.service.handler(module)(event, context or LambdaContext())
        for name, value in OF_EVERY_ANSWER.items():
            assert result["headers"][name] == value, f"{method} {path}"
        return Answer(result["statusCode"], result["headers"], result["body"])


OF_EVERY_ANSWER = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=63072000",
}
"""Headers that a success and a refusal have alike, from all that answers: a function, the gateway or the firewall."""


def new_clients() -> Clients:
    """Clients of AWS whose session does not read botocore's data again."""
    session = Session()
    session.register_component("data_loader", _LOADER)
    return Clients(session)


@contextmanager
def in_process(make_log: Callable[[], Log] = Log.to_output) -> Iterator[InProcess]:
    """The service, from now to the end of the block; no request is its container's first."""
    with patch.dict(os.environ, ENVIRONMENT), mock_aws():
        clients, table = new_clients(), TwinTable()
        service = Service.over(clients, ServiceEnvironment.from_env(), make_log())
        accounts = Accounts(clients.secretsmanager, ENVIRONMENT["CONNECTOR_SECRET_PREFIX"], lambda: "test")
        yield InProcess(replace(over_table(service, table), cold=repeat(False)), clients, table, accounts)

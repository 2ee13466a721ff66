"""Every function in this process, over moto, in the environment that the template gives it; its AWS calls are recorded.

Each call is judged by the role of the function (`support.iam`), and fails as on AWS where the role does not allow it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from importlib import import_module
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote
from uuid import uuid4

from botocore.exceptions import ClientError
from botocore.session import Session
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from adapters.aws import Clients
from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from adapters.secrets.accounts import Accounts
from domain.accounts.rate import Rate
from domain.limits import MAX_REQUESTS_PER_SECOND
from domain.resources.body import attributes_of
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import USER
from handlers.http import proxy_event
from handlers.routes import BASE_PATH
from handlers.service import Service
from local.moto_transactions import cheap_transactions
from local.template_routes import Routes, load_routes
from operations.table_creation import make_table
from support.iam import Grant, Need, grants, needs
from support.lambda_context import LambdaContext
from support.resolved_template import ACCOUNT, REGION, STACK, ResolvedTemplate
from support.scim_http import Answer, ScimClient

TABLE = "UsersTable"
BASE_URL = "https://api.example.com" + BASE_PATH
_MILLISECONDS = 180_000


class FunctionDied(BaseException):
    """The function's process ended in the middle of its work."""


@dataclass
class FunctionsUnderRoles:
    """The functions; `calls` is what each needed so far, `denied` what its role did not allow."""

    stack: ResolvedTemplate
    calls: dict[str, set[Need]] = field(default_factory=dict)
    denied: list[str] = field(default_factory=list)
    invoked: set[str] = field(default_factory=set)
    calls_until_death: int | None = None
    """After so many calls the function that runs dies; None if it does not."""
    found_in_logs: list[dict[str, str]] = field(default_factory=list)
    """The rows of the answer to every query of Logs Insights."""
    _running: list[str] = field(default_factory=list)
    _streamed: int = 0
    _services: dict[str, Service] = field(default_factory=dict)

    @cached_property
    def functions(self) -> dict[str, Any]:
        """The properties of the functions, by logical id."""
        return self.stack.of_type("AWS::Lambda::Function")

    @cached_property
    def roles(self) -> dict[str, list[Grant]]:
        """What each function's role allows."""
        written = self.stack.document["Resources"]
        return {
            name: grants(self.stack, written[name]["Properties"]["Role"]["Fn::GetAtt"][0]) for name in self.functions
        }

    @cached_property
    def _routes(self) -> Routes:
        return load_routes()

    def invoke(self, function: str, event: Any) -> Any:
        """The result of one invocation."""
        self.invoked.add(function)
        properties = self.functions[function]
        module, _, attribute = properties["Handler"].rpartition(".")
        variables = {name: str(value) for name, value in properties["Environment"]["Variables"].items() if value}
        self._running.append(function)
        try:
            with patch.dict(os.environ, {**_CREDENTIALS, **variables}, clear=True):
                handler = getattr(import_module(module), attribute)
                if hasattr(handler, "bound_to"):
                    if function not in self._services:
                        self._services[function] = Service.from_env(variables)
                    handler = handler.bound_to(self._services[function])
                return handler(event, LambdaContext(milliseconds=_MILLISECONDS))
        finally:
            self._running.pop()

    def request(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Any:
        """The result of the function behind a route of the API."""
        match = self._routes.match(method, path)
        assert match is not None, path
        event = proxy_event(
            method,
            path,
            query,
            headers.items(),
            body,
            resource=match.route.path,
            path_parameters=match.path_parameters,
            domain="api.example.com",
            source_ip="203.0.113.10",
        )
        return self.invoke(match.route.function.name, event)

    def new_account(self, **settings: Any) -> ScimClient:
        """A client of a fresh account with these settings, for which no request is too fast."""
        name = f"account-{uuid4().hex[:12]}"
        key = self.accounts.enable(name).connector.current.key
        self.accounts.configure(name, rate=Rate(MAX_REQUESTS_PER_SECOND), **settings)
        return DirectClient(BASE_URL, key.text, functions=self)

    def bring_in(self, client: ScimClient, body: dict[str, Any]) -> dict[str, Any]:
        """A user whom the account had long before its identity provider came, as SCIM shows it."""
        table = Table(Clients(_session()).dynamodb, TABLE)
        users = table.account(client.key.split("_")[1], MonotonicDeadline.after(60)).users
        made = StoredUser.new(str(uuid4()), attributes_of(body, USER), "2020-01-01T00:00:00.000Z")
        users.create(made)
        return client.get(f"/Users/{made.id}").json

    @cached_property
    def accounts(self) -> Accounts:
        """The accounts, as the operator reaches them."""
        return Accounts(self.secrets, f"{STACK}/connectors/", lambda: "test")

    @cached_property
    def secrets(self) -> Any:
        """A client of Secrets Manager."""
        return Clients(_session()).secretsmanager

    def news(self) -> list[dict[str, Any]]:
        """The records of the table's stream since the last call that the publisher's filter lets through."""
        shard: Any = dynamodb_backends[ACCOUNT][REGION].tables[TABLE].stream_shard
        fresh = shard.items[self._streamed :]
        self._streamed += len(fresh)
        records = [json.loads(json.dumps(item.to_json(), default=datetime.timestamp)) for item in fresh]
        return [one for one in records if one["dynamodb"]["Keys"]["pk"]["S"].endswith(("#USER", "#GROUP"))]

    def unused(self) -> dict[str, set[str]]:
        """The grants that no call used: statement and action, by function."""
        return {
            name: unused
            for name, allowed in self.roles.items()
            if (
                unused := {
                    f"{grant.sid} {grant.action}"
                    for grant in allowed
                    if not any(grant.allows(need) for need in self.calls.get(name, ()))
                }
            )
        }

    def watch(self, client: Any) -> None:
        """Judge and record each call of a client."""
        service = client.meta.service_model.service_name

        def before(params: dict[str, Any], model: Any, **_: Any) -> None:
            if not self._running:
                return
            function = self._running[-1]
            self._die_in_time()
            for need in needs(service, model.name, params):
                self.calls.setdefault(function, set()).add(need)
                if not any(grant.allows(need) for grant in self.roles[function]):
                    self.denied.append(f"{function}: {need}")
                    raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": str(need)}}, model.name)

        client.meta.events.register(f"provide-client-params.{service}", before)
        for operation, answer in self._stand_ins(service).items():
            client.meta.events.register(f"before-call.{service}.{operation}", answer)

    def _rows(self) -> list[list[dict[str, str]]]:
        return [[{"field": name, "value": value} for name, value in row.items()] for row in self.found_in_logs]

    def _die_in_time(self) -> None:
        if self.calls_until_death is None:
            return
        self.calls_until_death -= 1
        if self.calls_until_death < 0:
            self.calls_until_death = None
            raise FunctionDied

    def _stand_ins(self, service: str) -> dict[str, Callable[..., Any]]:
        """What moto lacks: by operation, a hook that answers."""
        done = SimpleNamespace(status_code=200)

        def version(params: dict[str, Any], **_: Any) -> Any:
            function = unquote(params["url_path"]).split(":function:")[1].split(":")[0]
            returned = self.invoke(function, json.loads(params["body"]))
            return done, {"StatusCode": 200, "Payload": BytesIO(json.dumps(returned).encode())}

        if service == "lambda":
            return {"Invoke": version}
        if service == "codedeploy":
            return {"PutLifecycleEventHookExecutionStatus": lambda **_: (done, {})}
        if service == "logs":
            return {
                "StartQuery": lambda **_: (done, {"queryId": "query"}),
                "GetQueryResults": lambda **_: (done, {"status": "Complete", "results": self._rows()}),
            }
        return {}


@dataclass(frozen=True)
class DirectClient(ScimClient):
    """A SCIM client that invokes the functions."""

    functions: FunctionsUnderRoles = field(kw_only=True)

    def request(
        self,
        method: str,
        path: str,
        query: str = "",
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """One request."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/scim+json", **(headers or {})}
        given = {name: value for name, value in sent.items() if value is not None}
        result = self.functions.request(method, BASE_PATH + path, query, given, content)
        headers_of = {name.lower(): str(value) for name, value in (result.get("headers") or {}).items()}
        return Answer(result["statusCode"], headers_of, result.get("body") or "")


_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "stand-in",
    "AWS_SECRET_ACCESS_KEY": "stand-in",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "PATH": os.environ.get("PATH", ""),
}


def _session() -> Session:
    session = Session()
    session.set_config_variable("region", REGION)
    session.set_credentials("stand-in", "stand-in")
    return session


@contextmanager
def functions_under_roles(stack: ResolvedTemplate | None = None) -> Iterator[FunctionsUnderRoles]:
    """The functions over an empty table; the secrets of the stack have no value, as CloudFormation creates them."""
    found = FunctionsUnderRoles(stack or ResolvedTemplate())
    make = Clients._client

    def watched(clients: Clients, service: str) -> Any:
        client = make(clients, service)
        found.watch(client)
        return client

    with mock_aws(), cheap_transactions(), patch.object(Clients, "_client", watched):
        session = _session()
        dynamodb: Any = session.create_client("dynamodb")
        make_table(dynamodb, TABLE)
        secrets: Any = session.create_client("secretsmanager")
        for name in ("default", "rollcall-check"):
            secrets.create_secret(Name=f"{STACK}/connectors/{name}")
        events: Any = session.create_client("events")
        events.create_event_bus(Name=STACK)
        yield found

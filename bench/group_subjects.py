"""The two that the benchmark of groups asks the same of: Rollcall on DynamoDB Local, and scim2-server in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, NamedTuple, Protocol

from scim2_models import (
    Bulk,
    ChangePassword,
    EnterpriseUser,
    ETag,
    Filter,
    Group,
    Patch,
    ResourceType,
    SCIMException,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    User,
)
from scim2_server.handler import ScimHandler
from scim2_server.memory import InMemoryStorage
from scim2_server.requests import ScimRequest
from scim2_server.service import ScimService
from service import Service

from adapters.dynamodb import Table
from support.lambda_context import LambdaContext

Json = dict[str, Any]
BASE: Final = "https://scim.example.com/scim/v2"
_READS: Final = frozenset({"get_item", "batch_get_item", "query", "transact_get_items"})


class Cost(NamedTuple):
    """Calls to DynamoDB and capacity units as AWS bills them; zero for what is in memory."""

    calls: int = 0
    read_units: float = 0.0
    write_units: float = 0.0


class Refused(Exception):
    """A request was answered with an error of this status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class Subject(Protocol):
    """What answers SCIM requests."""

    name: str
    users: list[str]
    """Ids that may be members."""

    def send(self, method: str, path: str, body: Json | None = None, **query: object) -> str:
        """Send a request and return the text of its answer; raises `Refused` for an error."""

    def cost(self) -> Cost:
        """The cost of the requests since the last look."""


class Meter:
    """A DynamoDB client that counts its calls and units as AWS bills them, for items of up to 1 KB.

    AWS bills two write units for each action of a transaction; DynamoDB Local reports one for each, and none for
    updates and checks. A call that is refused costs a call and no units, as its answer names none.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = Lock()
        self._taken = Cost()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = getattr(self._client, name)

        def call(**parameters: Any) -> Any:
            answer: Any = None
            try:
                answer = operation(**parameters)
                return answer
            finally:
                self._count(name, billed(answer, len(parameters.get("TransactItems", ()))) if answer else 0.0)

        return call

    def _count(self, name: str, units: float) -> None:
        with self._lock:
            calls, reads, writes = self._taken
            if name in _READS:
                self._taken = Cost(calls + 1, reads + units, writes)
            else:
                self._taken = Cost(calls + 1, reads, writes + units)

    def cost(self) -> Cost:
        """What was counted since the last look."""
        with self._lock:
            taken, self._taken = self._taken, Cost()
        return taken


def billed(answer: Any, actions: int = 0) -> float:
    """The capacity units of an answer, which reports one figure or one for each table; `actions` of a transaction."""
    consumed = answer.get("ConsumedCapacity") or []
    each = [consumed] if isinstance(consumed, dict) else consumed
    units = float(sum(one.get("CapacityUnits", 0.0) for one in each))
    return 2 * max(units, actions) if actions else units


@dataclass
class Rollcall:
    """The handlers in this process over a table on DynamoDB Local."""

    service: Service
    meter: Meter
    table: Table
    users: list[str]
    milliseconds: int = 10_000
    """Of a function, for one request."""
    name: str = "Rollcall"

    def send(self, method: str, path: str, body: Json | None = None, **query: object) -> str:
        self.service.use(self.table)  # knows nothing of the account's rate yet, and so makes no call for it
        call = self.service.call(method, path, body, **query)
        answer = call.handler(call.event, LambdaContext(milliseconds=self.milliseconds))
        if answer["statusCode"] >= 300:
            raise Refused(answer["statusCode"], answer["body"])
        return str(answer["body"])

    def cost(self) -> Cost:
        return self.meter.cost()


def _scim2_server() -> ScimHandler:
    config = ServiceProviderConfig(
        patch=Patch(supported=True),
        filter=Filter(supported=True, max_results=1_000),
        sort=Sort(supported=True),
        etag=ETag(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        change_password=ChangePassword(supported=False),
        authentication_schemes=[],
    )
    types = [ResourceType.from_resource(User[EnterpriseUser]), ResourceType.from_resource(Group)]
    provider = ScimProvider(models=[User, EnterpriseUser, Group], resource_types=types, config=config)
    return ScimHandler(ScimService(provider), InMemoryStorage())


@dataclass
class Scim2Server:
    """scim2-server with its own in-memory storage."""

    users: list[str]
    name: str = "scim2-server"
    handler: ScimHandler = field(default_factory=_scim2_server)

    def send(self, method: str, path: str, body: Json | None = None, **query: object) -> str:
        asked = {name: str(value) for name, value in query.items()}
        content = b"" if body is None else json.dumps(body).encode()
        try:
            answer = self.handler.handle(ScimRequest(method, BASE, path, query=asked, body=content))
        except SCIMException as error:
            raise Refused(int(error.status or 500), str(error)) from None
        if answer.status >= 300:
            raise Refused(int(answer.status), json.dumps(answer.body))
        return json.dumps(answer.body) if answer.body else ""

    def cost(self) -> Cost:
        return Cost()

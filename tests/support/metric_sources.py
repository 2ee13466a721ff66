"""The existing metrics: those that filters make of the handlers' lines, found by running them, and those of AWS.

An alarm or a widget on a metric that is never made stays green for ever. `problem_with` reports it.
"""

from __future__ import annotations

import io
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Final
from unittest.mock import patch

from botocore.exceptions import ClientError

from adapters.dynamodb import Table
from adapters.secrets.authentication import Authenticator
from adapters.secrets.guesses import AT_ONCE
from domain.accounts.connector_key import ConnectorKey
from domain.accounts.deprovisioning import Limit
from domain.accounts.rate import DEFAULT_RATE, FREE
from handlers.container.repetitions import Refusals
from operations.table_creation import table_definition
from support.faults import THROTTLING, FaultyClient
from support.in_process import ENVIRONMENT, Client, InProcess, in_process
from support.memory import InMemoryRequestCounter
from support.metric_filters import samples
from support.stack_template import of_type

NAMESPACE: Final = "Rollcall/${AWS::StackName}"
"""A namespace for each stack, so that two stacks in one region do not set off each other's alarms."""


@dataclass(frozen=True)
class Source:
    """The identity of a metric in CloudWatch."""

    namespace: str
    metric: str
    dimensions: frozenset[tuple[str, str]]


Dimensions = tuple[tuple[str, ...], ...]

DOCUMENTED: Final[dict[str, tuple[str, dict[str, Dimensions]]]] = {
    "AWS/ApiGateway": (
        "Amazon API Gateway Developer Guide, Amazon API Gateway dimensions and metrics",
        dict.fromkeys(
            ["4XXError", "5XXError", "Count", "IntegrationLatency", "Latency"],
            (("ApiName",), ("ApiName", "Stage"), ("ApiName", "Method", "Resource", "Stage")),
        ),
    ),
    "AWS/DynamoDB": (
        "Amazon DynamoDB Developer Guide, DynamoDB metrics and dimensions",
        dict.fromkeys(
            [
                "ConditionalCheckFailedRequests",
                "ConsumedReadCapacityUnits",
                "ConsumedWriteCapacityUnits",
                "ReadThrottleEvents",
                "TransactionConflict",
                "WriteThrottleEvents",
            ],
            (("TableName",),),
        )
        | dict.fromkeys(
            ["SuccessfulRequestLatency", "SystemErrors", "ThrottledRequests"], (("Operation", "TableName"),)
        ),
    ),
    "AWS/Lambda": (
        "AWS Lambda Developer Guide, Types of metrics for Lambda functions",
        dict.fromkeys(
            ["ConcurrentExecutions", "Duration", "Errors", "Invocations", "IteratorAge", "Throttles"],
            (("FunctionName",), ("FunctionName", "Resource")),
        ),
    ),
    "AWS/Logs": (
        "Amazon CloudWatch Logs User Guide, Monitoring usage with CloudWatch metrics",
        {"IncomingBytes": (("LogGroupName",),)},
    ),
    "AWS/SQS": (
        "Amazon Simple Queue Service Developer Guide, Available CloudWatch metrics for Amazon SQS",
        dict.fromkeys(
            [
                "ApproximateAgeOfOldestMessage",
                "ApproximateNumberOfMessagesVisible",
                "NumberOfMessagesReceived",
                "NumberOfMessagesSent",
            ],
            (("QueueName",),),
        ),
    ),
}
"""By namespace: the page that says so, and for each metric the sets of dimensions, each in alphabetical order."""


def problem_with(namespace: Any, metric: str, dimensions: Mapping[str, Any]) -> str | None:
    """Return why there is no such metric; None when there is. Values may be intrinsic functions, or hold `${...}`."""
    namespace = _text(namespace)
    if namespace in DOCUMENTED:
        page, metrics = DOCUMENTED[namespace]
        if tuple(sorted(dimensions)) in metrics.get(metric, ()):
            return None
        return f"{page} has no {metric} by {', '.join(sorted(dimensions))}"
    if Source(namespace, metric, frozenset(dimensions.items())) in emitted():
        return None
    return f"no metric filter makes {namespace} {metric} by {dict(dimensions)} of a line that is written"


def _text(value: Any) -> str:
    return str(value["Fn::Sub"] if isinstance(value, dict) else value)


@cache
def written() -> tuple[str, ...]:
    """The lines that the handlers write, with every operation succeeding once and every kind of trouble once."""
    printed = io.StringIO()
    trace = {"_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}
    with redirect_stdout(printed), in_process() as service, patch.dict(os.environ, trace):
        _everything(service)
    return tuple(printed.getvalue().splitlines())


@cache
def emitted() -> frozenset[Source]:
    """The metrics that filters make of those lines, and of the last line of the hourly check."""
    return frozenset(
        [source for line in written() for source in sources(json.loads(line))]
        + [
            Source(NAMESPACE, made["MetricName"], frozenset())
            for properties in of_type("AWS::Logs::MetricFilter").values()
            for made in properties["MetricTransformations"]
            if properties["LogGroupName"] != {"Ref": "RequestsLog"}
        ]
    )


def sources(line: dict[str, Any]) -> Iterator[Source]:
    """The metrics that CloudWatch makes of a line of a function of the API."""
    for one in samples(line):
        yield Source(NAMESPACE, one.metric, frozenset(one.dimensions.items()))


def _everything(service: InProcess) -> None:
    client = service.account("acme")
    _every_operation(client)
    _refusals(service, client)
    _previous_key(service)
    _deprovisioning_refused(service)
    _rate_limited(service)
    _flood_of_invented_accounts(service)
    _repeated_call(service, client)
    _server_error(service, client)
    _no_secrets_manager(service, client)


def _user(name: str) -> dict[str, Any]:
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name,
        "emails": [{"value": name, "type": "work", "primary": True}],
    }


def _patch(**operation: Any) -> dict[str, Any]:
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}


def _every_operation(client: Client) -> None:
    created = client.call("POST", "/Users", _user("ann@example.com")).body["id"]
    # The second operation fails, as the name is taken.
    operation = {"method": "POST", "path": "/Users", "data": _user("bob@example.com")}
    bulk = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [operation | {"bulkId": "b"}, operation | {"bulkId": "c"}],
    }
    search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "count": 1}
    answers = [
        client.call("GET", f"/Users/{created}"),
        client.call("GET", "/Users"),
        client.call("GET", "//Users"),
        client.call("POST", "/Users/.search", search),
        client.call("PUT", f"/Users/{created}", _user("ann@example.com") | {"title": "Guide"}),
        # Capitalised, as Entra ID sends it: a tolerance; and a deactivation.
        client.call("PATCH", f"/Users/{created}", _patch(op="Replace", path="active", value=False)),
        client.call("POST", "/Bulk", bulk),
        client.call("GET", "/ServiceProviderConfig"),
        client.call("DELETE", f"/Users/{created}"),
    ]
    assert [answer.status for answer in answers if answer.status >= 300] == []


def _refusals(service: InProcess, client: Client) -> None:
    assert client.call("POST", "/Users", _user("bob@example.com")).status == 409
    assert client.call("GET", "/Users", headers={"Authorization": "Bearer nonsense"}).status == 401
    assert service.client(ConnectorKey.generate("acme", secrets.token_bytes).text).call("GET", "/Users").status == 401
    edited = service.account("edited")
    secret = ENVIRONMENT["CONNECTOR_SECRET_PREFIX"] + "edited"
    service.clients.secretsmanager.put_secret_value(SecretId=secret, SecretString="nonsense")
    assert edited.call("GET", "/Users").status == 401


def _previous_key(service: InProcess) -> None:
    for account, grace in (("globex", timedelta(days=7)), ("initech", timedelta(hours=1))):
        client = service.account(account)
        service.accounts.rotate_key(account, grace)
        assert client.call("GET", "/Users").status == 200


def _deprovisioning_refused(service: InProcess) -> None:
    """One removal within the limit, one beyond it, and the same again when an operator has let it through."""
    client = service.account("hooli", deprovisioning_limit=Limit(1))
    # Imported, as users whom a client made within the hour do not count.
    ids = [service.brings_in("hooli", _user(f"{name}@example.com")) for name in ("ann", "bob")]
    assert [client.call("DELETE", f"/Users/{user_id}").status for user_id in ids] == [204, 403]
    service.table.guards["hooli"].let_through(ids[1], "arn:aws:iam::123456789012:user/operator")
    assert client.call("DELETE", f"/Users/{ids[1]}").status == 204


def _rate_limited(service: InProcess) -> None:
    """As many requests as a container lets in unasked, and two more after other containers used up the rate."""
    client = service.account("umbrella")
    service.table.counts = True
    service.table.request_counter("umbrella").settle(10_000, DEFAULT_RATE)
    statuses = [client.call("GET", "/ServiceProviderConfig").status for _ in range(FREE + 2)]
    assert statuses == [200] * FREE + [429] * 2
    service.table.counts = False
    service.use(service.table)  # as if in another container, except for the record of what was refused here
    assert client.call("GET", "/ServiceProviderConfig").status == 200


def _flood_of_invented_accounts(service: InProcess) -> None:
    """Forged keys until they are refused unasked: one refusal with a line, one without, and a later one for both."""
    now = [0.0]
    before = service.bound
    unused = Authenticator(service.clients.secretsmanager, ENVIRONMENT["CONNECTOR_SECRET_PREFIX"])
    service.change(refusals=Refusals(monotonic=lambda: now[0]), authenticator=unused)
    statuses = []
    for number in range(AT_ONCE + 3):
        now[0] += number == AT_ONCE + 2
        key = ConnectorKey.generate(f"invented-{number}", secrets.token_bytes).text
        statuses.append(service.client(key).call("GET", "/Users").status)
    service.bound = before  # it knows the keys of the others who send from that address
    assert statuses == [401] * AT_ONCE + [429] * 3


def _repeated_call(service: InProcess, client: Client) -> None:
    """The first call is throttled; the second finds a table without users."""
    dynamodb = service.clients.dynamodb
    dynamodb.create_table(**table_definition(ENVIRONMENT["TABLE_NAME"]))
    FaultyClient(dynamodb).once(THROTTLING[0])
    with service.over(Table(dynamodb, ENVIRONMENT["TABLE_NAME"])):
        assert client.call("GET", "/Users").body["totalResults"] == 0


def _server_error(service: InProcess, client: Client) -> None:
    with broken_table(service):
        assert client.call("GET", "/Users").status == 503


def _no_secrets_manager(service: InProcess, client: Client) -> None:
    """A new container, while Secrets Manager does not answer."""
    service.open_again()
    failing = {"Error": {"Code": "InternalServiceError"}}
    with patch.object(
        service.clients.secretsmanager,
        "get_secret_value",
        side_effect=ClientError(failing, "GetSecretValue"),  # type: ignore[arg-type]  # the stubs require all members of an error
    ):
        assert client.call("GET", "/Users").status == 503


class _Broken:
    def request_counter(self, *_: object) -> InMemoryRequestCounter:
        return InMemoryRequestCounter()

    def account(self, *_: object) -> None:
        raise ConnectionError


def broken_table(service: InProcess) -> AbstractContextManager[None]:
    """While it lasts, every use of the table fails unexpectedly."""
    return service.over(_Broken())

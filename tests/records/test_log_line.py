"""The log line of a request: its account, outcome, reason, remedy and cost."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

import handlers.bulk  # noqa: F401 - so that every error class is there to walk
from adapters.dynamodb import Table
from adapters.secrets import connector_secrets
from adapters.secrets.authentication import Authenticator
from domain.accounts.connector_key import ConnectorKey
from domain.accounts.deprovisioning import DeprovisioningPaused
from domain.accounts.rate import DEFAULT_RATE, RateLimited
from domain.errors import (
    BadRequest,
    InvalidCursor,
    MethodNotAllowed,
    OutOfTime,
    Retryable,
    ScimError,
    TooManyWrongKeys,
    UniquenessConflict,
)
from domain.resources.group_schema import CORE_URN as GROUP_URN
from domain.resources.user_schema import CORE_URN
from handlers import endpoint
from operations.table_creation import table_definition
from records.output import Json, Output
from records.people import create
from support import faults
from support.faults import FaultyClient
from support.in_process import Client, InProcess
from support.lambda_context import LambdaContext
from support.metric_filters import totals
from support.people import UNKNOWN_ID, bulk, patch, person

ALWAYS = {
    "timestamp", "level", "message", "operation", "request_id", "status", "duration_ms",
    "dynamodb_calls", "dynamodb_units",
}  # fmt: skip
AUTHENTICATED = ALWAYS | {"account", "key_used"}
REFUSAL = {"reason", "remedy"}


def test_a_line_names_the_account_the_operation_and_the_outcome(client: Client, output: Output) -> None:
    answer = client.call("POST", "/Users", person("ada"), context=LambdaContext("invocation-1"))

    line = output.line()
    assert line.keys() == AUTHENTICATED | {"user_id"}
    assert (line["message"], line["level"]) == ("request", "INFO")
    assert (line["request_id"], line["account"], line["key_used"]) == ("invocation-1", "acme", "current")
    assert (line["operation"], line["user_id"], line["status"]) == ("CreateUser", answer.body["id"], 201)
    assert line["duration_ms"] > 0


def test_a_line_has_the_gateways_id_of_the_request_which_no_client_chooses(client: Client, output: Output) -> None:
    client.call("GET", "/Users", request_id="chosen by the client", gateway_id="JKJaXmPLvHcESHA=")

    line = output.line()
    assert line["request_id"] == "JKJaXmPLvHcESHA="
    assert "chosen" not in str(line)


IDS = {"invocation_id": "invocation-1", "xray_trace_id": "1-5759e988-bd862e3fe1be46a994272793"}


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda traces the invocation."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={IDS['xray_trace_id']};Sampled=1")


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize(("seconds", "named"), [(1.0, IDS), (0.9, {})])
def test_a_line_names_invocation_and_trace_of_a_slow_request(
    client: Client, output: Output, monkeypatch: pytest.MonkeyPatch, seconds: float, named: Json
) -> None:
    begin = time.monotonic()
    readings = [begin]
    now = SimpleNamespace(monotonic=lambda: readings.pop() if readings else begin + seconds)
    monkeypatch.setattr(endpoint, "time", now)

    client.call("GET", "/Users", context=LambdaContext("invocation-1"))

    line = output.line()
    assert {name: line[name] for name in IDS.keys() & line.keys()} == named


@pytest.mark.usefixtures("traced")
def test_a_line_names_invocation_and_trace_of_a_failure(service: InProcess, client: Client, output: Output) -> None:
    service.change(open_table=lambda: None)

    client.call("GET", "/Users", context=LambdaContext("invocation-1"), gateway_id="JKJaXmPLvHcESHA=")

    assert output.line().items() >= (IDS | {"request_id": "JKJaXmPLvHcESHA="}).items()


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", "/Users", "CreateUser"), ("GET", "/Users/{id}", "GetUser"), ("GET", "/Users", "ListUsers"),
        ("POST", "/Users/.search", "SearchUsers"), ("PUT", "/Users/{id}", "ReplaceUser"),
        ("PATCH", "/Users/{id}", "PatchUser"), ("DELETE", "/Users/{id}", "DeleteUser"), ("POST", "/Bulk", "Bulk"),
        ("GET", "/Schemas", "Discovery"), ("GET", "/Me", "Unrouted"), ("GET", "//Users", "ListUsers"),
    ],
)  # fmt: skip
def test_every_operation_is_logged_by_its_name(
    client: Client, output: Output, method: str, path: str, operation: str
) -> None:
    client.call(method, path.replace("{id}", UNKNOWN_ID), {})

    assert output.line()["operation"] == operation


def test_a_line_about_a_group_counts_who_joined_left_and_was_left_out(service: InProcess, output: Output) -> None:
    client = service.account("grouped", groups=True)
    ada, bob = create(client, "ada"), create(client, "bob")
    output.lines()

    def members(*ids: str) -> Json:
        return {"schemas": [GROUP_URN], "displayName": "Sales", "members": [{"value": each} for each in ids]}

    group_id = client.call("POST", "/Groups", members(ada, UNKNOWN_ID)).body["id"]
    path = f"/Groups/{group_id}"
    client.call("PUT", path, members(bob))
    client.call("PATCH", path, patch({"op": "add", "path": "members", "value": [{"value": ada}, {"value": bob}]}))
    client.call("PATCH", path, patch({"op": "add", "path": "externalId", "value": "1"}))
    client.call("GET", path)
    client.call("DELETE", path)
    client.call("GET", path)

    lines = output.lines()
    counted = ("operation", "status", "members_joined", "members_left", "members_left_out")
    assert [tuple(line.get(name) for name in counted) for line in lines] == [
        ("CreateGroup", 201, 1, None, 1),
        ("ReplaceGroup", 200, 1, 1, None),
        ("PatchGroup", 204, 1, None, None),
        ("PatchGroup", 204, None, None, None),
        ("GetGroup", 200, None, None, None),
        ("DeleteGroup", 204, None, None, None),
        ("GetGroup", 404, None, None, None),
    ]
    assert {line["group_id"] for line in lines} == {group_id}
    assert not any("user_id" in line for line in lines)


def test_only_the_first_request_of_a_container_is_a_cold_start(
    service: InProcess, client: Client, output: Output
) -> None:
    service.open_again()

    client.call("GET", "/Users")
    client.call("GET", "/Schemas")

    assert [line.get("cold_start") for line in output.lines()] == [True, None]


def test_a_refusal_states_its_reason_its_attribute_and_a_remedy(client: Client, output: Output) -> None:
    create(client, "ada")
    other = create(client, "bob")
    output.lines()

    client.call("PUT", f"/Users/{other}", person("bob", emails=[{"value": "ada@example.com"}]))

    line = output.line()
    assert line.keys() == AUTHENTICATED | REFUSAL | {"user_id", "scim_type", "attribute"}
    assert (line["level"], line["status"], line["scim_type"]) == ("WARNING", 409, "uniqueness")
    assert (line["reason"], line["attribute"], line["user_id"]) == ("email-exists", "emails.value", other)
    assert "rollcall users show" in line["remedy"]


@pytest.mark.parametrize(
    ("body", "attribute"),
    [
        ({"schemas": [CORE_URN]}, "userName"),
        (person("a", active="perhaps"), "active"),
        (person("a", name={"givenName": 5}, title=7), "name.givenName, title"),
        (person("a", emails=[{"value": "nobody"}]), "emails.value"),
        (person("a", emails=[{"value": "a@b", "shoe size": 5}]), "emails"),
        (person("a", shoeSize=44), "User"),
        (person("a", schemas=["urn:unknown"]), "schemas"),
        (person("a", emails=[{"value": f"{n}@b", "primary": True} for n in "xy"]), "emails"),
        (person("a", TITLE="x", title="y"), "title"),
    ],
)
def test_a_rejected_body_is_described_by_attributes_of_the_schema(
    service: InProcess, output: Output, body: Json, attribute: str
) -> None:
    strict = service.account("strict", mode="strict")

    assert strict.call("POST", "/Users", body).status == 400

    assert output.line()["attribute"] == attribute


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_refusal_names_the_user_in_the_path_if_it_is_an_id(client: Client, output: Output, method: str) -> None:
    bodies = {"PUT": person("ada"), "PATCH": patch({"op": "remove", "path": "title"})}

    client.call(method, f"/Users/{UNKNOWN_ID}", bodies.get(method))
    client.call(method, "/Users/ada@example.com", bodies.get(method))

    known_form, other = output.lines()
    assert (known_form["status"], known_form["user_id"], known_form["reason"]) == (404, UNKNOWN_ID, "no-such-user")
    assert "user_id" not in other


def test_a_rejected_key_is_logged_with_its_account_if_that_exists(service: InProcess, output: Output) -> None:
    acme, off = service.account("acme"), service.account("off")
    service.accounts.disable("off")
    service.accounts.rotate_key("acme", timedelta(0))
    unknown = service.account("gone")
    service.accounts.delete("gone")

    for each in (acme, off, unknown):
        each.call("GET", "/Users")

    wrong, switched_off, of_no_one = output.lines()
    assert (wrong["status"], wrong["reason"], wrong["account"]) == (401, "wrong-key", "acme")
    assert (switched_off["status"], switched_off["reason"], switched_off["account"]) == (403, "account-disabled", "off")
    assert of_no_one["reason"] in ("unknown-account", "secret-marked-for-deletion")
    assert not any("key_used" in line for line in (wrong, switched_off, of_no_one))


@pytest.mark.parametrize(
    ("account", "counted"),
    [("acme", {"WrongKeys"}), ("edited", {"UnusableSecretUsed"}), ("unknown", set())],
)
def test_a_rejected_key_of_an_existing_account_is_counted_separately(
    service: InProcess, output: Output, account: str, counted: set[str]
) -> None:
    service.account("acme")
    service.clients.secretsmanager.create_secret(Name="test/connectors/edited", SecretString="nonsense")

    answer = service.client(ConnectorKey.generate(account, secrets.token_bytes).text).call("GET", "/Users")

    line = output.line()
    assert (answer.status, line["status"]) == (401, 401)
    assert ("account" in line) is bool(counted)
    assert totals([line]) == dict.fromkeys({"Requests", "ClientErrors", "AuthRejected"} | counted, 1)


def test_a_request_served_from_a_stale_secret_says_so_in_its_line(
    service: InProcess, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(seconds=0.0)
    manager = service.clients.secretsmanager
    prefix = service.bound.environment.connector_secret_prefix
    service.change(authenticator=Authenticator(manager, prefix, monotonic=lambda: clock.seconds))
    client = service.account("acme")
    client.call("GET", "/Users")
    assert "stale" not in output.line()
    failing = ClientError({"Error": {"Code": "InternalServiceError"}}, "GetSecretValue")
    monkeypatch.setattr(manager, "get_secret_value", Mock(side_effect=failing))
    clock.seconds += 3000

    assert client.call("GET", "/Users").status == 200
    assert output.line()["stale"] is True

    clock.seconds += 600
    assert client.call("GET", "/Users").status == 503
    assert "stale" not in output.line()


def test_use_of_the_previous_key_is_logged_with_the_time_left(
    service: InProcess, client: Client, output: Output
) -> None:
    service.accounts.rotate_key("acme", timedelta(hours=30))

    client.call("GET", "/Users")

    line = output.line()
    assert line.keys() == AUTHENTICATED | {"previous_key_hours_left"}
    assert line["key_used"] == "previous"
    assert 29 < line["previous_key_hours_left"] <= 30


def test_tolerances_are_logged_by_name_even_if_the_request_fails(client: Client, output: Output) -> None:
    user = create(client, "ada")
    output.lines()

    client.call("PATCH", f"/Users/{user}", patch({"op": "Replace", "path": "active", "value": "False"}))
    client.call("PATCH", f"/Users/{user}", patch({"op": "Replace", "path": "emails[", "value": "x"}))

    forgiven, refused = output.lines()
    assert forgiven["tolerances"] == ["capitalised-op", "string-boolean"]
    assert forgiven["users_deactivated"] == 1
    assert (refused["status"], refused["tolerances"]) == (400, ["capitalised-op"])


@pytest.fixture
def dynamodb(service: InProcess) -> FaultyClient:
    """The service's table on moto, with faults at hand."""
    faulty: Any = service.clients.dynamodb
    faulty.create_table(**table_definition("users"))
    service.use(Table(faulty, "users", sleep=lambda seconds: None))
    return FaultyClient(faulty)


def test_a_line_states_the_calls_units_and_retries_of_dynamodb(
    client: Client, output: Output, dynamodb: FaultyClient
) -> None:
    user = create(client, "ada")
    output.lines()
    dynamodb.once(faults.THROTTLING[0], faults.THROTTLING[0])

    client.call("GET", f"/Users/{user}")

    line = output.line()
    assert (line["status"], line["dynamodb_calls"], line["dynamodb_retries"]) == (200, 3, 2)
    assert line["dynamodb_units"] > 0


def test_a_failure_of_the_service_is_an_error_with_its_cause(
    client: Client, output: Output, dynamodb: FaultyClient
) -> None:
    dynamodb.always(faults.REFUSING[1])

    client.call("GET", f"/Users/{UNKNOWN_ID}")

    line = output.line()
    assert line.keys() == AUTHENTICATED | REFUSAL | {"user_id", "cause", "invocation_id"}
    assert (line["level"], line["status"], line["reason"]) == ("ERROR", 503, "table-refused")
    assert line["cause"] == "ClientError"


def test_a_defect_is_logged_with_its_place_and_a_remedy(service: InProcess, client: Client, output: Output) -> None:
    service.change(open_table=lambda: None)

    assert client.call("GET", f"/Users/{UNKNOWN_ID}").status == 503

    line = output.line()
    assert (line["level"], line["reason"]) == ("ERROR", "unexpected")
    assert re.fullmatch(r"AttributeError at \w+:\d+", line["cause"])
    assert "runbook" in line["remedy"]


def test_a_bulk_request_has_a_line_for_each_operation_that_failed(client: Client, output: Output) -> None:
    user = create(client, "ada")
    output.lines()
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "one", "data": person("bob")},
        {"method": "POST", "path": "/Users", "bulkId": "two", "data": person("ada")},
        {"method": "PUT", "path": f"/Users/{user}", "data": person("ada", active=5)},
        {"method": "PATCH", "path": "/Users/bulkId:two", "data": patch({"op": "remove", "path": "title"})},
        {"method": "DELETE", "path": f"/Users/{UNKNOWN_ID}"},
        {"method": "DELETE", "path": f"/Users/{user}"},
    ]

    client.call("POST", "/Bulk", bulk(*operations), context=LambdaContext("invocation-1"))

    lines = output.lines()
    request, *failed, lost = lines
    assert (lost["message"], lost["user_id"], lost["what"]) == ("lost-access", user, "removed")
    assert (request["status"], request["bulk_operations"], request["bulk_failures"]) == (200, 6, 4)
    assert request["users_removed"] == 1
    assert [
        (line["position"], line["operation"], line["status"], line["reason"], line.get("user_id")) for line in failed
    ] == [
        (1, "CreateUser", 409, "user-name-exists", None),
        (2, "ReplaceUser", 400, "invalid-value", user),
        (3, "PatchUser", 409, "unresolved-bulk-id", None),
        (4, "DeleteUser", 404, "no-such-user", UNKNOWN_ID),
    ]
    for line in failed:
        assert (line["message"], line["level"]) == ("bulk-operation", "WARNING")
        assert (line["request_id"], line["account"]) == ("invocation-1", "acme")
        assert line["remedy"]
    assert failed[1]["attribute"] == "active"
    counted = totals(lines)
    assert (counted["UniquenessConflicts"], counted["Succeeded"]) == (1, 1)


def test_a_bulk_request_without_failures_says_so(client: Client, output: Output) -> None:
    operation = {"method": "POST", "path": "/Users", "bulkId": "one", "data": person("bob")}

    client.call("POST", "/Bulk", bulk(operation))

    line = output.line()
    assert (line["bulk_operations"], line["bulk_failures"]) == (1, 0)


def every_error(of: type[ScimError] = ScimError) -> Iterator[type[ScimError]]:
    yield of
    for further in of.__subclasses__():
        yield from every_error(further)


OF_A_SECRET = (connector_secrets.ConnectorUnavailable, *connector_secrets.ConnectorUnavailable.__subclasses__())


@pytest.mark.parametrize("kind", sorted(set(every_error()) - set(OF_A_SECRET), key=lambda kind: kind.__name__))  # type: ignore[attr-defined]  # mypy infers object for the members of the set
def test_every_refusal_of_the_service_has_a_reason_and_a_remedy(kind: type[ScimError]) -> None:
    marked = f"value {uuid4()}"
    arguments: dict[type[ScimError], tuple[Any, ...]] = {
        UniquenessConflict: ("userName", marked),
        MethodNotAllowed: (marked, ()),
        DeprovisioningPaused: (marked, 20, datetime(2030, 1, 31, tzinfo=UTC)),
        RateLimited: (marked, DEFAULT_RATE, 1.0),
        TooManyWrongKeys: (1,),
        OutOfTime: (),
    }
    given = arguments.get(kind, (marked,))
    is_bad_request = issubclass(kind, BadRequest) and not issubclass(kind, InvalidCursor)
    error = kind(*given, **({"attribute": "title", "expected": "a text"} if is_bad_request else {}))

    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", error.reason)
    assert len(error.remedy) > 20
    assert error.remedy.endswith(".")
    assert (marked in error.detail) is (marked in given)
    assert marked not in f"{error.reason} {error.remedy} {error.expected}"
    assert (error.status == 400) is isinstance(error, BadRequest) or kind in (ScimError, Retryable)
    assert (error.expected is not None) is isinstance(error, BadRequest)

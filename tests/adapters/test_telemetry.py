"""Log lines and metrics of a request, read from the function's output."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from adapters.dynamodb import Usage
from adapters.logs.log import Log
from adapters.logs.telemetry import RequestRecord, emit
from domain.accounts.deprovisioning import Limit
from support.in_process import Client, InProcess, in_process
from support.people import person

SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
ALWAYS = {"Requests", "Latency"}

Sample = tuple[str, tuple[tuple[str, str], ...], float]
"""Name, dimensions and value of a metric."""


@pytest.fixture
def service() -> Iterator[InProcess]:
    with in_process() as running:
        yield running


@pytest.fixture
def client(service: InProcess) -> Client:
    return service.account("acme")


def lines(capsys: pytest.CaptureFixture[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The log lines and the metric blobs written since the last look."""
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in written if "_aws" not in line], [line for line in written if "_aws" in line]


def samples(blob: dict[str, Any]) -> set[Sample]:
    """The metrics of a blob as CloudWatch reads it."""
    return {
        (metric["Name"], tuple((name, blob[name]) for name in sorted(dimensions)), value)
        for directive in blob["_aws"]["CloudWatchMetrics"]
        for dimensions in directive["Dimensions"]
        for metric in directive["Metrics"]
        for value in (blob[metric["Name"]] if isinstance(blob[metric["Name"]], list) else [blob[metric["Name"]]])
    }


def counted(blob: dict[str, Any]) -> dict[str, float]:
    """The values in the dimensions that all metrics have."""
    return {name: value for name, dimensions, value in samples(blob) if len(dimensions) == 2}


def test_a_request_is_one_line_and_one_blob(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    client.call("POST", "/Users", person("ada"))

    (line,), (blob,) = lines(capsys)
    assert (line["message"], line["operation"], line["status"]) == ("request", "CreateUser", 201)
    base = (("environment", "test"), ("service", "rollcall"))
    assert {one for one in samples(blob) if one[0] == "Succeeded"} == {
        ("Succeeded", base, 1),
        ("Succeeded", (base[0], ("operation", "CreateUser"), base[1]), 1),
    }
    assert counted(blob).keys() == ALWAYS | {"Succeeded"}


def test_a_refusal_is_a_client_error_and_not_a_success(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    client.call("POST", "/Users", person("ada"))
    lines(capsys)

    client.call("POST", "/Users", person("ada"))

    _, (blob,) = lines(capsys)
    assert counted(blob).keys() == ALWAYS | {"ClientErrors", "UniquenessConflicts"}


def test_a_deactivation_and_a_removal_are_in_the_line(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    user = client.call("POST", "/Users", person("ada")).body["id"]
    lines(capsys)

    client.call("PUT", f"/Users/{user}", person("ada", active=False))
    client.call("PUT", f"/Users/{user}", person("ada", active=False, title="Countess"))
    client.call("DELETE", f"/Users/{user}")

    (first, second, third), (blob, *rest) = lines(capsys)
    assert first["users_deactivated"] == 1
    assert "users_deactivated" not in second
    assert third["users_removed"] == 1
    assert counted(blob)["UsersDeactivated"] == 1
    assert not any("UsersDeactivated" in counted(each) for each in rest)


def test_the_previous_key_is_counted_separately_and_again_when_its_grace_ends(
    service: InProcess, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    service.accounts.rotate_key("acme", timedelta(days=5))
    client.call("GET", "/Users")
    (early,), (early_blob,) = lines(capsys)

    ending = service.account("ending")
    service.accounts.rotate_key("ending", timedelta(hours=5))
    ending.call("GET", "/Users")

    (late,), (late_blob,) = lines(capsys)
    assert early["previous_key_hours_left"] > 100
    assert late["previous_key_hours_left"] <= 5
    assert counted(early_blob)["PreviousKeyUsed"] == counted(late_blob)["PreviousKeyUsed"] == 1
    assert not any("grace" in dict(dimensions) for _, dimensions, _ in samples(early_blob))
    assert [
        (name, value) for name, dimensions, value in samples(late_blob) if dict(dimensions).get("grace") == "ending"
    ] == [("PreviousKeyUsed", 1)]


def test_operations_that_the_guard_refused_are_counted_by_reason_in_a_successful_bulk_request(
    service: InProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    client = service.account("limited", deprovisioning_limit=Limit(1))
    ids = [service.brings_in("limited", person(name)) for name in ("ann", "bob", "cid")]
    client.call("DELETE", f"/Users/{ids[0]}")
    lines(capsys)

    client.call("DELETE", f"/Users/{ids[1]}")
    removals = [{"method": "DELETE", "path": f"/Users/{user_id}"} for user_id in ids[1:]]
    client.call("POST", "/Bulk", {"schemas": [BULK_REQUEST], "Operations": removals})

    _, (alone, bulk) = lines(capsys)
    reason = (("environment", "test"), ("reason", "deprovisioning-paused"), ("service", "rollcall"))
    assert ("ClientErrors", reason, 1) in samples(alone)
    assert ("ClientErrors", reason, 2) in samples(bulk)
    assert counted(alone)["ClientErrors"] == 1
    assert "ClientErrors" not in counted(bulk)


def test_calls_that_were_sent_again_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    record = RequestRecord("GetUser", "request", cold_start=False, status=200, usage=Usage(calls=3, retries=2))

    emit(Log.from_env(), record)

    (line,), (blob,) = lines(capsys)
    assert line["dynamodb_retries"] == counted(blob)["StorageRetries"] == 2

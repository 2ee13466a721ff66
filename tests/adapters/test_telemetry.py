"""Log lines of a request and what metric filters count from them, read from the function's output."""

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
from support.metric_filters import Sample, samples, totals
from support.people import person

SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


@pytest.fixture
def service() -> Iterator[InProcess]:
    with in_process() as running:
        yield running


@pytest.fixture
def client(service: InProcess) -> Client:
    return service.account("acme")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The log lines written since the last look."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_request_is_one_line_from_which_its_success_is_counted(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    client.call("POST", "/Users", person("ada"))

    (line,) = lines(capsys)
    assert (line["message"], line["operation"], line["status"]) == ("request", "CreateUser", 201)
    assert totals([line]) == {"Requests": 1, "Succeeded": 1}
    assert Sample("Succeeded", {"operation": "CreateUser"}, 1) in list(samples(line))
    assert Sample("Latency", {}, line["duration_ms"]) in list(samples(line))


def test_a_refusal_is_a_client_error_and_not_a_success(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    client.call("POST", "/Users", person("ada"))
    lines(capsys)

    client.call("POST", "/Users", person("ada"))

    assert totals(lines(capsys)) == {"Requests": 1, "ClientErrors": 1, "UniquenessConflicts": 1}


def test_a_failure_of_the_service_is_neither_and_501_is_a_client_error(capsys: pytest.CaptureFixture[str]) -> None:
    for status in (503, 501):
        emit(Log.to_output(), RequestRecord("GetUser", "request", cold_start=False, status=status))

    assert [totals([line]) for line in lines(capsys)] == [{"Requests": 1}, {"Requests": 1, "ClientErrors": 1}]


def test_a_deactivation_and_a_removal_are_in_the_line(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    user = client.call("POST", "/Users", person("ada")).body["id"]
    lines(capsys)

    client.call("PUT", f"/Users/{user}", person("ada", active=False))
    client.call("PUT", f"/Users/{user}", person("ada", active=False, title="Countess"))
    client.call("DELETE", f"/Users/{user}")

    first, second, third = lines(capsys)
    assert first["users_deactivated"] == 1
    assert "users_deactivated" not in second
    assert third["users_removed"] == 1
    assert totals([first])["UsersDeactivated"] == 1
    assert "UsersDeactivated" not in totals([second, third])


def test_the_previous_key_is_counted_separately_and_again_when_its_grace_ends(
    service: InProcess, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    service.accounts.rotate_key("acme", timedelta(days=5))
    client.call("GET", "/Users")
    (early,) = lines(capsys)

    ending = service.account("ending")
    service.accounts.rotate_key("ending", timedelta(hours=5))
    ending.call("GET", "/Users")

    (late,) = lines(capsys)
    assert early["previous_key_hours_left"] > 100
    assert late["previous_key_hours_left"] <= 5
    assert totals([early]) == {"Requests": 1, "Succeeded": 1, "PreviousKeyUsed": 1}
    assert totals([late]) == totals([early]) | {"PreviousKeyEnding": 1}


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

    alone, bulk, *_ = (line for line in lines(capsys) if line["message"] == "request")
    assert totals([alone]) == {"Requests": 1, "ClientErrors": 1, "DeprovisioningRefused": 1}
    assert totals([bulk]) == {"Requests": 1, "Succeeded": 1, "DeprovisioningRefused": 2}


def test_a_removal_beyond_half_of_the_limit_is_counted(service: InProcess, capsys: pytest.CaptureFixture[str]) -> None:
    client = service.account("limited", deprovisioning_limit=Limit(2))
    ids = [service.brings_in("limited", person(name)) for name in ("ann", "bob")]

    for user_id in ids:
        client.call("DELETE", f"/Users/{user_id}")

    first, second = lines(capsys)
    assert (first["deprovisioning_half_used"], totals([first])["DeprovisioningHalfUsed"]) == (True, 1)
    assert totals([second])["DeprovisioningHalfUsed"] == 1


def test_calls_that_were_sent_again_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    record = RequestRecord("GetUser", "request", cold_start=False, status=200, usage=Usage(calls=3, retries=2))

    emit(Log.to_output(), record)

    (line,) = lines(capsys)
    assert line["dynamodb_retries"] == totals([line])["StorageRetries"] == 2

"""An account beyond its rate: its answers, its log lines and metrics, and its cost."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from adapters import clock
from adapters.secrets.guesses import AT_ONCE
from domain.accounts.connector_key import ConnectorKey
from domain.accounts.rate import DEFAULT_RATE, FREE, Rate, Standing
from domain.errors import ServiceUnavailable
from handlers.container.pace import Pace
from handlers.container.repetitions import Refusals
from records.output import Output
from support.in_process import Client, InProcess
from support.metric_filters import totals
from support.people import bulk, person

DISCOVERY = "/ServiceProviderConfig"


@pytest.fixture(autouse=True)
def counting(service: InProcess) -> None:
    service.table.counts = True


@pytest.fixture(autouse=True)
def cpu(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Readings of the CPU clock, at a request's beginning and end; none is burned unless a test says so."""
    said: list[float] = []
    monkeypatch.setattr(clock, "cpu_seconds", lambda: said.pop(0) if said else 0.0)
    return said


class Ticks:
    """A clock that a test advances."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def ticks(service: InProcess) -> Ticks:
    """The time of what a container remembers of accounts."""
    ticks = Ticks()
    pace = Pace(service.table.request_counter, monotonic=ticks)
    service.change(pace=pace, refusals=Refusals(monotonic=ticks))
    return ticks


def use_up(service: InProcess, account: str = "acme") -> None:
    """Use up the account's rate in other containers."""
    service.table.request_counter(account).settle(10_000, DEFAULT_RATE)


def exceed(client: Client) -> None:
    """Send as many requests as a container admits unchecked, and one that meets the limit."""
    assert [client.call("GET", DISCOVERY).status for _ in range(FREE + 1)] == [200] * FREE + [429]


@pytest.mark.parametrize(
    "request_sent",
    [
        ("GET", "/Users", None),
        ("GET", "/Users/2819c223-7f76-453a-919d-413861904646", None),
        ("POST", "/Users", person("ada")),
        ("PUT", "/Users/2819c223-7f76-453a-919d-413861904646", person("ada")),
        ("PATCH", "/Users/2819c223-7f76-453a-919d-413861904646", {}),
        ("DELETE", "/Users/2819c223-7f76-453a-919d-413861904646", None),
        ("POST", "/Users/.search", {}),
        ("POST", "/Bulk", {}),
        ("GET", DISCOVERY, None),
        ("GET", "/Groups", None),
        ("GET", "//Users", None),
    ],
)
def test_every_operation_is_answered_429_with_whole_seconds_to_wait(
    service: InProcess, client: Client, ticks: Ticks, request_sent: tuple[str, str, Any]
) -> None:
    method, path, body = request_sent
    use_up(service)
    exceed(client)

    answer = client.call(method, path, body)

    assert answer.status == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 10
    assert (answer.body["schemas"], answer.body["status"]) == (
        ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "429",
    )
    assert "scimType" not in answer.body
    assert "rollcall account set acme requests-per-second" in answer.body["detail"]
    assert "50 requests per second" in answer.body["detail"]


def test_another_account_is_served_meanwhile(service: InProcess, client: Client, ticks: Ticks) -> None:
    use_up(service)
    exceed(client)

    assert service.account("globex").call("GET", DISCOVERY).status == 200


def test_an_account_is_served_again_after_the_time_in_retry_after(
    service: InProcess, client: Client, ticks: Ticks
) -> None:
    use_up(service)
    exceed(client)

    ticks.seconds += 10
    service.table.counters.clear()

    assert client.call("GET", DISCOVERY).status == 200


def test_the_rate_set_by_an_operator_applies(service: InProcess, ticks: Ticks) -> None:
    client = service.account("acme", rate=Rate(25))
    use_up(service)
    exceed(client)

    assert "25 requests per second" in client.call("GET", DISCOVERY).body["detail"]


def test_the_line_of_a_refusal_has_a_reason_and_a_remedy(
    service: InProcess, client: Client, output: Output, ticks: Ticks
) -> None:
    use_up(service)
    exceed(client)

    *_, line = output.lines()
    assert (line["status"], line["account"], line["reason"]) == (429, "acme", "rate-limited")
    assert "requests-per-second" in line["remedy"]
    assert line["level"] == "WARNING"


def test_refusals_have_one_line_a_second_with_their_number(
    service: InProcess, client: Client, output: Output, ticks: Ticks
) -> None:
    use_up(service)
    exceed(client)
    output.lines()

    for _ in range(100):
        client.call("GET", DISCOVERY)
        ticks.seconds += 0.05

    lines = output.lines()
    assert 4 <= len(lines) <= 5
    stood_for = sum(1 + line.get("unlogged_refusals", 0) for line in lines)
    assert 100 - 20 <= stood_for <= 100
    assert totals(lines) == {
        "Requests": stood_for,
        "ClientErrors": stood_for,
        "RateLimited": stood_for,
    }


def test_refusals_without_a_line_are_counted_in_the_accounts_next_line(
    service: InProcess, client: Client, output: Output, ticks: Ticks
) -> None:
    use_up(service)
    exceed(client)
    for _ in range(7):
        client.call("GET", DISCOVERY)
    service.table.counters.clear()
    ticks.seconds += 10
    output.lines()

    client.call("GET", DISCOVERY)

    line = output.line()
    assert (line["status"], line["unlogged_refusals"]) == (200, 7)
    assert totals([line]) == {
        "Requests": 8,
        "Succeeded": 1,
        "ClientErrors": 7,
        "RateLimited": 7,
    }


def test_refusals_of_one_account_do_not_suppress_those_of_another(
    service: InProcess, client: Client, output: Output, ticks: Ticks
) -> None:
    for account in ("acme", "globex"):
        use_up(service, account)
    exceed(client)
    output.lines()

    exceed(service.account("globex"))

    assert [line["account"] for line in output.lines()] == ["globex"] * (FREE + 1)


def test_a_bulk_request_counts_once_for_each_of_its_operations(
    service: InProcess, client: Client, output: Output, ticks: Ticks
) -> None:
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": f"{number}", "data": person(f"user{number}")}
        for number in range(20)
    ]

    assert client.call("POST", "/Bulk", bulk(*operations)).status == 200

    assert output.line()["counted_as"] == 20
    assert service.table.request_counter("acme").settle(1, DEFAULT_RATE).total == 20


def test_a_bulk_request_beyond_the_rate_changes_nothing(service: InProcess, client: Client, ticks: Ticks) -> None:
    use_up(service)
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": f"{number}", "data": person(f"user{number}")}
        for number in range(FREE + 1)
    ]

    assert client.call("POST", "/Bulk", bulk(*operations)).status == 429

    assert service.table.accounts["acme"].total() == 0


def test_a_request_that_uses_much_cpu_counts_as_several(
    client: Client, output: Output, ticks: Ticks, cpu: list[float]
) -> None:
    client.call("GET", DISCOVERY)
    output.lines()
    cpu += [10.0, 10.52]

    client.call("GET", DISCOVERY)

    assert output.line()["counted_as"] == 10


def test_an_ordinary_request_counts_as_one(client: Client, output: Output, ticks: Ticks, cpu: list[float]) -> None:
    client.call("GET", DISCOVERY)
    output.lines()
    cpu += [10.0, 10.09]

    client.call("GET", DISCOVERY)

    assert "counted_as" not in output.line()


def test_the_first_request_of_a_container_is_not_charged_for_the_start(
    service: InProcess, client: Client, output: Output, ticks: Ticks, cpu: list[float]
) -> None:
    service.change(cold=iter([True]))
    cpu += [10.0, 11.0]

    client.call("GET", DISCOVERY)

    line = output.line()
    assert line["cold_start"]
    assert "counted_as" not in line


class Silent:
    """A counter that never answers."""

    def settle(self, requests: int, rate: Rate) -> Standing:
        raise ServiceUnavailable("The table does not answer.")


def test_requests_are_admitted_unchecked_and_logged_so_while_the_table_fails(
    service: InProcess, client: Client, output: Output, ticks: Ticks
) -> None:
    service.change(pace=Pace(lambda account, usage: Silent(), monotonic=ticks))

    statuses = [client.call("GET", DISCOVERY).status for _ in range(FREE + 3)]

    lines = output.lines()
    assert set(statuses) == {200}
    assert [line.get("rate_unchecked") for line in lines] == [None] * FREE + [True] + [None] * 2


def test_requests_without_a_valid_key_use_none_of_the_accounts_rate(
    service: InProcess, client: Client, ticks: Ticks
) -> None:
    for _ in range(20):
        client.call("GET", DISCOVERY, headers={"Authorization": f"Bearer {client.key[:-1]}"})

    assert service.table.counters == {}


def forged(number: int) -> dict[str, str]:
    """The header with a well-formed key of an account that does not exist."""
    return {"Authorization": f"Bearer {ConnectorKey.generate(f'invented-{number}', secrets.token_bytes).text}"}


def test_an_address_that_sends_many_forged_keys_is_answered_429(client: Client, ticks: Ticks) -> None:
    answers = [client.call("GET", "/Users", headers=forged(number)) for number in range(AT_ONCE + 5)]

    assert [answer.status for answer in answers] == [401] * AT_ONCE + [429] * 5
    refused = answers[-1]
    assert int(refused.headers["Retry-After"]) == 1
    assert refused.body["status"] == "429"
    assert "invented" not in refused.text


def test_a_flood_of_forged_keys_has_one_line_a_second_and_counts_as_rejected(
    client: Client, output: Output, ticks: Ticks
) -> None:
    for number in range(AT_ONCE + 50):
        client.call("GET", "/Users", headers=forged(number))
    ticks.seconds += 1
    client.call("GET", "/Users", headers=forged(1000))

    lines = output.lines()
    assert [line["reason"] for line in lines] == ["unknown-account"] * AT_ONCE + ["too-many-wrong-keys"] * 2
    assert lines[-1]["unlogged_refusals"] == 49
    assert "account" not in lines[-1]
    assert totals(lines) == dict.fromkeys(["Requests", "ClientErrors", "AuthRejected"], AT_ONCE + 51)

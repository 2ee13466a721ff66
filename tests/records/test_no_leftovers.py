"""A container serves many requests of many accounts: nothing of one is in the next line, or kept in memory."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from adapters.logs import telemetry
from handlers.container.repetitions import Named
from handlers.endpoint import ScimRequest
from records.output import Json, Output
from records.people import create
from support.in_process import Client, InProcess
from support.metric_filters import totals
from support.metric_sources import broken_table
from support.people import UNKNOWN_ID, bulk, patch, person

VARYING = {"timestamp", "duration_ms", "cold_start", "user_id", "previous_key_hours_left"}
"""Fields in which two lines of the same request may differ; of a user_id only its presence is compared."""

LARGE = 20_000
"""Characters of the bodies of some requests, so that keeping them would show."""

Kinds = dict[str, Callable[[], object]]


def kinds_of_request(service: InProcess) -> Kinds:
    """Requests whose lines differ in every field that a line can have."""
    acme, globex, strict = service.account("acme"), service.account("globex"), service.account("strict", mode="strict")
    initech = service.account("initech")
    service.accounts.rotate_key("initech", timedelta(hours=9))
    unusable = service.account("hooli")
    secret = service.bound.environment.connector_secret_prefix + "hooli"
    service.accounts._client.put_secret_value(SecretId=secret, SecretString="nonsense")
    user = create(acme, "ada")
    create(globex, "bob")
    disable = patch({"op": "Replace", "path": "active", "value": "False"})
    enable = patch({"op": "replace", "path": "active", "value": True})

    def deactivate() -> None:
        acme.call("PATCH", f"/Users/{user}", enable)
        acme.call("PATCH", f"/Users/{user}", disable)

    return {
        "tolerances, deactivation": deactivate,
        "conflict": lambda: globex.call("POST", "/Users", person("bob", title="t" * LARGE)),
        "refusal": lambda: strict.call("POST", "/Users", person("x", shoeSize="s" * LARGE)),
        "unknown user": lambda: globex.call("DELETE", f"/Users/{UNKNOWN_ID}"),
        "no key": lambda: service.client("").call("GET", "/Users"),
        "previous key": lambda: initech.call("GET", "/Users"),
        "unusable secret": lambda: unusable.call("GET", "/Users"),
        "bulk": lambda: acme.call("POST", "/Bulk", bulk({"method": "DELETE", "path": f"/Users/{UNKNOWN_ID}"})),
        "plain": lambda: globex.call("GET", "/Schemas"),
        "defect": lambda: defect(service, strict),
    }


def defect(service: InProcess, client: Client) -> None:
    with broken_table(service):
        assert client.call("GET", "/Users").status == 503


def comparable(lines: list[Json]) -> list[Json]:
    return [
        {name: value for name, value in line.items() if name not in VARYING} | {"of a user": "user_id" in line}
        for line in lines
    ]


def test_the_line_of_a_request_does_not_depend_on_earlier_requests(service: InProcess, output: Output) -> None:
    kinds = kinds_of_request(service)
    output.lines()
    alone = {}
    for name, request in kinds.items():
        request()
        alone[name] = comparable(output.lines())

    for first, second in permutations(kinds, 2):
        kinds[first]()
        output.lines()
        service.change(named=Named())  # the one thing that a line may depend on: an attribute is named once a day
        kinds[second]()
        assert comparable(output.lines()) == alone[second], f"{second} after {first}"

    assert len({str(lines) for lines in alone.values()}) == len(kinds)


def test_metrics_do_not_add_up_from_one_request_to_the_next(service: InProcess, output: Output) -> None:
    client = service.account("acme")
    for _ in range(3):
        client.call("GET", "/Users")

    counted = [totals([line]) for line in output.lines()]
    assert counted == [{"Requests": 1, "Succeeded": 1}] * 3


def test_nothing_is_appended_to_the_logger(service: InProcess, output: Output) -> None:
    [handler] = service.bound.log.lines.handlers
    formatter: Any = handler.formatter
    fixed = formatter.get_current_keys()

    for request in kinds_of_request(service).values():
        request()

    assert formatter.get_current_keys() == fixed
    assert not formatter.thread_safe_get_current_keys()


def kept(kind: type) -> int:
    gc.collect()
    # Not isinstance: it follows weak proxies, also dead ones.
    return sum(issubclass(type(each), kind) for each in gc.get_objects())


@pytest.mark.parametrize("kind", [telemetry.RequestRecord, ScimRequest])
def test_no_request_is_kept(service: InProcess, kind: type) -> None:
    before = kept(kind)

    for request in kinds_of_request(service).values():
        request()

    assert kept(kind) == before


def test_memory_does_not_grow_with_requests(
    service: InProcess, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = kinds_of_request(service)
    # pytest keeps what reaches the root logger.
    monkeypatch.setattr(service.bound.log.lines, "propagate", False)

    def rounds(count: int) -> None:
        for _ in range(count):
            for request in kinds.values():
                request()
        output.text()

    rounds(10)  # what is made once is made
    tracemalloc.start()
    try:
        rounds(5)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        rounds(20)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert after - before < 20 * LARGE, "more than half of the large bodies is kept"

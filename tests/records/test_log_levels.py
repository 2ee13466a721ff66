"""Records are written at every log level; only lines that nothing relies on can be turned off."""

from __future__ import annotations

import io
import json
import os
from collections import Counter
from contextlib import redirect_stdout
from typing import Any
from unittest.mock import patch

import pytest

from adapters.logs.log import Log
from adapters.logs.publisher_telemetry import LATE_MS, BatchRecord, emit
from support.in_process import InProcess, in_process
from support.log_lines import everything_except_requests
from support.people import patch as patched
from support.people import person
from support.repository import ROOT

VARIABLES = ("POWERTOOLS_LOG_LEVEL", "LOG_LEVEL", "AWS_LAMBDA_LOG_LEVEL")


def requests(service: InProcess) -> None:
    """A success, a refusal, a failed operation of a bulk request, a deactivation, and an invalid key."""
    client = service.account("acme")
    user = client.call("POST", "/Users", person("ada")).body["id"]
    client.call("POST", "/Users", person("ada"))
    operation = {"method": "POST", "path": "/Users", "bulkId": "a", "data": person("ada")}
    bulk = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [operation]}
    client.call("POST", "/Bulk", bulk)
    client.call("PATCH", f"/Users/{user}", patched({"op": "replace", "path": "active", "value": False}))
    service.client("nonsense").call("GET", "/Users")


def lines_at(level: str | None, *variables: str) -> list[dict[str, Any]]:
    """The log lines of everything that can happen, with this level in these variables."""
    printed = io.StringIO()
    levels = dict.fromkeys(variables, level) if level else {}
    with patch.dict(os.environ, levels), redirect_stdout(printed), in_process() as service:
        requests(service)
        everything_except_requests(service)
    return [line for line in map(json.loads, printed.getvalue().splitlines()) if "message" in line]


def kinds(lines: list[dict[str, Any]]) -> Counter[tuple[str, ...]]:
    return Counter(
        tuple(str(line.get(name)) for name in ("message", "level", "operation", "status", "reason", "what"))
        for line in lines
    )


@pytest.mark.filterwarnings("ignore:Current log level")
@pytest.mark.parametrize("variables", [VARIABLES, VARIABLES[:1]], ids=["every variable", "the template's"])
@pytest.mark.parametrize("level", ["WARNING", "ERROR", "CRITICAL"])
def test_every_record_is_written_at_every_log_level(level: str, variables: tuple[str, ...]) -> None:
    usual, turned_down = lines_at(None), lines_at(level, *variables)

    assert {line["message"] for line in usual} >= {
        "request", "bulk-operation", "adoption", "audit", "watch", "watched", "publish", "release",
    }  # fmt: skip
    assert kinds(turned_down) == kinds(usual)


def test_only_a_published_batch_that_was_in_time_can_be_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    batches = [
        BatchRecord("in time", 1, lag_ms=LATE_MS),
        BatchRecord("late", 1, lag_ms=LATE_MS + 1),
        BatchRecord("failed", 1, failed=1, failure="ThrottlingException", lag_ms=1),
    ]
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "WARNING")
    log = Log.to_output()

    for batch in batches:
        emit(log, batch)

    written = [json.loads(line)["request_id"] for line in capsys.readouterr().out.splitlines()]
    assert written == ["late", "failed"]


def test_the_query_for_late_batches_matches_those_that_are_always_written() -> None:
    assert f"lag_ms > {LATE_MS})" in (ROOT / "observability.yaml").read_text(encoding="utf-8")

"""Queries of Logs Insights: each reads fields that are logged, in the logs that hold them, and is documented."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.logs.activity import InsightsActivity
from adapters.logs.last_requests import Logs
from operations.activity import CloudWatchActivityLog, LineFilter
from support.dashboard import widgets
from support.insights import fields_read, messages
from support.log_lines import fields, lines
from support.repository import ROOT
from support.stack_template import OF_THE_API, RESOURCES, SETUP_PAGE, of_type

OF_CLOUDWATCH = {"@timestamp", "@message", "@logStream"}
OF_LAMBDA = {"type", "record.status", "record.requestId"}
"""AWS Lambda Developer Guide, "Lambda telemetry event schemas", platform.report."""
WRITERS = {"audit": ["SettingsWidget", SETUP_PAGE, *OF_THE_API], "publish": ["Publisher"], "watch": ["Watch"]}
"""By message, the functions that write it; the functions of the API write all others. The operator's command writes its
audit lines where those do."""

SAVED: dict[str, dict[str, Any]] = {
    properties["Name"]["Fn::Sub"].removeprefix("${AWS::StackName}/"): properties
    for properties in of_type("AWS::Logs::QueryDefinition").values()
}


class Recorder:
    """A client of CloudWatch Logs that finds nothing and keeps its queries."""

    def __init__(self) -> None:
        self.queries: list[str] = []

    def get_paginator(self, operation: str) -> Any:
        return self

    def paginate(self, **_: object) -> Any:
        return [{"logGroups": [{"logGroupName": "group"}]}]

    def start_query(self, *, queryString: str, **_: object) -> dict[str, str]:
        self.queries.append(queryString)
        return {"queryId": "1"}

    def get_query_results(self, queryId: str) -> dict[str, Any]:
        return {"status": "Complete", "results": []}


def of_the_code() -> list[str]:
    """The queries of the settings page, of `rollcall activity`, and of the hourly check of accounts."""
    recorder = Recorder()
    logs: Any = recorder
    now, day = datetime.now(UTC), timedelta(days=1)
    InsightsActivity(logs, ["group"]).last_day()
    InsightsActivity(logs, ["group"]).lost_access("acme")
    CloudWatchActivityLog(logs, "group").past(LineFilter(now, 1, "acme", failed=True))
    Logs(logs, ["group"]).ever(["acme"], now, day, day)
    return recorder.queries


def everywhere() -> Iterator[str]:
    yield from (properties["QueryString"] for properties in SAVED.values())
    yield from (widget["properties"]["query"] for widget in widgets() if widget["type"] == "log")
    yield from of_the_code()


def of_the_gateway() -> set[str]:
    """The fields of the gateway's access log."""
    return set(json.loads(re.sub(r"\$[\w.]+", "", RESOURCES["Api"]["Properties"]["AccessLogSetting"]["Format"])))


@pytest.mark.parametrize("guide", ["jumpcloud", "entra-id", "okta"])
def test_a_guide_names_a_field_that_the_gateways_log_has(guide: str) -> None:
    text = (ROOT / "docs" / f"{guide}.md").read_text(encoding="utf-8")

    assert set(re.findall(r"`(\w+)` in that log", text)) & of_the_gateway()
    assert set(re.findall(r"`(\w+)` in that log", text)) <= of_the_gateway()


def unknown_fields(query: str) -> set[str]:
    """The fields of a query that no line with the messages of the query has."""
    wanted = messages(query)
    found = [fields(line) for line in lines() if not wanted or line.get("message") in wanted]
    others = set() if wanted else of_the_gateway() | OF_LAMBDA
    return fields_read(query) - OF_CLOUDWATCH - others - set().union(*found)


@pytest.mark.parametrize("query", list(everywhere()))
def test_a_query_reads_fields_that_are_logged(query: str) -> None:
    assert messages(query) <= {line.get("message") for line in lines()}
    assert unknown_fields(query) == set()


def test_a_field_that_no_line_has_is_found() -> None:
    assert unknown_fields('fields wrong as right | filter message = "audit" | sort right') == {"wrong"}
    assert unknown_fields('filter message = "audit" and duration_ms > 1000') == {"duration_ms"}


@pytest.mark.parametrize("name", SAVED)
def test_a_query_searches_the_logs_of_every_function_that_writes_its_messages(name: str) -> None:
    functions = of_type("AWS::Lambda::Function")
    query = SAVED[name]["QueryString"]
    of_functions = fields_read(query) - OF_CLOUDWATCH - of_the_gateway()
    wanted = messages(query) or ({"request"} if of_functions else set())
    writers = {function for message in wanted for function in WRITERS.get(message, OF_THE_API)}

    searched = {group["Ref"] for group in SAVED[name]["LogGroupNames"]}
    assert {functions[function]["LoggingConfig"]["LogGroup"]["Ref"] for function in writers} <= searched


def test_the_documentation_says_what_each_query_answers() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.partition("## Saved queries")[2].partition("\n## ")[0]

    assert set(re.findall(r"^\| `([a-z-]+)` \|", section, flags=re.MULTILINE)) == SAVED.keys()

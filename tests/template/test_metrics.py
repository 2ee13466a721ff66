"""The service's own metrics, as its handlers write them when every kind of request is made."""

from __future__ import annotations

from adapters.logs.telemetry import NAMESPACE, Metric
from support.log_lines import events
from support.metric_sources import emitted, filtered, problem_with, sources

ALL = {"service": "rollcall", "environment": "${Environment}"}


def test_the_handlers_write_the_ten_metrics_and_no_other() -> None:
    names = {source.metric for source in emitted()}

    assert names == {metric.value for metric in Metric}
    assert len(names) == 10
    assert {source.namespace for source in emitted()} == {NAMESPACE}


def test_no_other_function_adds_a_metric_to_them_and_filters_make_three_of_a_log_line() -> None:
    messages = {line.get("message") for line in events()}
    of_all = {source.metric for line in events() for source in sources(line)}

    # The publisher, the watch, the settings page and the hook of a release have written, too.
    assert messages >= {"request", "adoption", "take-back", "publish", "watch", "watched", "audit", "release"}
    assert of_all == {metric.value for metric in Metric}
    assert {source.metric for source in filtered()} == {"SilentAccounts", "OldKeys", "UnusableSecrets"}


def test_no_dimension_names_an_account_or_a_user() -> None:
    names = {frozenset(dict(source.dimensions)) for source in emitted()}

    assert names == {
        frozenset({"service", "environment"}),
        frozenset({"service", "environment", "operation"}),
        frozenset({"service", "environment", "grace"}),
        frozenset({"service", "environment", "key"}),
        frozenset({"service", "environment", "reason"}),
    }


def test_a_metric_that_nobody_writes_is_found_out() -> None:
    assert problem_with(NAMESPACE, "Requests", ALL) is None
    assert problem_with("AWS/Lambda", "Errors", {"FunctionName": {"Ref": "GetUser"}}) is None
    assert problem_with(NAMESPACE, "Request", ALL)
    assert problem_with(NAMESPACE, "Requests", ALL | {"operation": "GetUser"})
    assert problem_with("AWS/ApiGateway", "Latency", {"FunctionName": "GetUser"})
    assert problem_with("AWS/DynamoDB", "SystemErrors", {"TableName": "users"})

"""The service's own metrics, as its handlers write them when every kind of request is made."""

from __future__ import annotations

from adapters.telemetry import NAMESPACE, Metric
from metric_sources import emitted, problem_with

ALL = {"service": "rollcall", "environment": "${Environment}"}


def test_the_handlers_write_the_ten_metrics_and_no_other() -> None:
    names = {source.metric for source in emitted()}

    assert names == {metric.value for metric in Metric}
    assert len(names) == 10
    assert {source.namespace for source in emitted()} == {NAMESPACE}


def test_no_dimension_names_an_account_or_a_user() -> None:
    names = {frozenset(dict(source.dimensions)) for source in emitted()}

    assert names == {
        frozenset({"service", "environment"}),
        frozenset({"service", "environment", "operation"}),
        frozenset({"service", "environment", "grace"}),
    }


def test_a_metric_that_nobody_writes_is_found_out() -> None:
    assert problem_with(NAMESPACE, "Requests", ALL) is None
    assert problem_with("AWS/Lambda", "Errors", {"FunctionName": {"Ref": "GetUser"}}) is None
    assert problem_with(NAMESPACE, "Request", ALL)
    assert problem_with(NAMESPACE, "Requests", ALL | {"operation": "GetUser"})
    assert problem_with("AWS/ApiGateway", "Latency", {"FunctionName": "GetUser"})
    assert problem_with("AWS/DynamoDB", "SystemErrors", {"TableName": "users"})

"""The service's own metrics, as its functions write them when every kind of request is made."""

from __future__ import annotations

from adapters.logs.metrics import NAMESPACE, Metric
from support.log_lines import lines
from support.metric_sources import emitted, problem_with, sources

ALL = {"service": "rollcall", "environment": "${Environment}"}


def test_functions_write_the_declared_metrics_and_no_others() -> None:
    written = {source for line in lines() for source in sources(line)}

    assert {source.metric for source in written} == {metric.value for metric in Metric}
    assert {source.namespace for source in written} == {NAMESPACE}


def test_no_dimension_names_an_account_or_a_user() -> None:
    """Each value of a dimension is a metric of its own, which costs money and is visible to every reader of metrics."""
    names = {name for source in emitted() for name, _ in source.dimensions}

    assert names == {"service", "environment", "operation", "grace", "key", "reason"}


def test_a_metric_that_nothing_writes_is_found() -> None:
    assert problem_with(NAMESPACE, "Requests", ALL) is None
    assert problem_with("AWS/Lambda", "Errors", {"FunctionName": {"Ref": "GetUser"}}) is None
    assert problem_with(NAMESPACE, "Request", ALL)
    assert problem_with(NAMESPACE, "Requests", ALL | {"operation": "GetUser"})
    assert problem_with("AWS/ApiGateway", "Latency", {"FunctionName": "GetUser"})
    assert problem_with("AWS/DynamoDB", "SystemErrors", {"TableName": "users"})

"""The service's own metrics, as metric filters make them of the lines when every kind of request is made."""

from __future__ import annotations

from domain.accounts.silence import ENDING_GRACE
from support.metric_filters import matches
from support.metric_sources import NAMESPACE, emitted, problem_with
from support.stack_template import of_type

FILTERS = of_type("AWS::Logs::MetricFilter")


def test_every_filter_makes_a_metric_of_a_line_that_is_written() -> None:
    named = {made["MetricName"] for one in FILTERS.values() for made in one["MetricTransformations"]}

    assert {source.metric for source in emitted()} == named
    assert {
        made["MetricNamespace"]["Fn::Sub"] for one in FILTERS.values() for made in one["MetricTransformations"]
    } == {NAMESPACE}


def test_a_log_has_no_more_filters_than_cloudwatch_takes() -> None:
    assert len(FILTERS) < 100


def test_the_use_of_a_previous_key_counts_as_ending_when_the_check_of_accounts_warns_of_it() -> None:
    pattern, limit = FILTERS["PreviousKeyEndingMetric"]["FilterPattern"], ENDING_GRACE.total_seconds() / 3600
    line = {"message": "request"}

    assert matches(pattern, line | {"previous_key_hours_left": limit - 0.1})
    assert not matches(pattern, line | {"previous_key_hours_left": limit})


def test_no_dimension_names_an_account_or_a_user() -> None:
    """Each value of a dimension is a metric of its own, which costs money and is visible to every reader of metrics."""
    names = {name for source in emitted() for name, _ in source.dimensions}

    assert names == {"operation"}


def test_a_metric_that_nothing_writes_is_found() -> None:
    assert problem_with(NAMESPACE, "Requests", {}) is None
    assert problem_with("AWS/Lambda", "Errors", {"FunctionName": {"Ref": "GetUser"}}) is None
    assert problem_with(NAMESPACE, "Request", {})
    assert problem_with(NAMESPACE, "Requests", {"operation": "GetUser"})
    assert problem_with("AWS/ApiGateway", "Latency", {"FunctionName": "GetUser"})
    assert problem_with("AWS/DynamoDB", "SystemErrors", {"TableName": "users"})

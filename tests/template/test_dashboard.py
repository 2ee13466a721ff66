"""The dashboard: every chart has data, every expression has its metrics, and what an operator relies on is shown."""

from __future__ import annotations

from collections import Counter

import pytest

from support.dashboard import Expression, Metric, Widget, contents, prices, widgets
from support.metric_math import evaluate, named
from support.metric_sources import problem_with
from support.stack_template import FUNCTIONS, RESOURCES, of_type, translated

WIDGETS = widgets()
CHARTS = [widget for widget in WIDGETS if widget["type"] == "metric"]
AT_DEPLOYMENTS = {"SeedDefaultAccount", "PreTraffic"}
"""Functions that run only then."""

each = pytest.mark.parametrize("widget", CHARTS, ids=lambda widget: widget["properties"]["title"])


def metrics(widget: Widget) -> list[Metric]:
    return [one for one in contents(widget) if isinstance(one, Metric)]


def expressions(widget: Widget) -> dict[str, str]:
    return {one.options["id"]: one.text for one in contents(widget) if isinstance(one, Expression)}


def titled(start: str) -> Widget:
    (found,) = [widget for widget in CHARTS if widget["properties"]["title"].startswith(start)]
    return found


@each
def test_a_chart_shows_metrics_that_exist_with_a_statistic(widget: Widget) -> None:
    for one in metrics(widget):
        assert problem_with(one.namespace, one.name, one.dimensions) is None
        # The default is the average, which says nothing of a count.
        assert "stat" in one.options or "stat" in widget["properties"]


@each
def test_an_expression_names_metrics_of_its_chart_and_every_hidden_metric_is_named(widget: Widget) -> None:
    ids = [one.options["id"] for one in contents(widget) if "id" in one.options]
    hidden = {one.options["id"] for one in metrics(widget) if one.options.get("visible") is False}

    assert len(ids) == len(set(ids))
    assert hidden <= set().union(*(named(text, ids) for text in expressions(widget).values()))


def test_widgets_do_not_overlap() -> None:
    taken = Counter(
        (widget["x"] + right, widget["y"] + down)
        for widget in WIDGETS
        for right in range(widget["width"])
        for down in range(widget["height"])
    )

    assert set(taken.values()) == {1}
    assert max(x for x, _ in taken) < 24


def test_every_widget_is_of_the_region_of_its_stack() -> None:
    assert {widget["properties"].get("region", "${AWS::Region}") for widget in WIDGETS} == {"${AWS::Region}"}


@pytest.mark.parametrize(("failed", "left"), [(None, 100), (0.5, 50), (1.0, 0), (14.4, -1340)])
def test_one_failure_in_a_thousand_requests_uses_up_the_error_budget(failed: float | None, left: float) -> None:
    budget = expressions(titled("Error budget left"))["budget"]
    burn = expressions(titled("Burn rate"))["burn"]

    assert evaluate(budget, count=1000, errors=failed) == pytest.approx(left)
    assert evaluate(burn, count=1000, errors=failed) == pytest.approx((100 - left) / 100)


def test_the_marks_of_the_burn_rate_are_those_at_which_alarms_go_off() -> None:
    alarms = of_type("AWS::CloudWatch::Alarm")
    marks = titled("Burn rate")["properties"]["annotations"]["horizontal"]

    thresholds = [alarms[name]["Threshold"] for name in ("AvailabilityOfHour", "AvailabilityOfDay")]
    assert [mark["value"] for mark in marks] == thresholds


@pytest.mark.parametrize("own_key", [True, False])
def test_every_alarm_that_notifies_is_shown_where_it_exists(own_key: bool) -> None:
    notifies = {
        f"${{{name}.Arn}}"
        for name, resource in translated().items()
        if resource["Type"] in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        and resource["Properties"].get("AlarmActions")
        and (own_key or resource.get("Condition") != "HasEncryptionKey")
    }
    (shown,) = [widget for widget in widgets(own_key=own_key) if widget["type"] == "alarm"]

    assert set(shown["properties"]["alarms"]) == notifies


def test_the_cost_counts_every_function_that_runs_between_deployments_with_its_log_and_memory() -> None:
    running = set(FUNCTIONS) - AT_DEPLOYMENTS
    functions = of_type("AWS::Lambda::Function")
    counted: dict[str, set[str]] = {}
    for one in metrics(titled("Estimated cost")):
        counted.setdefault(one.name, set()).update(one.dimensions.values())

    names = {f"${{{name}}}" for name in running}
    logs = {f"${{{functions[name]['LoggingConfig']['LogGroup']['Ref']}}}" for name in running}
    logs.add("${ApiLog}")
    assert (counted["Invocations"], counted["Duration"], counted["IncomingBytes"]) == (names, names, logs)
    assert {functions[name]["MemorySize"] / 1024 for name in running} == {float(prices()["GbOfMemory"])}


def test_the_accounts_are_shown_by_the_settings_page() -> None:
    (custom,) = [widget["properties"] for widget in WIDGETS if widget["type"] == "custom"]

    assert custom["endpoint"] == "${SettingsWidget.Arn}"
    assert RESOURCES["SettingsWidget"]["Properties"]["Handler"].startswith("handlers.settings.")

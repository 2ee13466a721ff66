"""The dashboard: a body that CloudWatch accepts, and no widget on something that is not there."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import chain
from types import SimpleNamespace
from typing import Any

import pytest

from handlers.settings import widget as settings_widget
from support.dashboard import REGION, Expression, Metric, Widget, body, contents, template_text
from support.insights import Query
from support.log_lines import events
from support.metric_math import evaluate, names_in
from support.metric_sources import problem_with
from support.stack_template import FUNCTIONS, OF_THE_API, PARAMETERS, RESOURCES, of_type, translated

WIDGETS: list[Widget] = body()["widgets"]
ON_METRICS = [widget for widget in WIDGETS if widget["type"] == "metric"]
PERIODS = (0.0, 300.0)
AT_DEPLOYMENTS = {"SeedDefaultAccount", "PreTraffic"}
RUNNING = [name for name in FUNCTIONS if name not in AT_DEPLOYMENTS]

each_on_metrics = pytest.mark.parametrize("widget", ON_METRICS, ids=lambda widget: widget["properties"]["title"])


def titled(start: str) -> Widget:
    (found,) = [widget for widget in WIDGETS if widget["properties"].get("title", "").startswith(start)]
    return found


def expression_of(title: str, name: str) -> str:
    (found,) = [
        one.text for one in contents(titled(title)) if one.options.get("id") == name and isinstance(one, Expression)
    ]
    return found


def test_the_body_is_json_of_widgets_beside_and_below_each_other() -> None:
    taken: Counter[tuple[int, int]] = Counter()
    for widget in WIDGETS:
        assert widget["x"] + widget["width"] <= 24
        taken.update(
            (widget["x"] + right, widget["y"] + down)
            for right in range(widget["width"])
            for down in range(widget["height"])
        )

    assert set(taken.values()) == {1}
    assert len(taken) == 24 * max(widget["y"] + widget["height"] for widget in WIDGETS)


def test_every_name_in_it_is_of_the_template() -> None:
    text, values = template_text()
    names = {name.partition(".")[0] for name in re.findall(r"\$\{([^}!]+)\}", text)}

    pseudo = {"AWS::Region", "AWS::StackName"}
    assert names <= RESOURCES.keys() | PARAMETERS.keys() | values.keys() | pseudo
    assert set(values) <= names


def test_it_is_of_the_region_that_it_is_deployed_to() -> None:
    of_a_region = [widget for widget in WIDGETS if widget["type"] in ("metric", "log")]

    assert all(widget["properties"]["region"] == REGION for widget in of_a_region)
    assert not re.search(r"\b(us|eu|ap|sa|ca|me|af|il)-[a-z]+-\d\b", template_text()[0])


@each_on_metrics
def test_a_widget_shows_metrics_that_exist(widget: Widget) -> None:
    problems = [
        problem_with(
            one.namespace,
            one.name,
            {name: "${Environment}" if name == "environment" else value for name, value in one.dimensions.items()},
        )
        for one in contents(widget)
        if isinstance(one, Metric)
    ]

    assert [problem for problem in problems if problem] == []


@each_on_metrics
def test_an_expression_names_metrics_of_its_widget(widget: Widget) -> None:
    ids = [one.options["id"] for one in contents(widget) if "id" in one.options]
    series = {name: {0.0: 1.0} for name in ids}

    assert len(ids) == len(set(ids))
    for one in contents(widget):
        if isinstance(one, Expression):
            assert names_in(one.text) <= set(ids)
            assert evaluate(one.text, series, PERIODS)


@each_on_metrics
def test_what_is_hidden_is_used(widget: Widget) -> None:
    expressions = " ".join(one.text for one in contents(widget) if isinstance(one, Expression))
    hidden = [one.options["id"] for one in contents(widget) if one.options.get("visible") is False]

    assert all(re.sub(r"\d+$", "", name) in expressions for name in hidden)


@each_on_metrics
def test_a_widget_says_which_statistic_it_shows(widget: Widget) -> None:
    default = widget["properties"].get("stat")

    assert all(default or one.options.get("stat") for one in contents(widget) if isinstance(one, Metric))


def test_the_objective_and_what_is_left_of_the_error_budget_stand_on_top() -> None:
    first = [widget["properties"]["title"] for widget in ON_METRICS if widget["y"] == ON_METRICS[0]["y"]]

    assert first[:3] == ["Availability, 30 days", "Error budget left, 30 days", "Answered within 2 seconds, 30 days"]


@pytest.mark.parametrize(
    ("failed", "availability", "left"), [(None, 100, 100), (0.5, 99.95, 50), (1.0, 99.9, 0), (14.4, 98.56, -1340)]
)
def test_one_failure_in_a_thousand_requests_uses_the_budget_up(
    failed: float | None, availability: float, left: float
) -> None:
    series = {"count": {0.0: 1000.0}, "errors": {} if failed is None else {0.0: failed}}

    found = evaluate(expression_of("Availability", "availability"), series, (0.0,))
    budget = evaluate(expression_of("Error budget left", "budget"), series, (0.0,))
    burn = evaluate(expression_of("How fast", "burn"), series, (0.0,))

    assert found[0.0] == pytest.approx(availability)
    assert budget[0.0] == pytest.approx(left)
    assert burn[0.0] == pytest.approx((100 - left) / 100)


def test_a_time_without_requests_is_neither_good_nor_bad() -> None:
    nothing: dict[str, dict[float, float]] = {"count": {}, "errors": {}}

    assert evaluate(expression_of("Availability", "availability"), nothing, (0.0,)) == {}


def test_the_service_s_own_failures_are_what_neither_succeeded_nor_was_refused() -> None:
    series = {"requests": {0.0: 1000.0}, "succeeded": {0.0: 900.0}, "refused": {0.0: 98.0}}

    assert evaluate(expression_of("In the time shown", "failed"), series, (0.0,)) == {0.0: 2.0}


def test_the_objective_is_that_of_the_alarms() -> None:
    alarms = of_type("AWS::CloudWatch::Alarm")

    def of_the_gateway(properties: Any) -> set[tuple[str, str]]:
        metrics = [metric["MetricStat"] for metric in properties["Metrics"] if "MetricStat" in metric]
        return {(metric["Metric"]["MetricName"], metric["Stat"]) for metric in metrics}

    shown = {
        (one.name, one.options.get("stat", "Sum"))
        for title in ("Availability", "Answered within 2 seconds")
        for one in contents(titled(title))
        if isinstance(one, Metric)
    }
    assert shown == of_the_gateway(alarms["AvailabilityOfHour"]) | {("Latency", "PR(:2000)")}
    assert ("Latency", "PR(:2000)") in of_the_gateway(alarms["LatencyOfHour"])
    marks = titled("How fast")["properties"]["annotations"]["horizontal"]
    assert [mark["value"] for mark in marks] == [
        alarms["AvailabilityOfHour"]["Threshold"],
        alarms["AvailabilityOfDay"]["Threshold"],
    ]


@pytest.mark.parametrize("own_key", [True, False])
def test_every_alarm_that_rings_is_shown(own_key: bool) -> None:
    types = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    rings = {
        name
        for name, resource in translated().items()
        if resource["Type"] in types and resource["Properties"].get("AlarmActions")
    }
    conditional = {name for name in rings if translated()[name].get("Condition") == "HasEncryptionKey"}
    (shown,) = [
        widget["properties"]["alarms"] for widget in body(own_key=own_key)["widgets"] if widget["type"] == "alarm"
    ]

    expected = rings if own_key else rings - conditional
    assert sorted(arn.rpartition(":")[2] for arn in shown) == sorted(expected)


def test_the_activity_table_says_what_was_tried_what_was_answered_why_and_what_to_do() -> None:
    query = Query.parse(titled("The last 50 failures")["properties"]["query"])

    rows = query.run(events())

    failed = [line for line in events() if line.get("message") == "request" and line["status"] >= 400]
    assert len(rows) == min(50, len(failed))
    assert [row["@timestamp"] for row in rows] == sorted((row["@timestamp"] for row in rows), reverse=True)
    assert {"@timestamp", "account", "operation", "answer", "reason", "what_to_do"} <= set(chain.from_iterable(rows))


def test_the_activity_table_looks_into_every_function_of_the_api() -> None:
    query = Query.parse(titled("The last 50 failures")["properties"]["query"])

    assert query.sources == [f"/aws/lambda/rollcall/{name}" for name in OF_THE_API]
    assert query.reads <= {"@timestamp"} | {field for line in events() for field in line}


def test_the_accounts_are_the_settings_page_and_are_read_again_when_the_dashboard_is() -> None:
    (accounts,) = [widget["properties"] for widget in WIDGETS if widget["type"] == "custom"]

    assert accounts["endpoint"].endswith(":function:SettingsWidget")
    assert accounts["updateOn"]["refresh"] is True
    assert "Rollcall settings" in settings_widget.handler({"describe": True}, SimpleNamespace())


def test_requests_are_shown_for_every_operation() -> None:
    assert [one.options["label"] for one in contents(titled("Requests by operation"))] == OF_THE_API


def test_the_cost_counts_every_function_that_runs_between_deployments() -> None:
    counted: dict[str, set[str]] = {"Invocations": set(), "Duration": set(), "IncomingBytes": set()}
    for one in contents(titled("Cost")):
        if isinstance(one, Metric) and one.name in counted:
            counted[one.name].add(next(iter(one.dimensions.values())).rpartition("/")[2])

    assert all(names == set(RUNNING) for names in counted.values())


def test_the_cost_takes_the_memory_that_the_functions_have() -> None:
    _, values = template_text()
    sizes = {of_type("AWS::Lambda::Function")[name]["MemorySize"] for name in RUNNING}

    assert {float(values["GbOfMemory"])} == {size / 1024 for size in sizes}


def test_the_cost_is_requests_seconds_units_and_bytes_times_their_prices() -> None:
    series: dict[str, Any] = {one.options["id"]: {0.0: 1_000_000.0} for one in contents(titled("Cost"))}
    cost = {
        one.options["id"]: evaluate(one.text, series, (0.0,))[0.0]
        for one in contents(titled("Cost"))
        if isinstance(one, Expression)
    }

    assert cost == pytest.approx(
        {
            "api": 3.50,
            "functions": len(RUNNING) * (0.20 + 1000 * 0.5 * 0.0000133334),
            "table": 0.125 + 0.625,
            "logs": len(RUNNING) * 0.0005,
        }
    )


def test_a_price_stands_in_one_place() -> None:
    text, values = template_text()

    prices = {value for name, value in values.items() if name.startswith("Usd")}
    assert len(prices) == 6
    assert not [price for price in prices if json.dumps(float(price)) in text]


def test_its_name_is_its_stack_s_and_its_region_s() -> None:
    name = of_type("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardName"]

    assert name == {"Fn::Sub": "${AWS::StackName}-${AWS::Region}"}

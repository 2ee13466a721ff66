"""The alarms on the service's own metrics: each goes off for its cause, of its own stack and of no other.

A cause is a log line as the functions write it. The metric filters of one stack make metrics of it, and the alarms of
that stack and of a second one in the same region read what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from support.dashboard import widgets
from support.log_lines import Line, lines
from support.metric_filters import samples
from support.metric_math import evaluate
from support.stack_template import Resource, of_type

ALARMS = {
    name: alarm
    for name, alarm in of_type("AWS::CloudWatch::Alarm").items()
    if "Rollcall/" in str([alarm.get("Namespace"), alarm.get("Metrics")])
}
LOGS = {one["LogGroupName"]["Ref"] for one in of_type("AWS::Logs::MetricFilter").values()}
Store = Mapping[tuple[str, str], float]
"""The values in CloudWatch of a region, by namespace and name; of a metric that was never written there is none."""


def _half_used(line: Line) -> bool:
    return bool(2 * line.get("deprovisioning_used", 0) > line.get("deprovisioning_allowed", 0))


CAUSES: dict[str, Callable[[Line], bool]] = {
    "KeysRejected": lambda line: line.get("reason") == "wrong-key",
    "DeprovisioningPaused": lambda line: line.get("reason") == "deprovisioning-paused",
    "DeprovisioningHalfUsed": _half_used,
    "PreviousKeyEnding": lambda line: line.get("previous_key_hours_left", 48) < 48,
    "AccountsSilent": lambda line: line.get("silent_accounts", 0) > 0,
    "AccountsUnusable": lambda line: line.get("reason") == "secret-malformed" and "status" in line,
    "KeysOld": lambda line: line.get("old_keys", 0) > 0,
}
"""By alarm, the lines that its cause leaves."""


def stored(stack: str, found: Iterable[Line]) -> Store:
    """The metrics that the filters of a stack make of lines, without those by operation."""
    store: dict[tuple[str, str], float] = {}
    for line in found:
        for log in LOGS:
            for one in samples(line, log):
                if not one.dimensions:
                    place = (f"Rollcall/{stack}", one.metric)
                    store[place] = store.get(place, 0) + one.value
    return store


def goes_off(alarm: Resource, stack: str, store: Store) -> bool:
    """True if that stack's alarm goes off with what a region has."""
    if "MetricName" in alarm:
        value = seen(alarm, stack, store)
        return value is not None and value > alarm["Threshold"]
    read = {
        one["Id"]: seen(one["MetricStat"]["Metric"], stack, store) for one in alarm["Metrics"] if "MetricStat" in one
    }
    [expression] = [one["Expression"] for one in alarm["Metrics"] if "Expression" in one]
    return bool(evaluate(expression, **read) > alarm["Threshold"])


def seen(metric: Mapping[str, Any], stack: str, store: Store) -> float | None:
    namespace = metric["Namespace"]["Fn::Sub"].replace("${AWS::StackName}", stack)
    return store.get((namespace, metric["MetricName"]))


def caused(name: str) -> list[Line]:
    """As many lines with that cause as the alarm's threshold takes."""
    [line, *_] = [line for line in lines() if CAUSES[name](line)]
    return [line] * (int(ALARMS[name]["Threshold"]) + 1)


def test_every_alarm_on_the_services_metrics_has_a_cause_here() -> None:
    assert ALARMS.keys() == CAUSES.keys()


@pytest.mark.parametrize("name", CAUSES)
def test_an_alarm_goes_off_for_its_cause(name: str) -> None:
    assert goes_off(ALARMS[name], "rollcall", stored("rollcall", caused(name)))


@pytest.mark.parametrize("name", CAUSES)
def test_an_alarm_does_not_go_off_for_the_cause_in_another_stack_of_the_region(name: str) -> None:
    assert not goes_off(ALARMS[name], "rollcall", stored("rollcall-test", caused(name)))


@pytest.mark.parametrize("name", CAUSES)
def test_an_alarm_stays_quiet_while_all_goes_well(name: str) -> None:
    well = [
        line
        for line in lines()
        if line["message"] == "request" and line["status"] < 300 and line.get("key_used") == "current"
        if "deprovisioning_half_used" not in line
    ]
    quiet = {"message": "watched", "accounts": 1, "silent_accounts": 0, "old_keys": 0, "unusable_secrets": 0}

    assert well
    assert not goes_off(ALARMS[name], "rollcall", stored("rollcall", [*well, quiet]))


def test_no_alarm_chart_or_filter_shares_a_namespace_with_another_stack() -> None:
    charts = str([widget["properties"].get("metrics") for widget in widgets()])
    everything = charts + str(ALARMS) + str(of_type("AWS::Logs::MetricFilter"))

    assert everything.count("Rollcall/") == everything.count("Rollcall/${AWS::StackName}") > len(ALARMS)

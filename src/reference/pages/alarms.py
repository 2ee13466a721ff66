"""docs/reference/alarms.md: the alarms of both templates: what each watches, from when on, and where to begin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reference.markdown import code, codes, page, prose, table
from reference.templates import Template, template

Resource = Mapping[str, Any]

_INTRODUCTION = """
All alarms of the stack, in alphabetical order. An alarm sends a message to the topic of the output `AlarmTopicArn`
when it begins and when it ends, unless the table says that it sends none. What to do: its entry in the
[runbook](../runbook.md). How urgent each is: [Alarms](../runbook.md#alarms). Why there are these: [decision
013](../decisions/013-alarms.md).

- **Goes off**: the value, and how many periods of which length must have it. `2 of 3 x 5 min` means two of the last
three periods of five minutes.
- **Saved query**: where to begin, in CloudWatch, *Logs Insights*, *Queries*, in the folder of the stack.
"""

_WORDS = {
    "GreaterThanThreshold": "above",
    "GreaterThanOrEqualToThreshold": "at least",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "at most",
}
_RUNBOOK = re.compile(r"\s*Runbook:\s*\S+/runbook\.md(#[\w-]+)\.\s*First query:\s*\$\{\w+(?:::\w+)?\}/([\w-]+)\.")


def alarm_page(*templates: Template) -> str:
    """The page about the alarms of these templates; of those of the repository if none is given."""
    documents = templates or (template("template.yaml"), template("observability.yaml"))
    alarms = {name: each for document in documents for name, each in document["Resources"].items() if _is_alarm(each)}
    heads = ["Alarm", "What it means", "Watches", "Goes off", "Sends a message", "Runbook", "Saved query"]
    rows = (_row(name, alarms[name]) for name in sorted(alarms))
    return page("Alarms", "`observability.yaml` and `template.yaml`", prose(_INTRODUCTION), table(heads, rows))


def _is_alarm(resource: Resource) -> bool:
    return resource["Type"] in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")


def _row(name: str, resource: Resource) -> list[str]:
    properties = resource["Properties"]
    text = _plain(properties["AlarmDescription"])
    found = _RUNBOOK.search(text)
    if found is None:
        raise ValueError(f"the description of {name} names no entry of the runbook and no saved query")
    entry, query = found.groups()
    meaning = _RUNBOOK.sub("", text)
    if "Condition" in resource:
        meaning += f" Only with the condition `{resource['Condition']}` of the template."
    return [
        code(name),
        meaning,
        _watched(properties),
        _goes_off(properties),
        "yes" if "AlarmActions" in properties else "no",
        f"[{entry[1:].replace('-', ' ')}](../runbook.md{entry})",
        code(query),
    ]


def _watched(properties: Resource) -> str:
    if "AlarmRule" in properties:
        return codes(re.findall(r"\$\{(\w+)\}", _plain(properties["AlarmRule"])))
    if "Metrics" not in properties:
        return _metric(properties, properties["Statistic"])
    [shown] = [each for each in properties["Metrics"] if each.get("ReturnData", True)]
    inputs = dict.fromkeys(
        _metric(each["MetricStat"]["Metric"], each["MetricStat"]["Stat"]) for each in _inputs(properties)
    )
    return f"{shown['Label']}, from {', '.join(inputs)}" if "Label" in shown else ", ".join(inputs)


def _inputs(properties: Resource) -> Iterator[Resource]:
    yield from (each for each in properties["Metrics"] if "MetricStat" in each)


def _metric(metric: Resource, statistic: str) -> str:
    namespace = _plain(metric["Namespace"]).replace("${RootStackName}", "STACK").replace("${AWS::StackName}", "STACK")
    return f"`{namespace}` `{metric['MetricName']}` ({statistic})"


def _goes_off(properties: Resource) -> str:
    if "AlarmRule" in properties:
        return (
            "when all of these are in ALARM"
            if " OR " not in _plain(properties["AlarmRule"])
            else "when one is in ALARM"
        )
    count = properties["EvaluationPeriods"]
    seconds = properties.get("Period") or next(_inputs(properties))["MetricStat"]["Period"]
    times = properties.get("DatapointsToAlarm", count)
    periods = _time(seconds) if count == 1 else f"{times} of {count} x {_time(seconds)}"
    return f"{_WORDS[properties['ComparisonOperator']]} {properties['Threshold']}, {periods}"


def _time(seconds: int) -> str:
    """A period in the largest unit that fits.

    >>> _time(300), _time(21600), _time(86400)
    ('5 min', '6 h', '24 h')
    """
    return f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds // 60} min"


def _plain(value: Any) -> str:
    """The text of a value, which may be within `Fn::Sub`."""
    return " ".join(str(value["Fn::Sub"] if isinstance(value, dict) else value).split())

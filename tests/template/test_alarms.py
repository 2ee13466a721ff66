"""Alarms: each reads metrics that exist, notifies the operator, and has its entry in the runbook."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import Any, get_args

import pytest

from adapters.dynamodb.calls import Operation
from support.log_lines import lines
from support.metric_filters import matches
from support.metric_math import evaluate, named
from support.metric_sources import problem_with
from support.repository import ROOT
from support.stack_template import OF_THE_API, RESOURCES, SETUP_PAGE, Resource, of_type

ALARMS = of_type("AWS::CloudWatch::Alarm")
COMPOSITES = of_type("AWS::CloudWatch::CompositeAlarm")
EVERY = ALARMS | COMPOSITES
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
TOPIC = [{"Ref": "AlarmTopic"}]
WITHOUT_NOTIFICATION = {
    "ReleaseErrorsAlarm": "CodeDeploy reads it, and the release that it rolls back shows it",
}
"""Alarms that notify no person, with the reason."""

BUDGETS = {"Page": 14.4, "Ticket": 3}
each = pytest.mark.parametrize("name", EVERY)
each_of_a_metric = pytest.mark.parametrize("name", ALARMS)


def halves(composite: str) -> list[str]:
    """The alarms that a composite alarm names: the long window and the short one."""
    return re.findall(r'ALARM\("\$\{(\w+)\}"\)', COMPOSITES[composite]["AlarmRule"]["Fn::Sub"])


HALVES = [half for composite in COMPOSITES for half in halves(composite)]


def metrics(alarm: Resource) -> list[dict[str, Any]]:
    """The metrics that an alarm reads, each with its statistic and period."""
    if "MetricName" in alarm:
        return [{"Metric": alarm, "Stat": alarm.get("Statistic"), "Period": alarm["Period"]}]
    return [one["MetricStat"] for one in alarm["Metrics"] if "MetricStat" in one]


def expression(name: str) -> str:
    """The expression of an alarm that computes."""
    [found] = [one["Expression"] for one in ALARMS[name]["Metrics"] if "Expression" in one]
    return str(found)


def goes_off(name: str, **values: float) -> bool:
    """True if the alarm goes off with these values of its metrics, by their ids."""
    return bool(evaluate(expression(name), **values) > ALARMS[name]["Threshold"])


@each_of_a_metric
def test_an_alarm_reads_metrics_that_exist(name: str) -> None:
    for one in metrics(ALARMS[name]):
        metric = one["Metric"]
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", ())}

        assert problem_with(metric["Namespace"], metric["MetricName"], dimensions) is None


@pytest.mark.parametrize("name", [name for name, alarm in ALARMS.items() if "Metrics" in alarm])
def test_an_expression_names_every_metric_of_its_alarm_and_no_other(name: str) -> None:
    ids = [one["Id"] for one in ALARMS[name]["Metrics"] if "MetricStat" in one]

    assert named(expression(name), ids) == set(ids)


@pytest.mark.parametrize("properties", of_type("AWS::Logs::MetricFilter").values())
def test_a_metric_filter_finds_its_value_and_dimensions_in_a_line_that_is_written(properties: Resource) -> None:
    [made] = properties["MetricTransformations"]

    found = [line for line in lines() if matches(properties["FilterPattern"], line)]
    assert found
    for line in found:
        value = line.get(made["MetricValue"].removeprefix("$."), made["MetricValue"])
        assert value == "1" or isinstance(value, int | float)
        assert {one["Value"].removeprefix("$.") for one in made.get("Dimensions", ())} <= line.keys()


@each_of_a_metric
def test_missing_data_is_no_trouble_except_where_a_state_lasts_between_checks(name: str) -> None:
    expected = "ignore" if name in ("AccountsSilent", "KeysOld") else "notBreaching"

    assert ALARMS[name]["TreatMissingData"] == expected


@each
def test_an_alarm_notifies_when_it_starts_and_when_it_ends(name: str) -> None:
    notified = [EVERY[name].get(moment, []) for moment in ("AlarmActions", "OKActions")]

    assert notified == ([[], []] if name in HALVES or name in WITHOUT_NOTIFICATION else [TOPIC, TOPIC])


@each_of_a_metric
def test_cloudwatch_accepts_the_window(name: str) -> None:
    [period] = {one["Period"] for one in metrics(ALARMS[name])}
    window = period * ALARMS[name]["EvaluationPeriods"]

    # API reference, PutMetricAlarm: Period.
    assert period % 60 == 0
    assert window <= (86_400 if period < 3600 else 604_800)
    assert ALARMS[name].get("DatapointsToAlarm", 1) <= ALARMS[name]["EvaluationPeriods"]


@pytest.mark.parametrize("objective", ["Availability", "Latency"])
@pytest.mark.parametrize(("kind", "limit"), BUDGETS.items())
def test_an_objective_alarms_when_a_long_and_a_short_window_burn_too_fast(
    objective: str, kind: str, limit: float
) -> None:
    long, short = halves(f"{objective}{kind}")
    windows = [metrics(ALARMS[half])[0]["Period"] for half in (long, short)]

    assert [ALARMS[half]["Threshold"] for half in (long, short)] == [limit, limit]
    assert windows[0] == 12 * windows[1]


@pytest.mark.parametrize("name", ["AvailabilityOfHour", "AvailabilityOfDay"])
def test_failures_alarm_by_their_share_and_from_five_on(name: str) -> None:
    limit = ALARMS[name]["Threshold"] * 0.001

    assert goes_off(name, failed=10_000 * limit + 1, requests=10_000)
    assert not goes_off(name, failed=10_000 * limit - 1, requests=10_000)
    assert not goes_off(name, failed=4, requests=4)
    assert goes_off(name, failed=5, requests=5)


@pytest.mark.parametrize("name", ["LatencyOfHour", "LatencyOfDay"])
def test_slow_requests_alarm_by_their_share_and_from_ten_on(name: str) -> None:
    limit = ALARMS[name]["Threshold"]

    assert goes_off(name, within=100 - limit - 0.1, requests=10_000)
    assert not goes_off(name, within=100 - limit + 0.1, requests=10_000)
    assert not goes_off(name, within=0, requests=9)
    assert goes_off(name, within=0, requests=10)


@pytest.mark.parametrize("name", [half for half in HALVES if half.endswith(("FiveMinutes", "TwoHours"))])
def test_a_short_window_ends_the_alarm_after_recovery(name: str) -> None:
    recovered = {"within": 100.0} if "Latency" in name else {"failed": 0.0, "requests": 50.0}

    assert not goes_off(name, **recovered)


def test_an_unusable_secret_alarms_when_the_hourly_check_or_a_request_meets_it() -> None:
    assert goes_off("AccountsUnusable", found=1, refused=0)
    assert goes_off("AccountsUnusable", found=0, refused=1)
    assert not goes_off("AccountsUnusable", found=0, refused=0)


def test_wrong_keys_alarm_only_where_they_name_an_existing_account() -> None:
    """Anyone can invent account names; an alarm that anyone can set off loses its meaning."""
    read = ALARMS["KeysRejected"]["MetricName"]
    [pattern] = {
        one["FilterPattern"]
        for one in of_type("AWS::Logs::MetricFilter").values()
        if one["MetricTransformations"][0]["MetricName"] == read
    }

    refused = {"message": "request", "status": 401}
    assert matches(pattern, refused | {"account": "acme"})
    assert not matches(pattern, refused)


@pytest.mark.parametrize("function", [*OF_THE_API, "Publisher", "Watch"])
@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_function_that_runs_unseen_is_watched(function: str, metric: str) -> None:
    dimensions = [{"Name": "FunctionName", "Value": {"Ref": function}}]

    assert [
        name
        for name, alarm in ALARMS.items()
        for one in metrics(alarm)
        if one["Metric"]["MetricName"] == metric and one["Metric"].get("Dimensions") == dimensions
        if alarm.get("AlarmActions")
    ]


def test_failures_of_dynamodb_are_watched_for_every_operation_in_use() -> None:
    used = {"".join(word.title() for word in one.split("_")) for one in get_args(Operation)}
    watched = {
        dimension["Value"]
        for one in metrics(ALARMS["TableSystemErrors"])
        for dimension in one["Metric"]["Dimensions"]
        if dimension["Name"] == "Operation"
    }

    # Only `rollcall table check` uses it.
    assert watched == {one.replace("Dynamodb", "DynamoDB") for one in used} - {"TransactGetItems"}


@pytest.mark.parametrize("name", ["TableThrottles", "TableSystemErrors"])
def test_an_alarm_of_dynamodb_ends_when_its_metrics_have_no_data(name: str) -> None:
    """DynamoDB writes these metrics only when there is something to count."""
    ids = [one["Id"] for one in ALARMS[name]["Metrics"] if "MetricStat" in one]

    assert evaluate(expression(name), **dict.fromkeys(ids)) == 0


@each
def test_a_description_names_the_runbook_entry_of_its_alarm_and_a_saved_query(name: str) -> None:
    description = EVERY[name]["AlarmDescription"]["Fn::Sub"]
    queries = {one["Name"]["Fn::Sub"] for one in of_type("AWS::Logs::QueryDefinition").values()}

    [anchor] = re.findall(r"docs/runbook\.md#([a-z0-9-]+)\.", description)
    [query] = re.findall(r"First query: (\S+)\.$", description)
    assert any(fnmatch(name, pattern) for pattern in entries()[anchor])
    assert query in queries


def test_every_runbook_entry_names_alarms_that_exist() -> None:
    patterns = {pattern for names in entries().values() for pattern in names}

    assert all(entries().values())
    assert {pattern for pattern in patterns if not any(fnmatch(one, pattern) for one in EVERY)} == set()


def test_every_runbook_entry_says_what_it_means_what_to_do_and_how_to_undo_it() -> None:
    for anchor, text in sections().items():
        assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Means", "First", "Then", "Undo"], anchor


def sections() -> dict[str, str]:
    """The runbook's entries for alarms, by anchor."""
    alarms = RUNBOOK[RUNBOOK.index("\n## Alarms\n") : RUNBOOK.index("\n## Procedures\n")]
    parts = re.split(r"^### (.+)$", alarms, flags=re.MULTILINE)[1:]
    headings = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in parts[::2]]
    return dict(zip(headings, parts[1::2], strict=True))


def entries() -> dict[str, list[str]]:
    """By anchor, the alarms that an entry names; `*Errors` stands for all names that end with it."""
    return {
        anchor: re.findall(r"`([\w*]+)`", re.findall(r"^Alarms?: (.+)$", text, re.MULTILINE)[0])
        for anchor, text in sections().items()
    }


def test_the_topic_is_encrypted_with_a_key_that_admits_alarms() -> None:
    key: dict[str, Any] = RESOURCES["AlarmKey"]
    [alarms] = [one for one in key["Properties"]["KeyPolicy"]["Statement"] if "Service" in one["Principal"]]
    own_key = {"Fn::If": ["HasEncryptionKey", {"Ref": "EncryptionKeyArn"}, {"Ref": "AlarmKey"}]}

    assert RESOURCES["AlarmTopic"]["Properties"]["KmsMasterKeyId"] == own_key
    assert key["Condition"] == "CreatesAlarmKey"
    assert key["Properties"]["EnableKeyRotation"] is True
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert set(alarms["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_only_alarms_of_this_aws_account_can_publish_to_the_topic() -> None:
    [policy] = of_type("AWS::SNS::TopicPolicy").values()
    [allowed] = policy["PolicyDocument"]["Statement"]

    assert policy["Topics"] == TOPIC
    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "cloudwatch.amazonaws.com"}, "sns:Publish")
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert allowed["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Sub"].endswith(":${AWS::AccountId}:alarm:*")


def test_crashes_of_the_set_up_page_are_watched_when_there_is_one() -> None:
    name = {"Fn::If": ["ServesSetupPage", {"Ref": SETUP_PAGE}, "none"]}
    watched = [one for alarm in ALARMS.values() for one in metrics(alarm) if name in values_of(one["Metric"])]

    assert [one["Metric"]["MetricName"] for one in watched] == ["Errors"]


def values_of(metric: Resource) -> list[object]:
    """The values of a metric's dimensions."""
    return [dimension["Value"] for dimension in metric.get("Dimensions", ())]

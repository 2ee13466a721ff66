"""The alarms: on metrics that exist, ringing where somebody hears them, each with its entry of the runbook."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import Any, get_args

import pytest

from adapters.dynamodb.calls import Operation
from support.log_lines import events
from support.metric_sources import problem_with
from support.repository import ROOT
from support.stack_template import OF_THE_API, PARAMETERS, RESOURCES, Resource, of_type

ALARMS = of_type("AWS::CloudWatch::Alarm")
COMPOSITES = of_type("AWS::CloudWatch::CompositeAlarm")
EVERY = ALARMS | COMPOSITES
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
TOPIC = [{"Ref": "AlarmTopic"}]
NOT_RINGING = {
    "ReleaseErrorsAlarm": "CodeDeploy listens to it, and whoever deploys sees the release go back",
}
"""Alarms for a machine, with the reason."""

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


def value(name: str, **measured: float) -> float:
    """What the alarm's expression makes of measured values, by the ids of its metrics."""
    [expression] = [one["Expression"] for one in ALARMS[name]["Metrics"] if "Expression" in one]
    functions = {"IF": lambda condition, yes, no: yes if condition else no, "FILL": lambda one, other: one or other}
    result: float = eval(expression, {"__builtins__": {}}, functions | measured)
    return result


def rings(name: str, **measured: float) -> bool:
    return value(name, **measured) > ALARMS[name]["Threshold"]


@each_of_a_metric
def test_an_alarm_watches_metrics_that_exist(name: str) -> None:
    for one in metrics(ALARMS[name]):
        metric = one["Metric"]
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]}

        assert problem_with(metric["Namespace"], metric["MetricName"], dimensions) is None


@pytest.mark.parametrize("properties", of_type("AWS::Logs::MetricFilter").values())
def test_a_metric_filter_finds_its_value_and_dimensions_in_a_line_that_is_written(properties: Resource) -> None:
    [(field, wanted)] = re.findall(r'^\{ \$\.(\w+) = "(\w+)" \}$', properties["FilterPattern"])
    [made] = properties["MetricTransformations"]

    lines = [line for line in events() if line.get(field) == wanted]
    assert lines
    for line in lines:
        assert isinstance(line[made["MetricValue"].removeprefix("$.")], int)
        assert line["service"] == "rollcall"
        assert {one["Value"].removeprefix("$.") for one in made["Dimensions"]} <= line.keys()


@each_of_a_metric
def test_what_missing_data_means_is_said(name: str) -> None:
    # An account stays silent and a key old while nobody looks; all others count trouble, and no data is no trouble.
    expected = "ignore" if name in ("AccountsSilent", "KeysOld") else "notBreaching"

    assert ALARMS[name]["TreatMissingData"] == expected


@each
def test_an_alarm_rings_when_it_begins_and_when_it_ends(name: str) -> None:
    rung = [EVERY[name].get(moment, []) for moment in ("AlarmActions", "OKActions")]

    assert rung == ([[], []] if name in HALVES or name in NOT_RINGING else [TOPIC, TOPIC])


@each_of_a_metric
def test_cloudwatch_takes_the_window(name: str) -> None:
    [period] = {one["Period"] for one in metrics(ALARMS[name])}
    window = period * ALARMS[name]["EvaluationPeriods"]

    # API reference, PutMetricAlarm: Period.
    assert period % 60 == 0
    assert window <= (86_400 if period < 3600 else 604_800)
    assert ALARMS[name].get("DatapointsToAlarm", 1) <= ALARMS[name]["EvaluationPeriods"]


@pytest.mark.parametrize("objective", ["Availability", "Latency"])
@pytest.mark.parametrize(("kind", "limit"), BUDGETS.items())
def test_an_objective_rings_when_a_long_and_a_short_window_burn_too_fast(
    objective: str, kind: str, limit: float
) -> None:
    long, short = halves(f"{objective}{kind}")
    windows = [metrics(ALARMS[half])[0]["Period"] for half in (long, short)]

    assert [ALARMS[half]["Threshold"] for half in (long, short)] == [limit, limit]
    assert windows[0] == 12 * windows[1]


@pytest.mark.parametrize("name", ["AvailabilityOfHour", "AvailabilityOfDay"])
def test_failures_ring_by_their_share_and_not_one_by_one(name: str) -> None:
    limit = ALARMS[name]["Threshold"] * 0.001

    assert rings(name, failed=10_000 * limit + 1, requests=10_000)
    assert not rings(name, failed=10_000 * limit - 1, requests=10_000)
    assert not rings(name, failed=4, requests=4)
    assert rings(name, failed=5, requests=5)


@pytest.mark.parametrize("name", ["LatencyOfHour", "LatencyOfDay"])
def test_slow_requests_ring_by_their_share_and_not_one_by_one(name: str) -> None:
    limit = ALARMS[name]["Threshold"]

    assert rings(name, within=100 - limit - 0.1, requests=10_000)
    assert not rings(name, within=100 - limit + 0.1, requests=10_000)
    assert not rings(name, within=0, requests=9)
    assert rings(name, within=0, requests=10)


@pytest.mark.parametrize("name", [half for half in HALVES if half.endswith(("FiveMinutes", "TwoHours"))])
def test_a_short_window_ends_the_alarm_when_all_is_well_again(name: str) -> None:
    well = {"within": 100.0} if "Latency" in name else {"failed": 0.0, "requests": 50.0}

    assert not rings(name, **well)


def test_an_unusable_secret_sets_off_an_alarm_by_the_hourly_look_and_by_the_first_request() -> None:
    assert rings("AccountsUnusable", found=1, refused=0)
    assert rings("AccountsUnusable", found=0, refused=1)
    assert not rings("AccountsUnusable", found=0, refused=0)


def test_wrong_keys_ring_only_where_they_name_an_account_that_there_is() -> None:
    dimensions = {one["Name"]: one["Value"] for one in ALARMS["KeysRejected"]["Dimensions"]}

    assert dimensions["key"] == "wrong"


@pytest.mark.parametrize("function", [*OF_THE_API, "Publisher", "Watch"])
@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_a_function_that_nobody_sees_fail_has_alarms(function: str, metric: str) -> None:
    alarm = ALARMS[function + metric]

    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/Lambda", metric, "Sum")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": function}}]


def test_failures_of_dynamodb_are_watched_for_every_operation_that_functions_use() -> None:
    used = {"".join(word.title() for word in one.split("_")) for one in get_args(Operation)}
    watched = {
        dimension["Value"]
        for one in metrics(ALARMS["TableSystemErrors"])
        for dimension in one["Metric"]["Dimensions"]
        if dimension["Name"] == "Operation"
    }

    # Only `rollcall table check` reads in a transaction.
    assert watched == {one.replace("Dynamodb", "DynamoDB") for one in used} - {"TransactGetItems"}


@pytest.mark.parametrize("name", ["TableThrottles", "TableSystemErrors"])
def test_an_alarm_of_dynamodb_ends_although_its_metrics_are_not_written_when_all_is_well(name: str) -> None:
    [expression] = [one["Expression"] for one in ALARMS[name]["Metrics"] if "Expression" in one]

    ids = [one["Id"] for one in ALARMS[name]["Metrics"] if "MetricStat" in one]
    assert re.findall(r"FILL\((\w+), 0\)", expression) == ids


@each
def test_a_description_says_what_to_read_and_which_query_to_run_first(name: str) -> None:
    description = EVERY[name]["AlarmDescription"]["Fn::Sub"]
    queries = {one["Name"]["Fn::Sub"] for one in of_type("AWS::Logs::QueryDefinition").values()}

    [anchor] = re.findall(r"docs/runbook\.md#([a-z0-9-]+)\.", description)
    [query] = re.findall(r"First query: (\S+)\.$", description)
    assert anchor in entries()
    assert query in queries


@each
def test_an_alarm_has_its_entry_in_the_runbook(name: str) -> None:
    [anchor] = re.findall(r"docs/runbook\.md#([a-z0-9-]+)\.", EVERY[name]["AlarmDescription"]["Fn::Sub"])

    assert any(fnmatch(name, named) for named in entries()[anchor])


def test_every_entry_of_the_runbook_is_of_an_alarm_that_exists() -> None:
    unknown = [
        named for names in entries().values() for named in names if not any(fnmatch(one, named) for one in EVERY)
    ]

    assert all(entries().values())
    assert unknown == []


def test_every_entry_of_the_runbook_says_what_it_means_what_to_do_and_how_to_undo_it() -> None:
    for anchor, text in sections().items():
        assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Means", "First", "Then", "Undo"], anchor


def sections() -> dict[str, str]:
    """The entries of the runbook for alarms, by their anchor."""
    alarms = RUNBOOK[RUNBOOK.index("\n## Alarms\n") : RUNBOOK.index("\n## Procedures\n")]
    parts = re.split(r"^### (.+)$", alarms, flags=re.MULTILINE)[1:]
    headings = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in parts[::2]]
    return dict(zip(headings, parts[1::2], strict=True))


def entries() -> dict[str, list[str]]:
    """For each of them the alarms that it is about; `*Errors` stands for all that end so."""
    return {
        anchor: re.findall(r"`([\w*]+)`", re.findall(r"^Alarms?: (.+)$", text, re.MULTILINE)[0])
        for anchor, text in sections().items()
    }


def test_the_topic_is_encrypted_with_a_key_that_lets_alarms_in() -> None:
    key: dict[str, Any] = RESOURCES["AlarmKey"]
    [alarms] = [one for one in key["Properties"]["KeyPolicy"]["Statement"] if "Service" in one["Principal"]]
    own_key = {"Fn::If": ["HasEncryptionKey", {"Ref": "EncryptionKeyArn"}, {"Ref": "AlarmKey"}]}

    assert RESOURCES["AlarmTopic"]["Properties"]["KmsMasterKeyId"] == own_key
    assert key["Condition"] == "MakesAlarmKey"
    assert key["Properties"]["EnableKeyRotation"] is True
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert set(alarms["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_only_alarms_of_this_account_may_write_to_the_topic() -> None:
    [policy] = of_type("AWS::SNS::TopicPolicy").values()
    [allowed] = policy["PolicyDocument"]["Statement"]

    assert policy["Topics"] == TOPIC
    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "cloudwatch.amazonaws.com"}, "sns:Publish")
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert allowed["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Sub"].endswith(":${AWS::AccountId}:alarm:*")


def test_an_address_is_told_only_if_one_is_given() -> None:
    subscription = RESOURCES["AlarmEmailSubscription"]

    assert subscription["Condition"] == "HasAlarmEmail"
    assert subscription["Properties"]["Endpoint"] == {"Ref": "AlarmEmail"}
    assert PARAMETERS["AlarmEmail"]["Default"] == ""


def test_accounts_are_looked_at_every_hour_and_by_nobody_else() -> None:
    [schedule] = [one for one in of_type("AWS::Events::Rule").values() if "ScheduleExpression" in one]
    [permission] = [
        one for one in of_type("AWS::Lambda::Permission").values() if one["FunctionName"] == {"Ref": "Watch"}
    ]

    assert schedule["ScheduleExpression"] == "rate(1 hour)"
    assert [target["Arn"] for target in schedule["Targets"]] == [{"Fn::GetAtt": ["Watch", "Arn"]}]
    assert permission["Principal"] == "events.amazonaws.com"
    assert permission["SourceArn"] == {"Fn::GetAtt": ["WatchHourly", "Arn"]}


def test_the_look_counts_at_every_log_level_and_reaches_the_logs_of_the_api() -> None:
    variables = of_type("AWS::Lambda::Function")["Watch"]["Environment"]["Variables"]

    assert variables["POWERTOOLS_LOG_LEVEL"] == "INFO"
    assert variables["LOG_GROUPS"] == {"Fn::Join": [",", [{"Ref": f"{name}Log"} for name in OF_THE_API]]}

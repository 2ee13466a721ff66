"""The stack's storage, secrets, alarms, dashboards, queues and logs, as CloudFormation (moto) makes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from adapters.secrets.accounts import Accounts
from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from handlers.jobs.seed_default_account import seed
from support.created_stack import LEFT_OUT, REGION, created_stack, reduced
from support.samples import Users
from support.stack_template import of_type, translated

PREFIX = "rollcall/connectors/"


def client(service: str) -> Any:
    return boto3.client(service, REGION, aws_access_key_id="testing", aws_secret_access_key="testing")


@pytest.fixture(scope="module")
def stack(monkeypatch_of_module: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    with created_stack("rollcall", Environment="prod", LogRetentionDays="30") as ids:
        yield ids


@pytest.fixture(scope="module")
def monkeypatch_of_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        yield patch


def test_everything_is_created_but_what_is_left_out_with_a_reason(stack: dict[str, str]) -> None:
    without_condition = {name for name, found in reduced()["Resources"].items() if "Condition" not in found}

    assert without_condition <= stack.keys()
    assert not [name for name in stack if translated()[name]["Type"].startswith(tuple(LEFT_OUT))]


def test_the_table_keeps_users_and_gives_them_back(stack: dict[str, str]) -> None:
    dynamodb = client("dynamodb")
    ada = Users()("Ada", "ada@example.com")

    store = Table(dynamodb, stack["UsersTable"]).account("default", MonotonicDeadline.after(10)).users
    store.create(ada)

    assert store.find_by_email("ADA@example.com") == ada
    assert store.total() == 1


def test_the_table_streams_its_changes_and_refuses_to_be_deleted(stack: dict[str, str]) -> None:
    dynamodb = client("dynamodb")
    table = dynamodb.describe_table(TableName=stack["UsersTable"])["Table"]

    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    with pytest.raises(dynamodb.exceptions.ClientError, match="DeletionProtectionEnabled"):
        dynamodb.delete_table(TableName=stack["UsersTable"])


@pytest.mark.parametrize("account", ["default", RELEASE_CHECK_ACCOUNT])
def test_the_secrets_take_the_first_connector_keys(stack: dict[str, str], account: str) -> None:
    accounts = Accounts(client("secretsmanager"), PREFIX, lambda: "cloudformation")

    assert not accounts.exists(account)
    assert seed(account, accounts) is None
    assert accounts.show(account).enabled


def test_every_alarm_of_the_template_is_one_that_cloudwatch_takes(stack: dict[str, str]) -> None:
    alarms = client("cloudwatch").describe_alarms(MaxRecords=100)["MetricAlarms"]

    # Without a key of your own there is nothing that could fail to use it.
    expected = of_type("AWS::CloudWatch::Alarm").keys() - {"EventsUndelivered"}
    assert "ReleaseErrorsAlarm" in expected
    assert {alarm["AlarmName"] for alarm in alarms} == {stack[name] for name in expected}
    for alarm in alarms:
        assert bool(alarm.get("Metrics")) != ("MetricName" in alarm), alarm["AlarmName"]
        assert alarm["StateValue"] == "OK"


def test_the_dashboard_that_cloudwatch_gets_is_whole(stack: dict[str, str]) -> None:
    cloudwatch = client("cloudwatch")
    (name,) = [found["DashboardName"] for found in cloudwatch.list_dashboards()["DashboardEntries"]]
    text = cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]

    widgets = json.loads(text)["widgets"]
    # What is left in braces is CloudWatch's own: the numbers of a label.
    assert not re.findall(r"\$\{(?!SUM|AVG|MIN|MAX|LAST|LABEL)", text)
    assert {"service", "rollcall", "environment", "prod"} <= set(re.findall(r'"([\w-]+)"', text))
    for widget in widgets:
        assert widget["type"] in ("alarm", "custom", "log", "metric", "text")
        assert widget["x"] + widget["width"] <= 24


def test_every_log_group_forgets_after_as_many_days_as_the_parameter_says(stack: dict[str, str]) -> None:
    groups = client("logs").describe_log_groups()["logGroups"]

    assert {group["logGroupName"] for group in groups} == {stack[name] for name in of_type("AWS::Logs::LogGroup")}
    assert all(group["retentionInDays"] == 30 for group in groups)


def test_the_bus_has_the_name_of_the_stack(stack: dict[str, str]) -> None:
    assert "rollcall" in {bus["Name"] for bus in client("events").list_event_buses()["EventBuses"]}


def test_what_could_not_be_published_waits_for_a_fortnight(stack: dict[str, str]) -> None:
    queue = client("sqs").get_queue_attributes(QueueUrl=stack["UnpublishedEvents"], AttributeNames=["All"])

    assert int(queue["Attributes"]["MessageRetentionPeriod"]) == 14 * 24 * 3600
    assert queue["Attributes"]["SqsManagedSseEnabled"] == "true"


def test_a_key_of_your_own_encrypts_secrets_and_queues(stack: dict[str, str]) -> None:
    key = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000000"

    with created_stack("other", EncryptionKeyArn=key) as ids:
        secret = client("secretsmanager").describe_secret(SecretId=ids["DefaultAccountSecret"])
        queue = client("sqs").get_queue_attributes(QueueUrl=ids["UnpublishedEvents"], AttributeNames=["All"])

    assert secret["KmsKeyId"] == key
    assert queue["Attributes"]["KmsMasterKeyId"] == key

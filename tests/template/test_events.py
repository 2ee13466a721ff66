"""From the table's stream to the bus: what the publisher gets, and what happens to records that it cannot publish."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from adapters.dynamodb.keys import Collection
from handlers.environment.publisher import PublisherEnvironment
from operations.replay.since import KEPT_BY_QUEUE
from support.event_schemas import FOLDER
from support.stack_template import RESOURCES, TEMPLATE, of_type

MAPPING: dict[str, Any] = RESOURCES["PublisherStream"]["Properties"]
QUEUE: dict[str, Any] = RESOURCES["UnpublishedEvents"]["Properties"]
DAY = 24 * 60 * 60


def granted() -> dict[str, Any]:
    """The resource of each action of the publisher's role, without those that depend on a parameter."""
    [policy] = of_type("AWS::IAM::Role")["PublisherRole"]["Policies"]
    statements = [one for one in policy["PolicyDocument"]["Statement"] if "Fn::If" not in one]
    return {
        action: one["Resource"]
        for one in statements
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }


@pytest.mark.parametrize("collection", Collection)
def test_the_publisher_gets_users_and_groups_and_no_items_of_indexes(collection: Collection) -> None:
    [one] = MAPPING["FilterCriteria"]["Filters"]
    conditions = json.loads(one["Pattern"])["dynamodb"]["Keys"]["pk"]["S"]

    passes = any(f"acme#{collection}".endswith(condition["suffix"]) for condition in conditions)
    assert passes is (collection.value in ("USER", "GROUP"))


def test_no_record_is_missed_or_blocks_the_stream_forever() -> None:
    assert MAPPING["EventSourceArn"] == {"Fn::GetAtt": ["UsersTable", "StreamArn"]}
    assert MAPPING["StartingPosition"] == "TRIM_HORIZON"
    assert MAPPING["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert MAPPING["BisectBatchOnFunctionError"] is True
    assert 1 <= MAPPING["MaximumRetryAttempts"] <= 100
    assert 60 <= MAPPING["MaximumRecordAgeInSeconds"] < DAY / 2
    assert MAPPING["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["UnpublishedEvents", "Arn"]}


def test_unpublished_records_are_kept_encrypted_for_two_weeks() -> None:
    assert QUEUE["MessageRetentionPeriod"] == 14 * DAY == KEPT_BY_QUEUE.total_seconds()
    assert QUEUE["SqsManagedSseEnabled"] == {"Fn::If": ["HasEncryptionKey", {"Ref": "AWS::NoValue"}, True]}
    assert QUEUE["KmsMasterKeyId"]["Fn::If"][:2] == ["HasEncryptionKey", {"Ref": "EncryptionKeyArn"}]


PUBLISHER_ROLE = {"Fn::GetAtt": ["PublisherRole", "Arn"]}
PUBLISHER = "arn:aws:iam::111122223333:role/rollcall-PublisherRole-1A2B3C"


def denied(context: dict[str, str]) -> bool:
    """Return True if the bus denies PutEvents in this context of a request, by IAM's rules for conditions.

    All keys of all operators must match. A key that the request lacks matches a negated operator, and one that ends
    with IfExists (IAM User Guide, Condition operators).
    """
    operators: dict[str, Callable[[str | None, str], bool]] = {
        "ArnEquals": lambda found, wanted: found == wanted,
        "ArnNotEquals": lambda found, wanted: found != wanted,
        "Bool": lambda found, wanted: found == wanted,
        "BoolIfExists": lambda found, wanted: found in (None, wanted),
    }
    condition = RESOURCES["EventBusPolicy"]["Properties"]["Statement"]["Condition"]
    return all(
        operators[operator](context.get(key), PUBLISHER if wanted == PUBLISHER_ROLE else wanted)
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def test_the_bus_denies_put_events_to_every_principal_with_exceptions() -> None:
    policy = RESOURCES["EventBusPolicy"]["Properties"]
    statement = policy["Statement"]

    assert "Condition" not in RESOURCES["EventBusPolicy"]
    assert policy["EventBusName"] == {"Ref": "EventBus"}
    assert statement["Resource"] == {"Fn::GetAtt": ["EventBus", "Arn"]}
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "events:PutEvents")
    assert statement.keys() == {"Effect", "Principal", "Action", "Resource", "Condition"}


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/developer",
        "arn:aws:iam::111122223333:role/admin",
        "arn:aws:iam::111122223333:role/rollcall-PublisherRole-1A2B3C-other",
        "arn:aws:iam::444455556666:role/rollcall-PublisherRole-1A2B3C",
        "arn:aws:sts::111122223333:federated-user/developer",
    ],
)
def test_every_principal_except_the_publisher_is_denied(arn: str) -> None:
    assert denied({"aws:PrincipalArn": arn, "aws:PrincipalIsAWSService": "false"})
    assert denied({"aws:PrincipalArn": arn})


def test_a_request_without_a_principal_is_denied() -> None:
    assert denied({})


def test_the_publisher_can_put_events_and_eventbridge_can_replay_them() -> None:
    # The key holds the role's ARN for each session of the role (IAM User Guide, aws:PrincipalArn).
    assert not denied({"aws:PrincipalArn": PUBLISHER, "aws:PrincipalIsAWSService": "false"})
    assert not denied({"aws:PrincipalIsAWSService": "true"})


def test_events_that_the_operators_key_fails_to_encrypt_are_kept() -> None:
    bus, queue = RESOURCES["EventBus"]["Properties"], RESOURCES["UndeliveredEvents"]
    [policy] = of_type("AWS::SQS::QueuePolicy").values()
    [allowed] = policy["PolicyDocument"]["Statement"]

    for one in (bus, RESOURCES["EventArchive"]["Properties"]):
        assert one["KmsKeyIdentifier"]["Fn::If"][:2] == ["HasEncryptionKey", {"Ref": "EncryptionKeyArn"}]
    assert bus["DeadLetterConfig"]["Fn::If"][:2] == [
        "HasEncryptionKey",
        {"Arn": {"Fn::GetAtt": ["UndeliveredEvents", "Arn"]}},
    ]
    assert queue["Condition"] == "HasEncryptionKey"
    # Its own key, as it is for the day on which the other one cannot be used.
    assert queue["Properties"] == {"MessageRetentionPeriod": 14 * DAY, "SqsManagedSseEnabled": True}
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["EventBus", "Arn"]}}}


def test_an_unpublished_record_stays_hidden_while_it_is_redriven() -> None:
    assert QUEUE["VisibilityTimeout"] > 2 * RESOURCES["Publisher"]["Properties"]["Timeout"]


def test_the_publisher_has_no_permissions_except_for_memberships_the_stream_and_events() -> None:
    assert of_type("AWS::IAM::Role")["PublisherRole"]["ManagedPolicyArns"] == [{"Ref": "MembershipsPolicy"}]
    stream, own = {"Fn::GetAtt": ["UsersTable", "StreamArn"]}, {"Fn::GetAtt": ["PublisherLog", "Arn"]}

    assert granted() == {
        "dynamodb:DescribeStream": stream,
        "dynamodb:GetRecords": stream,
        "dynamodb:GetShardIterator": stream,
        "dynamodb:ListStreams": {"Fn::Sub": "${UsersTable.Arn}/stream/*"},
        "events:PutEvents": {"Fn::GetAtt": ["EventBus", "Arn"]},
        "sqs:SendMessage": {"Fn::GetAtt": ["UnpublishedEvents", "Arn"]},
        "logs:CreateLogStream": own,
        "logs:PutLogEvents": own,
        "xray:PutTraceSegments": "*",
        "xray:PutTelemetryRecords": "*",
    }


@pytest.mark.parametrize(("parameter", "published"), [("true", True), ("false", False)])
def test_values_of_attributes_are_published_only_if_the_operator_says_so(parameter: str, published: bool) -> None:
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    variables = variables | RESOURCES["Publisher"]["Properties"]["Environment"]["Variables"]
    assert variables["EVENT_PERSONAL_DATA"] == {"Ref": "EventPersonalData"}

    environment = PublisherEnvironment.from_env(
        {name: str(value) for name, value in variables.items()} | {"EVENT_PERSONAL_DATA": parameter}
    )

    assert environment.personal_data is published
    assert TEMPLATE["Parameters"]["EventPersonalData"]["Default"] == "false"


def test_every_documented_setting_of_the_stream_is_set() -> None:
    page = (FOLDER / "README.md").read_text()
    section = page[page.index("## When publishing fails") :]
    explained = {
        name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }

    assert {"MaximumRetryAttempts", "FilterCriteria"} <= explained
    assert explained <= MAPPING.keys()

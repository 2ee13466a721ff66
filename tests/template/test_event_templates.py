"""The templates in docs/events that an application deploys: what they may, keep and raise an alarm for."""

from __future__ import annotations

import re
from typing import Any

import pytest

from domain.accounts.connector_key import account_name
from support.event_schemas import FOLDER
from support.iam import Need, granted
from support.resolved_template import ACCOUNT, REGION, ResolvedTemplate
from support.stack_template import Document, written

CONSUMER = written((FOLDER / "consumer.yaml").read_text(encoding="utf-8"))
WEBHOOK = written((FOLDER / "webhook.yaml").read_text(encoding="utf-8"))
BOTH = pytest.mark.parametrize("document", [CONSUMER, WEBHOOK], ids=["consumer", "webhook"])
DAY = 86_400


def properties(document: Document, name: str) -> Any:
    return document["Resources"][name]["Properties"]


def test_the_consumer_may_read_and_delete_messages_of_its_queue_alone() -> None:
    stack = ResolvedTemplate({}, CONSUMER)
    grants = list(granted(stack.properties("ConsumePolicy")["PolicyDocument"]))

    def may(action: str, queue: str) -> bool:
        return any(grant.allows(Need(f"sqs:{action}", stack.arn(queue))) for grant in grants)

    assert all(may(action, "Queue") for action in ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility"))
    assert not any(may(action, "Queue") for action in ("SendMessage", "PurgeQueue", "DeleteQueue"))
    assert not may("ReceiveMessage", "DeadLetters")
    assert not any(grant.resources != (f"arn:aws:sqs:{REGION}:{ACCOUNT}:Queue",) for grant in grants)


@BOTH
def test_only_the_rule_sends_to_the_queues(document: Document) -> None:
    [policy] = [one for one in document["Resources"].values() if one["Type"] == "AWS::SQS::QueuePolicy"]
    queues = [name for name, one in document["Resources"].items() if one["Type"] == "AWS::SQS::Queue"]
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]

    assert policy["Properties"]["Queues"] == [{"Ref": name} for name in queues]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]}}}


@BOTH
def test_what_is_not_delivered_is_encrypted_kept_and_raises_an_alarm(document: Document) -> None:
    [target] = properties(document, "Rule")["Targets"]
    put_aside = properties(document, "EventsPutAside")

    assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    assert put_aside["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["DeadLetters", "QueueName"]}}]
    for one in document["Resources"].values():
        if one["Type"] == "AWS::SQS::Queue":
            assert one["Properties"]["SqsManagedSseEnabled"] is True
        if one["Type"] == "AWS::CloudWatch::Alarm":
            topic = ResolvedTemplate({"AlarmTopicArn": "arn:aws:sns:x"}, document).value(
                one["Properties"]["AlarmActions"]
            )
            assert topic == ["arn:aws:sns:x"]


def test_a_message_that_is_put_aside_outlives_the_queue_that_it_comes_from() -> None:
    assert (
        properties(CONSUMER, "DeadLetters")["MessageRetentionPeriod"]
        >= 2 * properties(CONSUMER, "Queue")["MessageRetentionPeriod"]
    )


def test_a_webhook_is_repeated_for_a_day_by_a_role_that_can_do_nothing_else() -> None:
    [target] = properties(WEBHOOK, "Rule")["Targets"]
    [policy] = properties(WEBHOOK, "SendRole")["Policies"]
    [statement] = policy["PolicyDocument"]["Statement"]

    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == DAY
    assert (statement["Action"], statement["Resource"]) == ("events:InvokeApiDestination", target["Arn"])
    assert target["Arn"] == {"Fn::GetAtt": ["Destination", "Arn"]}


def test_the_secret_of_a_webhook_is_shown_nowhere() -> None:
    assert WEBHOOK["Parameters"]["Secret"]["NoEcho"] is True
    assert "Default" not in WEBHOOK["Parameters"]["Secret"]
    uses = [name for name, one in WEBHOOK["Resources"].items() if re.search(r"\$\{Secret\}|'Secret'", str(one))]
    assert uses == ["Connection"]
    assert "Secret" not in str(WEBHOOK["Outputs"])


@pytest.mark.parametrize(
    ("parameter", "text", "valid"),
    [
        ("Endpoint", "https://app.example.com/hooks/rollcall", True),
        ("Endpoint", "https://app.example.com:8443/hooks?of=rollcall", True),
        ("Endpoint", "http://app.example.com/hooks", False),
        ("Endpoint", "https://user:word@app.example.com/", False),
        ("Endpoint", "https://app.example.com/*", False),
        ("Secret", "dGhpcyBpcyBub3QgYSBzZWNyZXQgYXQgYWxsIQ==", True),
        ("Secret", "with a space and so on, and so on, and on", False),
    ],
)
def test_parameters_of_a_webhook_are_checked(parameter: str, text: str, valid: bool) -> None:
    assert bool(re.fullmatch(WEBHOOK["Parameters"][parameter]["AllowedPattern"], text)) is valid


@BOTH
def test_the_account_of_a_rule_is_a_name_or_nothing(document: Document) -> None:
    pattern = document["Parameters"]["Account"]["AllowedPattern"]

    assert re.fullmatch(pattern, "")
    assert re.fullmatch(pattern, account_name("acme-2"))
    assert not re.fullmatch(pattern, "acme*")

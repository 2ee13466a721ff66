"""What an application deploys: a queue, webhooks and the right to read, each with a user's change that arrives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest

from reading import Users
from support.application_stacks import deployed
from support.emulated_stack import Stack
from support.iam import Need, granted
from support.listener import SECONDS_TO_ARRIVE
from support.people import person
from support.repository import ROOT
from webhook_receiver import PATH, Access, server

pytestmark = [pytest.mark.prove, pytest.mark.timeout(300)]

DOCS = ROOT / "docs"
SECRET = "3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


@pytest.fixture
def account(stack: Stack) -> str:
    """A fresh account without users."""
    return stack.new_account().account


@pytest.fixture
def receiving(tmp_path: Path) -> Iterator[tuple[str, Access]]:
    """The receiver of the examples: its address, and what it keeps."""
    access = Access(str(tmp_path / "access.db"))
    with server(access, [SECRET], 0) as running:
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}{PATH}", access
        running.shutdown()
        thread.join()


def received(sqs: Any, url: str, wanted: int) -> list[dict[str, Any]]:
    """The bodies of the first messages of a queue, which are deleted."""
    found: list[dict[str, Any]] = []
    ends = monotonic() + SECONDS_TO_ARRIVE
    while len(found) < wanted and monotonic() < ends:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", ()):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found.append(json.loads(message["Body"]))
    return found


def test_a_loss_of_access_reaches_the_queue_of_its_account(stack: Stack, account: str) -> None:
    bus, sqs = stack.outputs["EventBusName"], stack.emulator.client("sqs")
    client, other = stack.scim(account), stack.scim(stack.new_account().account)

    with deployed(
        stack.emulator, DOCS / "events/consumer.yaml", EventBusName=bus, Events="loss-of-access", Account=account
    ) as outputs:
        other.delete(other.create(person("grace"))["id"])
        ada = client.create(person("ada"))["id"]
        client.delete(ada)
        [event] = received(sqs, outputs["QueueUrl"], 1)
        attributes = sqs.get_queue_attributes(QueueUrl=outputs["QueueUrl"], AttributeNames=["All"])["Attributes"]
        policy = attached(stack, outputs["ConsumePolicyArn"])

    assert (event["detail-type"], event["detail"]["userId"], event["detail"]["account"]) == (
        "UserDeprovisioned",
        ada,
        account,
    )
    assert attributes["ReceiveMessageWaitTimeSeconds"] == "20"
    assert outputs["DeadLetterQueueUrl"].rpartition("/")[2] in attributes["RedrivePolicy"]
    [statement] = policy["Statement"]
    assert statement["Resource"] == outputs["QueueArn"] == attributes["QueueArn"]


def test_a_webhook_reaches_the_receiver_of_the_examples(
    stack: Stack, account: str, receiving: tuple[str, Access]
) -> None:
    address, access = receiving
    client = stack.scim(account)

    def reached(wanted: bool, user: str) -> bool:
        ends = monotonic() + SECONDS_TO_ARRIVE
        while access.may_sign_in(account, user) is not wanted and monotonic() < ends:
            sleep(0.05)
        return access.may_sign_in(account, user) is wanted

    with deployed(
        stack.emulator,
        DOCS / "events/webhook.yaml",
        EventBusName=stack.outputs["EventBusName"],
        Endpoint=address,
        Secret=SECRET,
        Account=account,
        RequestsPerSecond="50",
    ) as outputs:
        assert outputs["DeadLetterQueueUrl"]
        ada = client.create(person("ada"))["id"]
        assert reached(True, ada)
        client.patch(ada, {"op": "replace", "path": "active", "value": False})
        assert reached(False, ada)


def attached(stack: Stack, arn: str) -> dict[str, Any]:
    """The document of a managed policy."""
    iam = stack.emulator.client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document: dict[str, Any] = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return document


def test_the_policies_for_reading_are_made_and_cover_the_reader_of_the_examples(stack: Stack, account: str) -> None:
    """The emulator evaluates no IAM: what it made is judged by `support.iam`."""
    ada = stack.scim(account).create(person("ada"))["id"]
    client, table = stack.emulator.client("dynamodb"), stack.outputs["TableName"]
    asked: set[str] = set()
    client.meta.events.register(
        "provide-client-params.dynamodb.GetItem", lambda params, **_: asked.add(params["Key"]["pk"]["S"])
    )
    found = Users(table, account, client).by_id(ada)
    assert found is not None
    assert found.active

    with deployed(
        stack.emulator, DOCS / "application/read-one-account.yaml", TableName=table, Account=account
    ) as outputs:
        one = list(granted(attached(stack, outputs["ReadAccountPolicyArn"])))
    every = list(granted(attached(stack, stack.outputs["ReadUsersPolicyArn"])))

    arn = client.describe_table(TableName=table)["Table"]["TableArn"]
    for grants in (one, every):
        assert all(any(g.allows(Need("dynamodb:GetItem", arn, frozenset({key}))) for g in grants) for key in asked)
        assert not any(g.allows(Need("dynamodb:GetItem", arn, frozenset({f"{account}#GUARD"}))) for g in grants)
    assert not any(g.allows(Need("dynamodb:GetItem", arn, frozenset({"default#USER"}))) for g in one)

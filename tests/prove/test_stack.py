"""The stack as CloudFormation makes it, and one user's life through its API to its events."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.emulated_stack import Stack
from support.reduced_templates import reduced
from support.stack_template import templates

pytestmark = [pytest.mark.prove, pytest.mark.timeout(300)]

LEFT_OUT = Path(__file__).with_name("left_out.json")


def test_nothing_is_left_out_but_what_the_list_says() -> None:
    left_out = dict(sorted(reduced(templates()).left_out.items()))

    assert left_out == json.loads(LEFT_OUT.read_text(encoding="utf-8")), f"now left out: {json.dumps(left_out)}"


def test_everything_else_of_the_templates_is_in_the_stack(stack: Stack) -> None:
    wanted = {
        name
        for document in reduced(templates()).documents.values()
        for name, resource in document["Resources"].items()
        if "Condition" not in resource
    }

    assert not wanted - set(stack.resources)


def test_outputs_name_what_was_made(stack: Stack) -> None:
    outputs = stack.outputs
    client = stack.emulator.client

    assert outputs["ScimConnectorBaseUrl"].endswith("/live/scim/v2")
    assert client("dynamodb").describe_table(TableName=outputs["TableName"])["Table"]["TableStatus"] == "ACTIVE"
    assert client("events").describe_event_bus(Name=outputs["EventBusName"])["Arn"] == outputs["EventBusArn"]
    assert client("lambda").get_function(FunctionName=outputs["PublisherName"])["Configuration"]["State"] == "Active"
    assert client("sqs").get_queue_attributes(QueueUrl=outputs["UnpublishedEventsUrl"], AttributeNames=["QueueArn"])


def test_the_first_key_is_made_by_the_stack(stack: Stack) -> None:
    assert stack.scim().get("/ServiceProviderConfig").status == 200
    assert stack.scim("rollcall-check").get("/ServiceProviderConfig").status == 200

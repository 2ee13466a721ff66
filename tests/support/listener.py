"""A queue behind a rule of the stack's event bus, as an application has it."""

from __future__ import annotations

import json
from time import monotonic
from typing import Any, Final
from uuid import uuid4

from support.emulated_stack import Stack

SECONDS_TO_ARRIVE: Final = 60


class Listener:
    """Hears every event of the bus from now on."""

    def __init__(self, stack: Stack) -> None:
        self._sqs = stack.emulator.client("sqs")
        events = stack.emulator.client("events")
        name = f"listener-{uuid4().hex[:8]}"
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        bus = stack.outputs["EventBusName"]
        events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps({"source": ["rollcall"]}))
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])

    def hear(self, wanted: int, account: str, seconds: float = SECONDS_TO_ARRIVE) -> list[dict[str, Any]]:
        """The first `wanted` events of an account, waiting for them; fewer if they do not come in time."""
        heard: list[dict[str, Any]] = []
        ends = monotonic() + seconds
        while len(heard) < wanted and monotonic() < ends:
            answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in answer.get("Messages", []):
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
                event = json.loads(message["Body"])
                if event["detail"]["account"] == account:
                    heard.append(event)
        return heard

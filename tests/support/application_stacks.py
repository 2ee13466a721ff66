"""The templates that an application deploys, as stacks of the emulator's CloudFormation.

It lacks connections and API destinations, so these two are made by EventBridge's API, from the template's properties.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final
from uuid import uuid4

from support.emulator import Emulator
from support.resolved_template import ResolvedTemplate
from support.stack_template import Document, written

_SECONDS: Final = 60


@contextmanager
def deployed(emulator: Emulator, template: Path, **parameters: str) -> Iterator[dict[str, str]]:
    """The outputs of a stack that is there until the end of the block; raises AssertionError if it cannot be made."""
    document = written(template.read_text(encoding="utf-8"))
    if "Destination" in document["Resources"]:
        document = _with_a_destination(emulator, document, parameters)
    client = emulator.client("cloudformation")
    name = f"{template.stem}-{uuid4().hex[:8]}"
    client.create_stack(
        StackName=name,
        TemplateBody=json.dumps(document),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    try:
        stack = _settled(client, name)
        assert stack["StackStatus"] == "CREATE_COMPLETE", stack
        yield {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    finally:
        client.delete_stack(StackName=name)


def _settled(client: Any, name: str) -> dict[str, Any]:
    ends = monotonic() + _SECONDS
    while monotonic() < ends:
        stack: dict[str, Any] = client.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            return stack
        sleep(0.05)
    raise AssertionError(f"{name} takes longer than {_SECONDS} s")


def _with_a_destination(emulator: Emulator, document: Document, parameters: dict[str, str]) -> Document:
    """Make both by the API; return the template with the ARN of the destination in their place."""
    events = emulator.client("events")
    name = f"webhook-{uuid4().hex[:8]}"
    template = ResolvedTemplate(parameters, document)
    connection = template.value(document["Resources"].pop("Connection")["Properties"])
    destination = document["Resources"].pop("Destination")["Properties"]
    assert destination.pop("ConnectionArn") == {"Fn::GetAtt": ["Connection", "Arn"]}
    made = events.create_connection(Name=name, **connection)["ConnectionArn"]
    # CloudFormation makes numbers of numeric parameters.
    destination = template.value(destination)
    destination["InvocationRateLimitPerSecond"] = int(destination["InvocationRateLimitPerSecond"])
    arn = events.create_api_destination(Name=name, ConnectionArn=made, **destination)["ApiDestinationArn"]
    # The receiver of a test has no TLS.
    document["Parameters"]["Endpoint"].pop("AllowedPattern")
    text = json.dumps(document).replace(json.dumps({"Fn::GetAtt": ["Destination", "Arn"]}), json.dumps(arn))
    replaced: Document = json.loads(text)
    return replaced

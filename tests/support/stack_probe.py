"""A few quick checks of a deployed stack, which stop at the first that fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from support.emulated_stack import Stack
from support.group_client import group
from support.listener import SECONDS_TO_ARRIVE, Listener
from support.people import bulk, user
from support.repository import ROOT
from support.scim_http import Answer


class Broken(Exception):
    """A check failed; the message says what was seen."""


def probe(stack: Stack, seconds: float = SECONDS_TO_ARRIVE) -> str | None:
    """The name of the first check that fails, with what it saw; None when all succeed.

    `seconds` is the time that an event has to arrive.
    """
    checks: tuple[tuple[str, Callable[[], None]], ...] = (
        ("outputs", lambda: _outputs(stack)),
        ("first keys", lambda: _first_keys(stack)),
        ("life of a user", lambda: _life(stack, seconds)),
        ("settings page", lambda: _settings_page(stack)),
        ("watch", lambda: _invoke(stack, "Watch", "watch.schedule.json")),
    )
    for name, check in checks:
        try:
            check()
        except Broken as found:
            return f"{name}: {found}"
        except Exception as error:  # whatever happens to a broken stack is the finding
            return f"{name}: {type(error).__name__} {str(error)[:200]}"
    return None


def _expect(answer: Answer, status: int, what: str) -> Answer:
    if answer.status != status:
        raise Broken(f"{what} is answered {answer.status}")
    return answer


def _outputs(stack: Stack) -> None:
    outputs, client = stack.outputs, stack.emulator.client
    if stack.resources["Api"] not in outputs["ScimConnectorBaseUrl"]:
        raise Broken("ScimConnectorBaseUrl names another API")
    client("dynamodb").describe_table(TableName=outputs["TableName"])
    client("events").describe_event_bus(Name=outputs["EventBusName"])
    client("lambda").get_function(FunctionName=outputs["PublisherName"])
    client("sqs").get_queue_attributes(QueueUrl=outputs["UnpublishedEventsUrl"], AttributeNames=["QueueArn"])
    client("secretsmanager").describe_secret(SecretId=outputs["ConnectorSecretArn"])


def _first_keys(stack: Stack) -> None:
    for account in ("default", "rollcall-check"):
        _expect(stack.scim(account).get("/ServiceProviderConfig"), 200, f"the key of {account}")


def _life(stack: Stack, seconds: float) -> None:
    client, listener = stack.scim(), Listener(stack)
    made = _expect(client.post(user("probe")), 201, "POST").json
    _expect(client.get(f"/Users/{made['id']}"), 200, "GET")
    if [one["id"] for one in client.find('userName eq "probe@example.com"')] != [made["id"]]:
        raise Broken("the look-up does not find the user")
    _expect(client.patch(made["id"], {"op": "replace", "path": "title", "value": "Countess"}), 200, "PATCH")
    _expect(client.put(made["id"], user("probed")), 200, "PUT")
    _expect(client.request("POST", "/Users/.search", body={"schemas": [], "count": 0}), 200, "search")
    change = {"method": "PUT", "path": f"/Users/{made['id']}", "data": user("counted")}
    _expect(client.request("POST", "/Bulk", body=bulk(change)), 200, "bulk")
    _expect(client.request("POST", "/Groups", body=group()), 404, "POST of a group, which are off")
    _expect(client.get("/Groups"), 404, "GET of groups, which are off")
    _expect(client.get("/Me"), 501, "Me")
    _expect(client.delete(made["id"]), 204, "DELETE")
    heard = [event["detail-type"] for event in listener.hear(5, "default", seconds)]
    if heard != ["UserProvisioned", *["UserUpdated"] * 3, "UserDeprovisioned"]:
        raise Broken(f"the bus got {heard}")


def _invoke(stack: Stack, function: str, event: str) -> Any:
    payload = (ROOT / "events" / event).read_bytes()
    answer = stack.emulator.client("lambda").invoke(FunctionName=stack.resources[function], Payload=payload)
    returned = json.loads(answer["Payload"].read() or "null")
    if "FunctionError" in answer:
        raise Broken(f"{function} failed: {returned}")
    return returned


def _settings_page(stack: Stack) -> None:
    page = _invoke(stack, "SettingsWidget", "settings_widget.cloudwatch.json")
    for shown in ("default", stack.outputs["ScimConnectorBaseUrl"]):
        if shown not in page:
            raise Broken(f"the page does not show {shown}")

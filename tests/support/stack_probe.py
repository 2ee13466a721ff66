"""A few quick checks of a deployed stack, which stop at the first that fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.emulated_stack import Stack
from support.group_client import GroupClient, group, remove
from support.listener import SECONDS_TO_ARRIVE, Listener
from support.people import bulk, user
from support.repository import ROOT
from support.scim_http import Answer


class Broken(Exception):
    """A check failed; the message says what was seen."""


def probe(stack: Stack, seconds: float = SECONDS_TO_ARRIVE) -> str | None:
    """The name of the first check that fails, with what it saw; None when all succeed.

    `seconds` is the time that the events of a user and a group have to arrive.
    """
    probed = _Probe(stack, seconds)
    checks: tuple[tuple[str, Callable[[], None]], ...] = (
        ("outputs", probed.outputs),
        ("first keys", probed.first_keys),
        ("lives", probed.lives),
        ("events", probed.events),
        ("settings page", probed.settings_page),
        ("watch", probed.watch),
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


@dataclass
class _Probe:
    stack: Stack
    seconds: float
    account: str = ""
    listener: Listener | None = None

    def outputs(self) -> None:
        """Each names what the stack made."""
        outputs, client = self.stack.outputs, self.stack.emulator.client
        if self.stack.resources["Api"] not in outputs["ScimConnectorBaseUrl"]:
            raise Broken("ScimConnectorBaseUrl names another API")
        client("dynamodb").describe_table(TableName=outputs["TableName"])
        client("events").describe_event_bus(Name=outputs["EventBusName"])
        client("lambda").get_function(FunctionName=outputs["PublisherName"])
        client("sqs").get_queue_attributes(QueueUrl=outputs["UnpublishedEventsUrl"], AttributeNames=["QueueArn"])
        client("secretsmanager").describe_secret(SecretId=outputs["ConnectorSecretArn"])

    def first_keys(self) -> None:
        """The stack made keys that are accepted; the first account has no groups yet."""
        for account in ("default", "rollcall-check"):
            _expect(self.stack.scim(account).get("/ServiceProviderConfig"), 200, f"the key of {account}")
        client = self.stack.scim()
        _expect(client.request("POST", "/Groups", body=group()), 404, "POST of a group, which are off")
        _expect(client.get("/Groups"), 404, "GET of groups, which are off")

    def lives(self) -> None:
        """One user and one group, from the first request about them to the last."""
        key = self.stack.new_account()
        self.stack.accounts.configure(key.account, groups=True)
        self.account, self.listener = key.account, Listener(self.stack)
        client = self.stack.scim(key.account)
        made = _expect(client.post(user("probe")), 201, "POST of a user").json["id"]
        _expect(client.get(f"/Users/{made}"), 200, "GET of a user")
        if [one["id"] for one in client.find('userName eq "probe@example.com"')] != [made]:
            raise Broken("the look-up does not find the user")
        title = {"op": "replace", "path": "title", "value": "Countess"}
        _expect(client.patch(made, title), 200, "PATCH of a user")
        _expect(client.put(made, user("probed")), 200, "PUT of a user")
        _expect(client.request("POST", "/Users/.search", body={"schemas": [], "count": 0}), 200, "search")
        change = {"method": "PUT", "path": f"/Users/{made}", "data": user("counted")}
        _expect(client.request("POST", "/Bulk", body=bulk(change)), 200, "bulk")
        _expect(client.get("/Me"), 501, "GET of Me")
        groups = GroupClient(client)
        of = _expect(groups.post(group("Probes", made)), 201, "POST of a group").json["id"]
        _expect(groups.get(of), 200, "GET of a group")
        renamed = {"op": "replace", "path": "displayName", "value": "Probed"}
        _expect(groups.patch(of, renamed, remove(made)), 204, "PATCH of a group")
        _expect(groups.delete(of), 204, "DELETE of a group")
        _expect(client.delete(made), 204, "DELETE of a user")

    def events(self) -> None:
        """What happened is on the bus."""
        assert self.listener is not None
        heard = [one["detail-type"] for one in self.listener.hear(10, self.account, self.seconds)]
        of_user, of_group = ([kind for kind in heard if kind.startswith(of)] for of in ("User", "Group"))
        if (of_user, of_group) != (_OF_USER, _OF_GROUP):
            raise Broken(f"of the user {of_user}, of the group {of_group}")

    def settings_page(self) -> None:
        """The page, as CloudWatch asks for it."""
        page = self._invoke("SettingsWidget", "settings_widget.cloudwatch.json")
        for shown in ("default", self.stack.outputs["ScimConnectorBaseUrl"]):
            if shown not in page:
                raise Broken(f"the page does not show {shown}")

    def watch(self) -> None:
        """The hourly check."""
        self._invoke("Watch", "watch.schedule.json")

    def _invoke(self, function: str, event: str) -> Any:
        payload = (ROOT / "events" / event).read_bytes()
        name = self.stack.resources[function]
        answer = self.stack.emulator.client("lambda").invoke(FunctionName=name, Payload=payload)
        returned = json.loads(answer["Payload"].read() or "null")
        if "FunctionError" in answer:
            raise Broken(f"{function} failed: {returned}")
        return returned


_OF_USER = ["UserProvisioned", *["UserUpdated"] * 3, "UserDeprovisioned"]
_OF_GROUP = ["GroupProvisioned", "GroupMembersAdded", "GroupMembersRemoved", "GroupUpdated", "GroupDeprovisioned"]

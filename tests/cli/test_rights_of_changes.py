"""The rights that docs/operations.md gives to those who change users by hand are those that the commands need."""

from __future__ import annotations

import json
import re
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from moto import mock_aws

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from domain.ports import UserStore
from operations.deployment import Deployment
from support.iam import Need, needs
from support.people import stored, stored_group
from support.repository import ROOT
from support.rollcall_command import Rollcall

_JSON = re.compile(r"```json\n(\[\n.*?\n\])\n```", re.DOTALL)
COMMANDS = [
    ("users", "set", "title", "Head", "userName", "ann.lee", "--account", "acme", "--email", "user1@corp.example"),
    ("users", "deactivate", "--account", "acme", "--user-name", "ann.lee", "--yes"),
    ("users", "activate", "--account", "acme", "--id", stored(1).id),
    ("users", "rename", "ann", "--account", "acme", "--id", stored(1).id),
    ("users", "delete", "--account", "acme", "--user-name", "ann", "--yes"),
    ("groups", "rename", "Selling", "--account", "acme", "--name", "Sales"),
    ("groups", "delete", "--account", "acme", "--name", "Selling", "--yes"),
]


def documented() -> dict[str, list[str]]:
    """Actions by the resource that they are allowed on."""
    (text,) = _JSON.findall((ROOT / "docs" / "operations.md").read_text(encoding="utf-8"))
    return {statement["Resource"]: sorted(statement["Action"]) for statement in json.loads(text)}


@pytest.mark.usefixtures("acme")
def test_the_rights_to_the_table_are_what_the_commands_use(
    rollcall: Rollcall, table: Table, store: UserStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        store.create(stored(number))
    members = [stored(1).id, stored(2).id]
    table.account("acme", MonotonicDeadline.after(60)).groups.create(stored_group(1, "Sales"), members)
    asked: list[Need] = []
    others: set[str] = set()
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # private in botocore

    def recorded(client: BaseClient, operation_name: str, parameters: dict[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        if service == "dynamodb":
            asked.extend(needs(service, operation_name, parameters))
        else:
            others.add(f"{service}:{operation_name}")
        return call(client, operation_name, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    for command in COMMANDS:
        assert rollcall(*command).exit_code == 0, command

    (actions,) = [actions for resource, actions in documented().items() if ":dynamodb:" in resource]
    assert sorted({need.action for need in asked}) == actions
    assert {key.partition("#")[0] for need in asked for key in need.leading_keys} == {"acme"}
    assert others == set()


def test_the_rights_to_the_logs_are_those_of_the_commands_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        session = boto3.Session(region_name="eu-central-1")
        logs = session.client("logs")
        logs.create_log_group(logGroupName="/aws/lambda/rollcall/requests")
        deployment = Deployment("x", "users", "p/", session, log_group_prefix="/aws/lambda/rollcall/")
        deployment.audit_log.write("audit", {})
        (stream,) = logs.describe_log_streams(logGroupName="/aws/lambda/rollcall/requests")["logStreams"]

    ((resource, actions),) = [each for each in documented().items() if ":logs:" in each[0]]
    assert actions == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert resource.endswith(":log-group:/aws/lambda/rollcall/requests:log-stream:rollcall-command/*")
    assert stream["logStreamName"].startswith("rollcall-command/")

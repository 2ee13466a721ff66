"""The policy that docs/operations.md gives to those who manage accounts allows what the commands need, and no more."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.client import BaseClient

from domain.ports import UserStore
from support.iam import Need, needs
from support.people import stored
from support.repository import ROOT
from support.rollcall_command import PREFIX, Aws, Rollcall

_POLICY = re.compile(r"^People who manage accounts.*?```json\n(.*?)\n```", re.DOTALL | re.MULTILINE)
COMMANDS = [
    ("account", "enable", "new"),
    ("account", "enable", "acme"),
    ("account", "set", "acme", "groups", "on"),
    ("account", "show", "acme", "--reveal"),
    ("account", "list"),
    ("account", "rotate-key", "acme", "--grace", "1h"),
    ("account", "revoke-previous", "acme", "--yes"),
    ("account", "resume", "acme", "--yes"),
    ("account", "let-through", "acme", "--id", stored(1).id),
    ("account", "disable", "acme", "--yes"),
    ("account", "enable", "marked"),
]


def documented() -> dict[str, set[str]]:
    """The actions of the policy, by the resource that they are allowed on."""
    [text] = _POLICY.findall((ROOT / "docs" / "operations.md").read_text(encoding="utf-8"))
    return {
        statement["Resource"]: {actions} if isinstance(actions := statement["Action"], str) else set(actions)
        for statement in json.loads(text)["Statement"]
    }


@pytest.mark.usefixtures("acme", "table")
def test_the_rights_are_what_the_commands_use(
    rollcall: Rollcall, aws: Aws, store: UserStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create(stored(1))
    assert rollcall("account", "enable", "marked").exit_code == 0
    aws("secretsmanager").delete_secret(SecretId=f"{PREFIX}marked")
    asked: list[Need] = []
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # private in botocore

    def recorded(client: BaseClient, operation_name: str, parameters: dict[str, Any]) -> Any:
        asked.extend(needs(client.meta.service_model.service_name, operation_name, parameters))
        return call(client, operation_name, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    for command in COMMANDS:
        assert rollcall(*command).exit_code == 0, command

    used: dict[str, set[str]] = {}
    for need in asked:
        used.setdefault("*" if need.resource == "*" else need.resource.split(":")[2], set()).add(need.action)
    assert used == {
        "*" if resource == "*" else resource.split(":")[2]: actions for resource, actions in documented().items()
    }

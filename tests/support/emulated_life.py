"""A deployment over its life: updated from the previous release and back, deleted, and created again.

Both stacks are deployed as one: the emulator cannot update nested stacks (`emulator_deviations.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import ClientError

from adapters.dynamodb.items import Item
from support.child_processes import run
from support.emulated_stack import Deployer, Stack
from support.emulator import Emulator
from support.previous_release import deployable, previous_release
from support.reduced_templates import reduced
from support.repository import ROOT
from support.scim_http import ScimClient
from support.wires import together

RECORDED_ITEMS: Final = ROOT / "tests" / "data" / "recorded-items.json"
ROLLCALL: Final = ROOT / ".venv" / "bin" / "rollcall"
LASTING: Final = ("UsersTable", "DefaultAccountSecret", "ReleaseCheckSecret", "EventBus", "UnpublishedEvents")
"""What every update has to leave in place, and the emulator does; of the API, `template/test_updates.py` decides."""


def of_today(deployer: Deployer) -> Deployer:
    """A deployer of this repository's templates as one."""
    return replace(deployer, documents={"": together(deployer.documents)})


def of_the_previous_release(deployer: Deployer) -> Deployer:
    """A deployer of the recorded templates, with the artifact of today."""
    document = reduced({"": deployable(previous_release())}).documents[""]
    functions = [one for one in deployer.documents[""]["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = functions[0]["Properties"]["Code"]
    return replace(deployer, documents={"": document})


@dataclass(frozen=True)
class Left:
    """What there is of a stack's name when the stack is not there."""

    tables: list[str]
    secrets: list[str]
    log_groups: list[str]
    roles: list[str]


def left(emulator: Emulator, name: str) -> Left:
    """Look for what a stack of that name left."""
    tables = emulator.client("dynamodb").list_tables()["TableNames"]
    secrets = emulator.client("secretsmanager").list_secrets()["SecretList"]
    groups = emulator.client("logs").describe_log_groups()["logGroups"]
    roles = emulator.client("iam").list_roles(MaxItems=1000)["Roles"]
    return Left(
        [table for table in tables if table.startswith(f"{name}-")],
        sorted(secret["Name"] for secret in secrets if secret["Name"].startswith(f"{name}/")),
        sorted(group["logGroupName"] for group in groups if name in group["logGroupName"].split("/")),
        [role["RoleName"] for role in roles if role["RoleName"].startswith(f"{name}-")],
    )


def remove(emulator: Emulator, found: Left) -> None:
    """Remove what was left."""
    for table in found.tables:
        emulator.client("dynamodb").update_table(TableName=table, DeletionProtectionEnabled=False)
        emulator.client("dynamodb").delete_table(TableName=table)
    for secret in found.secrets:
        emulator.client("secretsmanager").delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    for group in found.log_groups:
        emulator.client("logs").delete_log_group(logGroupName=group)


class Life:
    """A deployment with the users of an earlier release in account `default`."""

    def __init__(self, deployer: Deployer, name: str) -> None:
        """Create the stack from the previous release, with users that the first release stored."""
        self.emulator = deployer.emulator
        self.name = name
        self.today = of_today(deployer)
        self.previous = of_the_previous_release(deployer)
        self.stack = self.previous.create(name)
        self._deployed = self.previous
        self.key = self.stack.key()
        items: list[Item] = json.loads(RECORDED_ITEMS.read_text(encoding="utf-8"))["0.1.0"]
        client = self.emulator.client("dynamodb")
        for item in items:
            client.put_item(TableName=self.stack.outputs["TableName"], Item=item)

    def deploy(self, deployer: Deployer) -> None:
        """Update the stack, if it is not that already."""
        if self._deployed is not deployer:
            self.stack = deployer.update(self.name)
            self._deployed = deployer

    def look_again(self) -> None:
        """Read the stack's resources and outputs as they are now."""
        self.stack = Stack(self.emulator, self.name)

    @property
    def client(self) -> ScimClient:
        """An identity provider that still has the first key."""
        return self.stack.scim(key=self.key)

    def users(self) -> dict[str, Any]:
        """All users, without the address, by id."""
        found = self.client.all()
        for user in found:
            del user["meta"]["location"]
        return {user["id"]: user for user in found}

    def lasting(self) -> dict[str, str]:
        """The physical ids of what every update has to leave in place."""
        return {name: self.stack.resources[name] for name in LASTING}

    def delete(self) -> Left:
        """Delete the stack; return what is left."""
        end_functions(self.emulator, self.name)
        assert self.today.delete(self.name) == "DELETE_COMPLETE"
        return left(self.emulator, self.name)

    def adopt(self, found: Left) -> None:
        """Create the stack around what is left, by the command, and update it to all of today's template.

        As the emulator imports no secret, the one of account `default` is put aside meanwhile.
        """
        secrets = self.emulator.client("secretsmanager")
        [name] = found.secrets
        kept = secrets.get_secret_value(SecretId=name)["SecretString"]
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        deploy_command(self.emulator, "adopt", "dev", "--delete-logs", "--yes")
        self.stack = self.today.update(self.name)
        self._deployed = self.today
        secrets.put_secret_value(SecretId=name, SecretString=kept)


def deploy_command(emulator: Emulator, *arguments: str) -> None:
    """Run a command of `rollcall deploy`, which finds the stack of a section of samconfig.toml as it would on AWS."""
    done = run([ROLLCALL, "deploy", *arguments], env=emulator.environment, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def life(deployer: Deployer, name: str) -> Iterator[Life]:
    """A deployment, of which nothing is left after the block."""
    try:
        yield Life(deployer, name)
    finally:
        clear(deployer, name)


def end_functions(emulator: Emulator, name: str) -> None:
    """Delete a stack's functions, whose processes would outlast the stack; but for that which its deletion needs."""
    client = emulator.client("lambda")
    for page in client.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            own = function["FunctionName"].startswith(f"{name}-")
            if own and "SeedDefaultAccount" not in function["FunctionName"]:
                client.delete_function(FunctionName=function["FunctionName"])


def clear(deployer: Deployer, name: str) -> None:
    """Delete a stack if there is one, in whatever state, and what it leaves."""
    end_functions(deployer.emulator, name)
    with suppress(ClientError):  # as it is deleted already
        deployer.delete(name)
    remove(deployer.emulator, left(deployer.emulator, name))

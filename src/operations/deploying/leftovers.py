"""What an earlier stack of the same name left behind on purpose: tables, secrets and logs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

_CONFIG: Final = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})

SECRETS: Final = {"default": "DefaultAccountSecret", "rollcall-check": "ReleaseCheckSecret"}
"""The logical ids in template.yaml of the secrets that the stack creates, by account: these names must be free."""
LOG_GROUPS: Final = {
    "/aws/apigateway/{}": "ApiLog",
    "/aws/lambda/{}/requests": "RequestsLog",
    "/aws/lambda/{}/Publisher": "PublisherLog",
    "/aws/lambda/{}/SeedDefaultAccount": "SeedDefaultAccountLog",
    "/aws/lambda/{}/PreTraffic": "PreTrafficLog",
}
"""The logical ids of the log groups of template.yaml, by name; `{}` is the stack's."""
NESTED_LOG_GROUPS: Final = ("/aws/lambda/{}/Watch", "/aws/lambda/{}/SettingsWidget")
"""Those of observability.yaml: a nested stack, into which CloudFormation imports nothing that its parent names."""


@dataclass(frozen=True)
class LeftTable:
    """A table of users that no stack has."""

    name: str
    items: int | None
    """Its items when DynamoDB last counted them, about every six hours; None if that cannot be read."""


@dataclass(frozen=True)
class Leftovers:
    """What is left of a stack, or of one kind of it."""

    stack_name: str
    tables: tuple[LeftTable, ...] = ()
    """CloudFormation gave them names that no new stack uses."""
    secrets: tuple[str, ...] = ()
    """Secrets of accounts."""
    being_deleted: tuple[str, ...] = ()
    """Secrets that are marked for deletion; their names are taken all the same."""
    log_groups: tuple[str, ...] = ()
    """Those that a new stack creates."""

    @property
    def blocking_secrets(self) -> list[str]:
        """The secrets with names that a new stack needs."""
        own = {f"{self.stack_name}/connectors/{account}" for account in SECRETS}
        return [name for name in (*self.secrets, *self.being_deleted) if name in own]

    @property
    def unrestored(self) -> list[str]:
        """The secrets marked for deletion with names that a new stack needs."""
        return [name for name in self.being_deleted if name in self.blocking_secrets]

    @property
    def nested_log_groups(self) -> list[str]:
        """The log groups that cannot be imported, because they belong to the nested stack."""
        nested = {name.format(self.stack_name) for name in NESTED_LOG_GROUPS}
        return [name for name in self.log_groups if name in nested]

    @property
    def blocking(self) -> bool:
        """True if a new stack of this name would fail."""
        return bool(self.log_groups or self.blocking_secrets)

    @property
    def summary(self) -> str:
        """What is left, in one line; empty if nothing is."""
        counted = [f"{one.name} ({_items(one)})" for one in self.tables]
        deleted = [f"{name} (marked for deletion)" for name in self.being_deleted]
        parts = {"table": counted, "secret": [*self.secrets, *deleted], "log group": list(self.log_groups)}
        return "; ".join(f"{what} {', '.join(names)}" for what, names in parts.items() if names)


def _items(table: LeftTable) -> str:
    return "items not counted" if table.items is None else f"{table.items} items at DynamoDB's last count"


def find_leftovers(session: boto3.Session, stack_name: str) -> Leftovers:
    """All that is left of a stack that does not exist; raises `ClientError` or `BotoCoreError`."""
    secrets = left_secrets(session, stack_name)
    return Leftovers(
        stack_name,
        tables=left_tables(session, stack_name).tables,
        secrets=secrets.secrets,
        being_deleted=secrets.being_deleted,
        log_groups=left_log_groups(session, stack_name).log_groups,
    )


def left_tables(session: boto3.Session, stack_name: str) -> Leftovers:
    """The tables that are left; raises `ClientError` or `BotoCoreError`."""
    prefix = f"{stack_name}-UsersTable-"
    names = [name for name in _pages(session, "dynamodb", "list_tables", "TableNames") if name.startswith(prefix)]
    return Leftovers(stack_name, tables=tuple(LeftTable(name, _counted(session, name)) for name in names))


def left_secrets(session: boto3.Session, stack_name: str) -> Leftovers:
    """The secrets that are left; raises `ClientError` or `BotoCoreError`."""
    prefix = f"{stack_name}/connectors/"
    filters = [{"Key": "name", "Values": [prefix]}]
    asked: dict[str, Any] = {"Filters": filters, "IncludePlannedDeletion": True}
    found = _pages(session, "secretsmanager", "list_secrets", "SecretList", **asked)
    ours = [one for one in found if one["Name"].startswith(prefix)]
    return Leftovers(
        stack_name,
        secrets=tuple(one["Name"] for one in ours if "DeletedDate" not in one),
        being_deleted=tuple(one["Name"] for one in ours if "DeletedDate" in one),
    )


def left_log_groups(session: boto3.Session, stack_name: str) -> Leftovers:
    """The log groups that are left; raises `ClientError` or `BotoCoreError`."""
    names = {name.format(stack_name) for name in (*LOG_GROUPS, *NESTED_LOG_GROUPS)}
    prefixes = (f"/aws/apigateway/{stack_name}", f"/aws/lambda/{stack_name}/")
    found = [
        group["logGroupName"]
        for prefix in prefixes
        for group in _pages(session, "logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix)
    ]
    return Leftovers(stack_name, log_groups=tuple(name for name in found if name in names))


def _counted(session: boto3.Session, table: str) -> int | None:
    try:
        return int(session.client("dynamodb", config=_CONFIG).describe_table(TableName=table)["Table"]["ItemCount"])
    except ClientError:
        return None


def _pages(session: boto3.Session, service: str, operation: str, member: str, **asked: Any) -> Iterator[Any]:
    client: Any = session.client(service, config=_CONFIG)  # type: ignore[call-overload]  # not a literal name
    for page in client.get_paginator(operation).paginate(**asked):
        yield from page[member]

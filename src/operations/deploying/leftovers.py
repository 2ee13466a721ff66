"""What an earlier stack of the same name left behind on purpose: tables, secrets and logs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore.config import Config

_CONFIG: Final = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
_MADE_BY_THE_STACK: Final = ("default", "rollcall-check")
"""The accounts whose secrets the stack itself creates, so that these names must be free."""


@dataclass(frozen=True)
class Leftovers:
    """The names of what is left."""

    stack_name: str
    tables: tuple[str, ...]
    """Tables of users; CloudFormation gave them names that no new stack uses."""
    secrets: tuple[str, ...]
    """Secrets of accounts."""
    being_deleted: tuple[str, ...]
    """Secrets that are marked for deletion; their names are taken all the same."""
    log_groups: tuple[str, ...]

    @property
    def blocking(self) -> bool:
        """True if a new stack of this name would fail."""
        own = {f"{self.stack_name}/connectors/{account}" for account in _MADE_BY_THE_STACK}
        return bool(self.log_groups or own & {*self.secrets, *self.being_deleted})

    @property
    def summary(self) -> str:
        """What is left, in one line."""
        deleted = [f"{name} (marked for deletion)" for name in self.being_deleted]
        parts = {
            "table": self.tables,
            "secret": (*self.secrets, *deleted),
            "log group": self.log_groups,
        }
        return "; ".join(f"{what} {', '.join(names)}" for what, names in parts.items() if names)


def find_leftovers(session: boto3.Session, stack_name: str) -> Leftovers:
    """Find what carries the stack's name; meant for a stack that does not exist. Raises `ClientError`."""
    secrets = list(_secrets(session, f"{stack_name}/connectors/"))
    return Leftovers(
        stack_name,
        tables=tuple(_tables(session, f"{stack_name}-UsersTable-")),
        secrets=tuple(secret["Name"] for secret in secrets if "DeletedDate" not in secret),
        being_deleted=tuple(secret["Name"] for secret in secrets if "DeletedDate" in secret),
        log_groups=tuple(_log_groups(session, stack_name)),
    )


def _pages(session: boto3.Session, service: str, operation: str, member: str, **asked: Any) -> Iterator[Any]:
    client: Any = session.client(service, config=_CONFIG)  # type: ignore[call-overload]  # the name is no literal
    for page in client.get_paginator(operation).paginate(**asked):
        yield from page[member]


def _secrets(session: boto3.Session, prefix: str) -> Iterator[dict[str, Any]]:
    filters = [{"Key": "name", "Values": [prefix]}]
    found = _pages(
        session, "secretsmanager", "list_secrets", "SecretList", Filters=filters, IncludePlannedDeletion=True
    )
    yield from (secret for secret in found if secret["Name"].startswith(prefix))


def _tables(session: boto3.Session, prefix: str) -> Iterator[str]:
    found = _pages(session, "dynamodb", "list_tables", "TableNames")
    yield from (name for name in found if name.startswith(prefix))


def _log_groups(session: boto3.Session, stack_name: str) -> Iterator[str]:
    whole = f"/aws/apigateway/{stack_name}"
    for prefix in (whole, f"/aws/lambda/{stack_name}/"):
        for group in _pages(session, "logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix):
            name = group["logGroupName"]
            if name == whole or name.startswith(f"/aws/lambda/{stack_name}/"):
                yield name

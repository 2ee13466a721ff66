"""A stack as the operator's command sees it: the answer of DescribeStacks, and clients that stand in for AWS."""

from __future__ import annotations

from typing import Any

import boto3
import pytest


def described(outputs: dict[str, str]) -> dict[str, Any]:
    """Return the answer of DescribeStacks about the stack `rollcall` with these outputs."""
    return {
        "Stacks": [
            {
                "StackName": "rollcall",
                "CreationTime": "2030-01-31T12:00:00Z",
                "StackStatus": "CREATE_COMPLETE",
                "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
            }
        ]
    }


def with_publisher(table: str, queue: str) -> dict[str, Any]:
    """Return the same of a stack with a publisher, its table and its dead-letter queue."""
    return described(
        {
            "ScimConnectorBaseUrl": "https://scim.example.com/scim/v2",
            "TableName": table,
            "ConnectorSecretPrefix": "rollcall/connectors/",
            "UnpublishedEventsUrl": queue,
            "PublisherName": "publisher",
        }
    )


def use_clients(monkeypatch: pytest.MonkeyPatch, **clients: Any) -> None:
    """Let every session give these clients, by the names of their services, and others as ever."""
    real = boto3.Session.client
    monkeypatch.setattr(
        boto3.Session,
        "client",
        lambda self, name, *more, **given: clients.get(name) or real(self, name, *more, **given),
    )

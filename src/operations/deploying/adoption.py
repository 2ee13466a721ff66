"""Puts a new stack around what an earlier one of its name left behind, by an import of CloudFormation.

The stack then holds the table, the secrets and the log groups alone, as they are; the next deployment adds the rest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from operations.deploying.leftovers import Leftovers, find_leftovers
from operations.deploying.stacks import described_stack
from operations.deployment import DeploymentError

_CHANGE_SET: Final = "adopt"
_SECRETS: Final = {"default": "DefaultAccountSecret", "rollcall-check": "ReleaseCheckSecret"}
_LOGS: Final = {
    "requests": "RequestsLog",
    "Publisher": "PublisherLog",
    "SeedDefaultAccount": "SeedDefaultAccountLog",
    "PreTraffic": "PreTrafficLog",
}
"""By the end of their names, the log groups of template.yaml. Those of the nested stack cannot be imported with it."""


def adopt(session: boto3.Session, left: Leftovers, table: str) -> list[str]:
    """Create the stack around the table and what else is left, and return the names of all that it then holds.

    Raises `DeploymentError` when CloudFormation refuses, or for log groups that cannot be imported.
    """
    resources, identifiers = _importable(session, left, table)
    client = session.client("cloudformation")
    try:
        client.create_change_set(
            StackName=left.stack_name,
            ChangeSetName=_CHANGE_SET,
            ChangeSetType="IMPORT",
            TemplateBody=json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}),
            ResourcesToImport=[
                {
                    "ResourceType": resources[logical_id]["Type"],
                    "LogicalResourceId": logical_id,
                    "ResourceIdentifier": dict(identifier),
                }
                for logical_id, identifier in identifiers.items()
            ],
        )
        client.get_waiter("change_set_create_complete").wait(StackName=left.stack_name, ChangeSetName=_CHANGE_SET)
        client.execute_change_set(StackName=left.stack_name, ChangeSetName=_CHANGE_SET)
        client.get_waiter("stack_import_complete").wait(StackName=left.stack_name)
    except (ClientError, WaiterError) as error:
        raise DeploymentError(
            f"CloudFormation did not import what is left: {error}. See the events of the stack {left.stack_name}."
        ) from error
    return [name for identifier in identifiers.values() for name in identifier.values()]


def adoptable(session: boto3.Session, stack_name: str) -> Leftovers:
    """What is left of a stack that is gone; raises `DeploymentError` if it is there, or AWS does not answer."""
    try:
        found = described_stack(session.client("cloudformation"), stack_name)
        if found is None or found["StackStatus"] == "REVIEW_IN_PROGRESS":
            return find_leftovers(session, stack_name)
    except (ClientError, BotoCoreError) as error:
        raise DeploymentError(f"AWS cannot be asked what is left: {error}") from error
    raise DeploymentError(f"The stack {stack_name} exists: delete it first, or deploy it.")


def nested_log_groups(left: Leftovers) -> list[str]:
    """The log groups that stand in the way and cannot be imported, because they are of the nested stack."""
    own = {f"/aws/apigateway/{left.stack_name}", *(f"/aws/lambda/{left.stack_name}/{end}" for end in _LOGS)}
    return [name for name in left.log_groups if name not in own]


def _importable(
    session: boto3.Session, left: Leftovers, table: str
) -> tuple[dict[str, dict[str, Any]], dict[str, Mapping[str, str]]]:
    """The resources as they are, and how each is identified, by logical id."""
    resources = {"UsersTable": _resource("AWS::DynamoDB::Table", _table(session, table))}
    identifiers: dict[str, Mapping[str, str]] = {"UsersTable": {"TableName": table}}
    secrets: Any = session.client("secretsmanager")
    for account, logical_id in _SECRETS.items():
        name = f"{left.stack_name}/connectors/{account}"
        if name in left.secrets:
            found = secrets.describe_secret(SecretId=name)
            properties = {"Name": name} | {key: found[key] for key in ("Description", "KmsKeyId") if key in found}
            resources[logical_id] = _resource("AWS::SecretsManager::Secret", properties)
            identifiers[logical_id] = {"Id": found["ARN"]}
    logs: Any = session.client("logs")
    named = {f"/aws/lambda/{left.stack_name}/{end}": logical_id for end, logical_id in _LOGS.items()}
    for name, logical_id in {f"/aws/apigateway/{left.stack_name}": "ApiLog", **named}.items():
        if name in left.log_groups:
            groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
            [group] = [one for one in groups if one["logGroupName"] == name]
            written = {"RetentionInDays": "retentionInDays", "KmsKeyId": "kmsKeyId"}
            properties = {"LogGroupName": name} | {key: group[has] for key, has in written.items() if has in group}
            resources[logical_id] = _resource("AWS::Logs::LogGroup", properties)
            identifiers[logical_id] = {"LogGroupName": name}
    return resources, identifiers


def _resource(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    # An import demands a policy; the deployment that follows sets that of template.yaml.
    return {"Type": kind, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "Properties": properties}


def _table(session: boto3.Session, name: str) -> dict[str, Any]:
    """The properties of a table as it is: what the next deployment finds equal, it leaves alone."""
    client: Any = session.client("dynamodb")
    try:
        found = client.describe_table(TableName=name)["Table"]
        recovery = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    except ClientError as error:
        raise DeploymentError(f"The table {name} cannot be read: {error}") from error
    point_in_time = recovery.get("PointInTimeRecoveryDescription", {})
    recovers = point_in_time.get("PointInTimeRecoveryStatus") == "ENABLED"
    properties: dict[str, Any] = {
        "TableName": name,
        "BillingMode": found.get("BillingModeSummary", {}).get("BillingMode", "PAY_PER_REQUEST"),
        "AttributeDefinitions": found["AttributeDefinitions"],
        "KeySchema": found["KeySchema"],
        "DeletionProtectionEnabled": found.get("DeletionProtectionEnabled", False),
    }
    if recovers:
        days = {key: point_in_time[key] for key in ("RecoveryPeriodInDays",) if key in point_in_time}
        properties["PointInTimeRecoverySpecification"] = {"PointInTimeRecoveryEnabled": True, **days}
    if found.get("StreamSpecification", {}).get("StreamEnabled"):
        properties["StreamSpecification"] = {"StreamViewType": found["StreamSpecification"]["StreamViewType"]}
    if (encryption := found.get("SSEDescription", {})).get("Status") == "ENABLED":
        properties["SSESpecification"] = {"SSEEnabled": True, "SSEType": encryption["SSEType"]}
    return properties

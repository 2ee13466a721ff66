"""Puts a new stack around what an earlier one of its name left behind, by an import of CloudFormation.

The stack then holds the table, the secrets and the log groups alone, as they are; the next deployment adds the rest.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from adapters.dynamodb.items import EXPIRES
from operations.deploying.leftovers import LOG_GROUPS, SECRETS, Leftovers, find_leftovers
from operations.deploying.stacks import DESCRIPTION, delete_failed_first, described_stack, is_failed_first, is_rollcall
from operations.deployment import DeploymentError
from operations.table_creation import expires, table_definition

_WAIT: Final[Any] = {"Delay": 5, "MaxAttempts": 120}


def adopt(session: boto3.Session, left: Leftovers, table: str, encryption_key: str) -> list[str]:
    """Create the stack around the table and what else is left, and return the names of all that it then holds.

    `encryption_key` is the ARN of the key that the section names, or empty. A stack that a failed first deployment left
    is deleted before. Raises `DeploymentError` when something cannot be read, or CloudFormation refuses.
    """
    name = left.stack_name
    client = session.client("cloudformation")
    change_set = f"adopt-{secrets.token_hex(4)}"
    try:
        resources, identifiers = _importable(session, left, table, encryption_key)
        if described_stack(client, name) is not None:
            delete_failed_first(client, name)
        client.create_change_set(
            StackName=name,
            ChangeSetName=change_set,
            ChangeSetType="IMPORT",
            TemplateBody=json.dumps(
                {"AWSTemplateFormatVersion": "2010-09-09", "Description": DESCRIPTION, "Resources": resources}
            ),
            ResourcesToImport=[
                {
                    "ResourceType": resources[logical_id]["Type"],
                    "LogicalResourceId": logical_id,
                    "ResourceIdentifier": dict(identifier),
                }
                for logical_id, identifier in identifiers.items()
            ],
        )
        waiting: Any = client.get_waiter("change_set_create_complete")
        waiting.wait(StackName=name, ChangeSetName=change_set, WaiterConfig=_WAIT)
        client.execute_change_set(StackName=name, ChangeSetName=change_set)
        client.get_waiter("stack_import_complete").wait(StackName=name, WaiterConfig=_WAIT)
    except (ClientError, BotoCoreError, WaiterError) as error:
        raise DeploymentError(
            f"CloudFormation did not import the remaining resources: {_reason(client, name, change_set, error)}"
        ) from error
    return [name for identifier in identifiers.values() for name in identifier.values()]


def adoptable(session: boto3.Session, stack_name: str) -> Leftovers:
    """What is left of a stack that is gone; raises `DeploymentError` if it is there, or AWS does not answer."""
    try:
        found = described_stack(session.client("cloudformation"), stack_name)
        if found is None or (is_failed_first(found) and is_rollcall(found)):
            return find_leftovers(session, stack_name)
    except (ClientError, BotoCoreError) as error:
        raise DeploymentError(f"AWS could not list the remaining resources: {error}") from error
    raise DeploymentError(
        f"The stack {stack_name} exists ({found['StackStatus']}): deploy it, or delete it first. It keeps its table, "
        "secrets and logs."
    )


def delete_log_groups(session: boto3.Session, names: list[str]) -> None:
    """Delete log groups; raises `DeploymentError`."""
    client = session.client("logs")
    for name in names:
        try:
            client.delete_log_group(logGroupName=name)
        except (ClientError, BotoCoreError) as error:
            raise DeploymentError(f"The log group {name} could not be deleted: {error}") from error


def _reason(client: Any, stack_name: str, change_set: str, error: Exception) -> str:
    """Why an import failed: what the change set or the stack's events say, else the error itself."""
    try:
        described = client.describe_change_set(StackName=stack_name, ChangeSetName=change_set)
        if described.get("Status") == "FAILED" or described.get("ExecutionStatus") == "UNAVAILABLE":
            return str(described.get("StatusReason", error))
        events = client.describe_stack_events(StackName=stack_name)["StackEvents"]
    except (ClientError, BotoCoreError):
        return str(error)
    failed = [event for event in events if event.get("ResourceStatus", "").endswith("FAILED")]
    return str(failed[-1].get("ResourceStatusReason", error)) if failed else str(error)


def _importable(
    session: boto3.Session, left: Leftovers, table: str, encryption_key: str
) -> tuple[dict[str, dict[str, Any]], dict[str, Mapping[str, str]]]:
    """The resources as they are, and how each is identified, by logical id."""
    resources = {"UsersTable": _resource("AWS::DynamoDB::Table", _table(session, table, encryption_key))}
    identifiers: dict[str, Mapping[str, str]] = {"UsersTable": {"TableName": table}}
    manager: Any = session.client("secretsmanager")
    for account, logical_id in SECRETS.items():
        name = f"{left.stack_name}/connectors/{account}"
        if name in left.secrets:
            found = manager.describe_secret(SecretId=name)
            properties = {"Name": name} | {key: found[key] for key in ("Description", "KmsKeyId") if key in found}
            resources[logical_id] = _resource("AWS::SecretsManager::Secret", properties)
            identifiers[logical_id] = {"Id": found["ARN"]}
    logs: Any = session.client("logs")
    for pattern, logical_id in LOG_GROUPS.items():
        name = pattern.format(left.stack_name)
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


def _table(session: boto3.Session, name: str, encryption_key: str) -> dict[str, Any]:
    """The properties of a table as it is: what the next deployment finds equal, it leaves alone.

    Without its name, as in template.yaml: one that the next deployment takes out would make a new, empty table.
    """
    client: Any = session.client("dynamodb")
    found = client.describe_table(TableName=name)["Table"]
    if _keys(found) != _keys(table_definition(name)):
        raise DeploymentError(f"The table {name} is not a table of Rollcall: it has other keys.")
    recovery = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    point_in_time = recovery.get("PointInTimeRecoveryDescription", {})
    recovers = point_in_time.get("PointInTimeRecoveryStatus") == "ENABLED"
    properties: dict[str, Any] = {
        "BillingMode": found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
        "AttributeDefinitions": found["AttributeDefinitions"],
        "KeySchema": found["KeySchema"],
        "DeletionProtectionEnabled": found.get("DeletionProtectionEnabled", False),
    }
    if properties["BillingMode"] == "PROVISIONED":
        units = found["ProvisionedThroughput"]
        properties["ProvisionedThroughput"] = {key: units[key] for key in ("ReadCapacityUnits", "WriteCapacityUnits")}
    if recovers:
        days = {key: point_in_time[key] for key in ("RecoveryPeriodInDays",) if key in point_in_time}
        properties["PointInTimeRecoverySpecification"] = {"PointInTimeRecoveryEnabled": True, **days}
    if found.get("StreamSpecification", {}).get("StreamEnabled"):
        properties["StreamSpecification"] = {"StreamViewType": found["StreamSpecification"]["StreamViewType"]}
    if expires(client, name):
        properties["TimeToLiveSpecification"] = {"AttributeName": EXPIRES, "Enabled": True}
    if (encryption := found.get("SSEDescription", {})).get("Status") == "ENABLED":
        # The key that AWS manages has an ARN too, which a template may not name.
        key = encryption.get("KMSMasterKeyArn")
        own = {"KMSMasterKeyId": key} if encryption_key and key == encryption_key else {}
        properties["SSESpecification"] = {"SSEEnabled": True, "SSEType": encryption["SSEType"], **own}
    return properties


def _keys(table: Mapping[str, Any]) -> dict[str, str]:
    return {key["AttributeName"]: key["KeyType"] for key in table["KeySchema"]}

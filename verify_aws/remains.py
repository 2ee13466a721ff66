"""What a run has made in AWS: how to find it, to remove it, and to remove it by hand.

Everything is found by the run's name, asked of each service itself. The bucket goes last: it has the run's tags, and
as long as it exists a later run finds this one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from verify_aws.identity import Run

CONFIG: Final = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 6})
SECONDS_TO_DELETE: Final = 1_800
"""How long the deletion of a stack may take; CloudFront and VPCs, which take longer, are not in it."""


class NotRemoved(Exception):
    """Something could not be removed; the message says why."""


class Kind(Protocol):
    """One kind of resource that a run leaves."""

    title: str
    calls: tuple[str, ...]
    """The operations of AWS that finding and removing may use."""

    def find(self) -> list[str]:
        """The names of those that exist."""

    def remove(self, name: str) -> None:
        """Remove one; one that does not exist is no error."""

    def command(self, name: str) -> str:
        """The command of the AWS CLI that removes it."""


@dataclass
class Stacks:
    """The stack of the run, with its nested one."""

    run: Run
    session: boto3.Session
    pause: Callable[[float], None] = time.sleep
    seconds: float = SECONDS_TO_DELETE
    title: str = "stack"
    calls: tuple[str, ...] = (
        "cloudformation:DescribeStacks", "cloudformation:DeleteStack", "cloudformation:DescribeStackEvents",
    )  # fmt: skip

    def find(self) -> list[str]:
        return [self.run.name] if self._status(self.run.name)[0] not in (None, "DELETE_COMPLETE") else []

    def remove(self, name: str) -> None:
        status, stack_id = self._status(name)
        if status is None:
            return
        self._client.delete_stack(StackName=name)
        ends = time.monotonic() + self.seconds
        while (status := self._status(stack_id)[0]) not in (None, "DELETE_COMPLETE"):
            if status == "DELETE_FAILED":
                raise NotRemoved(f"DELETE_FAILED: {failures(self._client, stack_id)}")
            if time.monotonic() > ends:
                raise NotRemoved(f"{status} after {self.seconds / 60:.0f} minutes")
            self.pause(5)

    def command(self, name: str) -> str:
        return f"aws cloudformation delete-stack --stack-name {name}"

    @cached_property
    def _client(self) -> Any:
        return self.session.client("cloudformation", config=CONFIG)

    def _status(self, name: str) -> tuple[str | None, str]:
        try:
            [stack] = self._client.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if _code(error) == "ValidationError":  # there is none
                return None, name
            raise
        return stack["StackStatus"], stack["StackId"]


def failures(cloudformation: Any, stack: str) -> str:
    """What failed in a stack, and why, as its events have it; the first three, in the order in which they failed."""
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    found = [
        f"{event['LogicalResourceId']}: {reason}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("FAILED")
        # Others were under way when one failed.
        and "cancelled" not in (reason := event.get("ResourceStatusReason", ""))
    ]
    return "; ".join(found[:3])


@dataclass
class ApiGatewaySetting:
    """API Gateway's role for logs, when the run has set it: one setting of the AWS account and region."""

    run: Run
    session: boto3.Session
    title: str = "setting of API Gateway"
    calls: tuple[str, ...] = ("apigateway:GetAccount", "apigateway:UpdateAccount")

    def find(self) -> list[str]:
        arn = self._client.get_account().get("cloudwatchRoleArn") or ""
        return ["cloudwatchRoleArn"] if arn.rpartition("/")[2].startswith(f"{self.run.name}-") else []

    def remove(self, name: str) -> None:
        self._client.update_account(patchOperations=[{"op": "replace", "path": f"/{name}", "value": ""}])

    def command(self, name: str) -> str:
        return f"aws apigateway update-account --patch-operations op=replace,path=/{name},value="

    @cached_property
    def _client(self) -> Any:
        return self.session.client("apigateway", config=CONFIG)


@dataclass
class Roles:
    """The role for API Gateway's logs, the only one that outlives its stack."""

    run: Run
    session: boto3.Session
    title: str = "role"
    calls: tuple[str, ...] = (
        "iam:ListRoles", "iam:ListAttachedRolePolicies", "iam:DetachRolePolicy", "iam:DeleteRole",
    )  # fmt: skip

    def find(self) -> list[str]:
        pages = self._client.get_paginator("list_roles").paginate()
        names = (role["RoleName"] for page in pages for role in page["Roles"])
        return [name for name in names if name.startswith(f"{self.run.name}-ApiGatewayLogsRole")]

    def remove(self, name: str) -> None:
        client = self._client
        try:
            for policy in client.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
                client.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
            client.delete_role(RoleName=name)
        except ClientError as error:
            if _code(error) != "NoSuchEntity":
                raise

    def command(self, name: str) -> str:
        policy = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
        detach = f"aws iam detach-role-policy --role-name {name} --policy-arn {policy}"
        return f"{detach} && aws iam delete-role --role-name {name}"

    @cached_property
    def _client(self) -> Any:
        return self.session.client("iam", config=CONFIG)


@dataclass
class Tables:
    """The table, which is retained and protected against deletion."""

    run: Run
    session: boto3.Session
    title: str = "table"
    calls: tuple[str, ...] = (
        "dynamodb:ListTables", "dynamodb:UpdateTable", "dynamodb:DescribeTable", "dynamodb:DeleteTable",
    )  # fmt: skip

    def find(self) -> list[str]:
        pages = self._client.get_paginator("list_tables").paginate()
        return [name for page in pages for name in page["TableNames"] if name.startswith(f"{self.run.name}-")]

    def remove(self, name: str) -> None:
        client = self._client
        often = {"Delay": 2, "MaxAttempts": 150}
        try:
            client.update_table(TableName=name, DeletionProtectionEnabled=False)
            client.get_waiter("table_exists").wait(TableName=name, WaiterConfig=often)
            client.delete_table(TableName=name)
            client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig=often)
        except ClientError as error:
            if _code(error) != "ResourceNotFoundException":
                raise

    def command(self, name: str) -> str:
        unprotect = f"aws dynamodb update-table --table-name {name} --no-deletion-protection-enabled"
        wait = f"aws dynamodb wait table-exists --table-name {name}"
        return f"{unprotect} && {wait} && aws dynamodb delete-table --table-name {name}"

    @cached_property
    def _client(self) -> Any:
        return self.session.client("dynamodb", config=CONFIG)


@dataclass
class Secrets:
    """The secrets of the accounts. One that is scheduled for deletion costs nothing and counts as removed."""

    run: Run
    session: boto3.Session
    title: str = "secret"
    calls: tuple[str, ...] = ("secretsmanager:ListSecrets", "secretsmanager:DeleteSecret")

    def find(self) -> list[str]:
        prefix = f"{self.run.name}/"
        pages = self._client.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [prefix]}])
        return [secret["Name"] for page in pages for secret in page["SecretList"] if secret["Name"].startswith(prefix)]

    def remove(self, name: str) -> None:
        try:
            self._client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        except ClientError as error:
            if _code(error) != "ResourceNotFoundException":
                raise

    def command(self, name: str) -> str:
        return f"aws secretsmanager delete-secret --secret-id {name} --force-delete-without-recovery"

    @cached_property
    def _client(self) -> Any:
        return self.session.client("secretsmanager", config=CONFIG)


@dataclass
class LogGroups:
    """The log groups of the functions and of the API."""

    run: Run
    session: boto3.Session
    title: str = "log group"
    calls: tuple[str, ...] = ("logs:DescribeLogGroups", "logs:DeleteLogGroup")

    def find(self) -> list[str]:
        paginator = self._client.get_paginator("describe_log_groups")
        of_api = f"/aws/apigateway/{self.run.name}"
        found = [
            group["logGroupName"]
            for prefix in (f"/aws/lambda/{self.run.name}/", of_api)
            for page in paginator.paginate(logGroupNamePrefix=prefix)
            for group in page["logGroups"]
        ]
        return [name for name in found if not name.startswith(of_api) or name == of_api]

    def remove(self, name: str) -> None:
        try:
            self._client.delete_log_group(logGroupName=name)
        except ClientError as error:
            if _code(error) != "ResourceNotFoundException":
                raise

    def command(self, name: str) -> str:
        return f"aws logs delete-log-group --log-group-name {name}"

    @cached_property
    def _client(self) -> Any:
        return self.session.client("logs", config=CONFIG)


@dataclass
class Buckets:
    """The bucket with templates and artifact."""

    run: Run
    session: boto3.Session
    title: str = "bucket"
    calls: tuple[str, ...] = ("s3:ListBuckets", "s3:ListObjectsV2", "s3:DeleteObjects", "s3:DeleteBucket")

    def find(self) -> list[str]:
        return [bucket["Name"] for bucket in self._client.list_buckets()["Buckets"] if bucket["Name"] == self.run.name]

    def remove(self, name: str) -> None:
        client = self._client
        try:
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
                keys = [{"Key": item["Key"]} for item in page.get("Contents", [])]
                if keys:
                    client.delete_objects(Bucket=name, Delete={"Objects": keys, "Quiet": True})
            client.delete_bucket(Bucket=name)
        except ClientError as error:
            if _code(error) != "NoSuchBucket":
                raise

    def command(self, name: str) -> str:
        return f"aws s3 rb s3://{name} --force"

    @cached_property
    def _client(self) -> Any:
        return self.session.client("s3", config=CONFIG)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def kinds(run: Run, session: boto3.Session, pause: Callable[[float], None] = time.sleep) -> list[Kind]:
    """Every kind that a run makes, in the order in which they are removed."""
    return [
        Stacks(run, session, pause),
        ApiGatewaySetting(run, session),
        Roles(run, session),
        Tables(run, session),
        Secrets(run, session),
        LogGroups(run, session),
        Buckets(run, session),
    ]

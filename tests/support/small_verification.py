"""What a deployed stack leaves in AWS, made in moto, and `verify_aws` with steps that make just that."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from verify_aws import deploying
from verify_aws.account import Account
from verify_aws.identity import Run
from verify_aws.plan import Figures, Sizes, Stage, Step
from verify_aws.program import Options, Program
from verify_aws.remains import Kind, kinds

REGION = "eu-central-1"
ACCOUNT = Account("111122223333", "arn:aws:iam::111122223333:user/ada", REGION, has_logs_role=False, executions=1000)
TEMPLATE = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})


class SessionWithOneClientEach(boto3.Session):
    """A session that makes one client of a service and keeps it, as that takes a tenth of a second."""

    def client(self, service_name: str, **settings: Any) -> Any:  # type: ignore[override]  # by any name
        """The client, with the settings of the first call."""
        if service_name not in self._made:
            self._made[service_name] = super().client(service_name, **settings)  # type: ignore[call-overload]
        return self._made[service_name]

    @cached_property
    def _made(self) -> dict[str, Any]:
        return {}


def make_resources(session: boto3.Session, stack: str, *, sets_logs_role: bool = False) -> None:
    """What a stack of that name leaves when it is deleted, and the stack."""
    client: Callable[[str], Any] = session.client  # type: ignore[assignment]  # by any name
    client("cloudformation").create_stack(StackName=stack, TemplateBody=TEMPLATE)
    client("dynamodb").create_table(
        TableName=f"{stack}-UsersTable-1X",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        DeletionProtectionEnabled=True,
    )
    for account in ("default", "wire-1"):
        client("secretsmanager").create_secret(Name=f"{stack}/connectors/{account}", SecretString="{}")
    for group in (f"/aws/lambda/{stack}/requests", f"/aws/apigateway/{stack}"):
        client("logs").create_log_group(logGroupName=group)
    role = f"{stack}-ApiGatewayLogsRole-1X"
    made = client("iam").create_role(RoleName=role, AssumeRolePolicyDocument="{}")
    made_policy = client("iam").create_policy(PolicyName=f"{stack}-logs", PolicyDocument=POLICY)["Policy"]["Arn"]
    client("iam").attach_role_policy(RoleName=role, PolicyArn=made_policy)
    if sets_logs_role:
        change = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": made["Role"]["Arn"]}]
        client("apigateway").update_account(patchOperations=change)


POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}]}
)


def names(session: boto3.Session) -> dict[str, list[str]]:
    """Everything that is in the AWS account, by kind."""
    client: Callable[[str], Any] = session.client  # type: ignore[assignment]  # by any name
    stacks = client("cloudformation").describe_stacks()["Stacks"]
    return {
        "stacks": sorted(stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"),
        "tables": sorted(client("dynamodb").list_tables()["TableNames"]),
        "secrets": sorted(secret["Name"] for secret in client("secretsmanager").list_secrets()["SecretList"]),
        "log groups": sorted(group["logGroupName"] for group in client("logs").describe_log_groups()["logGroups"]),
        "roles": sorted(role["RoleName"] for role in client("iam").list_roles()["Roles"]),
        "buckets": sorted(bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]),
        "setting": [client("apigateway").get_account().get("cloudwatchRoleArn") or ""],
    }


def bucket(stage: Stage, step: Step) -> Figures:
    """Make the run's bucket with its tags, and something in it."""
    [real] = [one for one in deploying.steps(stage.run, stage.sets_logs_role) if one.name == "bucket"]
    figures = real.work(stage, step)
    stage.session.client("s3").put_object(Bucket=stage.run.name, Key="template", Body=b"{}")
    return figures


def deploy(stage: Stage, step: Step) -> Figures:
    """Make what a stack makes."""
    make_resources(stage.session, stage.run.name, sets_logs_role=stage.sets_logs_role)
    return {"resources": 7}


def use(stage: Stage, step: Step) -> Figures:
    """Do nothing, well."""
    return {"requests": 3}


def steps(run: Run, sets_logs_role: bool) -> list[Step]:
    """A small run: three steps that the others need, and two that use their results."""
    return [
        Step("bucket", "Create a bucket", 0.1, bucket, needed=True),
        Step("build", "Build", 0.1, use, needed=True),
        Step("deploy", "Deploy", 1, deploy, needed=True),
        Step("use", "Use", 1, use),
        Step("measure", "Measure", 1, use),
    ]


def on(monkeypatch: pytest.MonkeyPatch, operation: str | None, act: Callable[..., object]) -> None:
    """Do something before a call of an operation of AWS; with None before each, and with its service and name."""
    own = BaseClient._make_api_call  # type: ignore[attr-defined]  # where every call passes

    def called(client: Any, name: str, parameters: Any) -> Any:
        if operation is None:
            act(f"{client.meta.service_model.service_name}:{name}")
        elif name == operation:
            act()
        return own(client, name, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", called)


def look(session: boto3.Session, environment: Mapping[str, str]) -> Account:
    """The AWS account of the tests, whose quota moto does not know."""
    return replace(ACCOUNT, has_logs_role=bool(session.client("apigateway").get_account().get("cloudwatchRoleArn")))


@dataclass
class Verify:
    """Runs the program in the AWS account of the test."""

    session: boto3.Session
    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)

    def __call__(self, steps: Callable[[Run, bool], list[Step]] = steps, **options: Any) -> int:
        """Return its exit code; `options` are those of the command line."""
        chosen = Options(**{"yes": True, "evidence": self.folder / "evidence", **options})
        program = Program(
            chosen,
            lambda: self.session,
            look=look,
            steps=steps,
            sizes=Sizes(users=1, rate=1, seconds=1),
            folder=self.folder / "records",
            pause=lambda seconds: None,
            **self.settings,
        )  # fmt: skip
        return program.run()

    def kinds(self) -> list[Kind]:
        """The kinds that a run removes."""
        return kinds(Run.new(), self.session)

    @property
    def evidence(self) -> list[dict[str, Any]]:
        """The results that were written, oldest first."""
        files = sorted((self.folder / "evidence").glob("*.json"), key=lambda file: (len(file.name), file.name))
        return [json.loads(file.read_text(encoding="utf-8")) for file in files]

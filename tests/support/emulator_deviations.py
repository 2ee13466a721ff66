"""Where the emulator's CloudFormation does not do what AWS's does, each shown with the smallest stack that has it.

A check returns what AWS would: True when the emulator has learned it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from botocore.exceptions import ClientError

from support.emulator import Emulator

_BUCKET: Final = "deviations"
_TABLE: Final = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "DeletionProtectionEnabled": True,
}


class SmallStack:
    """A stack of a few resources, under a name of its own."""

    def __init__(self, emulator: Emulator) -> None:
        """Nothing is created yet."""
        self.emulator = emulator
        self.name = f"small-{uuid4().hex[:8]}"
        self._cloudformation = emulator.client("cloudformation")
        self._stack = ""

    def uploaded(self, resources: dict[str, Any]) -> str:
        """Upload a template; return its address."""
        s3 = self.emulator.client("s3")
        if _BUCKET not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
            s3.create_bucket(Bucket=_BUCKET)
        key = f"{uuid4().hex}.template"
        s3.put_object(Bucket=_BUCKET, Key=key, Body=json.dumps({"Resources": resources}).encode())
        return f"{self.emulator.url}/{_BUCKET}/{key}"

    def create(self, resources: dict[str, Any]) -> str:
        """Create the stack; return its last status."""
        address = self.uploaded(resources)
        self._stack = self._cloudformation.create_stack(StackName=self.name, TemplateURL=address)["StackId"]
        return self._settled()

    def update(self, resources: dict[str, Any]) -> str:
        """Update the stack; return its last status."""
        self._cloudformation.update_stack(StackName=self.name, TemplateURL=self.uploaded(resources))
        return self._settled()

    def delete(self) -> str:
        """Delete the stack; return its last status."""
        self._cloudformation.delete_stack(StackName=self._stack)
        return self._settled()

    def imported(self, kind: str, properties: dict[str, Any], identifier: dict[str, str]) -> str:
        """Create the stack around a resource that exists; return its last status, or that of a refused change set."""
        self._stack = self._cloudformation.create_change_set(
            StackName=self.name,
            ChangeSetName="import",
            ChangeSetType="IMPORT",
            TemplateURL=self.uploaded({"One": {"Type": kind, "DeletionPolicy": "Retain", "Properties": properties}}),
            ResourcesToImport=[{"ResourceType": kind, "LogicalResourceId": "One", "ResourceIdentifier": identifier}],
        )["StackId"]
        planned = self._cloudformation.describe_change_set(ChangeSetName="import", StackName=self.name)
        if planned["ExecutionStatus"] == "UNAVAILABLE":
            return "UNAVAILABLE"
        self._cloudformation.execute_change_set(ChangeSetName="import", StackName=self.name)
        return self._settled()

    def physical(self, logical_id: str) -> str:
        """The physical id of a resource."""
        answer = self._cloudformation.describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])

    def log_group(self, **attributes: str) -> dict[str, Any]:
        """A log group with the stack's name."""
        return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": self.name}, **attributes}

    @property
    def has_log_group(self) -> bool:
        """Whether there is a log group with the stack's name."""
        found = self.emulator.client("logs").describe_log_groups(logGroupNamePrefix=self.name)["logGroups"]
        return bool(found)

    def nested(self, resources: dict[str, Any]) -> dict[str, Any]:
        """A nested stack."""
        return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": self.uploaded(resources)}}

    def _settled(self) -> str:
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            status: str = self._cloudformation.describe_stacks(StackName=self._stack)["Stacks"][0]["StackStatus"]
            if not status.endswith("IN_PROGRESS"):
                return status
            time.sleep(0.05)
        raise AssertionError(f"{self.name} does not settle")


def _refuses_a_taken_log_group(small: SmallStack) -> bool:
    small.emulator.client("logs").create_log_group(logGroupName=small.name)
    return small.create({"Log": small.log_group()}) == "ROLLBACK_COMPLETE"


def _refuses_a_taken_secret(small: SmallStack) -> bool:
    small.emulator.client("secretsmanager").create_secret(Name=small.name, SecretString="kept")
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": small.name}}
    return small.create({"Secret": secret}) == "ROLLBACK_COMPLETE"


def _imports_a_secret(small: SmallStack) -> bool:
    made = small.emulator.client("secretsmanager").create_secret(Name=small.name, SecretString="kept")
    kind = "AWS::SecretsManager::Secret"
    return small.imported(kind, {"Name": small.name}, {"Id": made["ARN"]}) == "IMPORT_COMPLETE"


def _keeps_a_protected_table(small: SmallStack) -> bool:
    assert small.create({"Table": {"Type": "AWS::DynamoDB::Table", "Properties": _TABLE}}) == "CREATE_COMPLETE"
    return small.delete() == "DELETE_FAILED"


def _generates_a_new_name(small: SmallStack) -> bool:
    topic = {"Topic": {"Type": "AWS::SNS::Topic"}}
    assert small.create(topic) == "CREATE_COMPLETE"
    before = small.physical("Topic")
    assert small.delete() == "DELETE_COMPLETE"
    assert small.create(topic) == "CREATE_COMPLETE"
    return small.physical("Topic") != before


def _keeps_the_address_of_an_api(small: SmallStack) -> bool:
    def api(path: str) -> dict[str, Any]:
        integration = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
        operation = {"x-amazon-apigateway-integration": integration, "responses": {"200": {"description": "done"}}}
        body = {"openapi": "3.0.1", "info": {"title": small.name, "version": "1"}, "paths": {path: {"get": operation}}}
        return {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}}}

    assert small.create(api("/before")) == "CREATE_COMPLETE"
    before = small.physical("Api")
    assert small.update(api("/after")) == "UPDATE_COMPLETE"
    return small.physical("Api") == before


def _keeps_what_a_nested_stack_retains(small: SmallStack) -> bool:
    nested = small.nested({"Log": small.log_group(DeletionPolicy="Retain")})
    assert small.create({"Nested": nested}) == "CREATE_COMPLETE"
    assert small.delete() == "DELETE_COMPLETE"
    return small.has_log_group


def _removes_what_a_failed_nested_stack_made(small: SmallStack) -> bool:
    unknown = {"Type": "AWS::Unknown::Type", "DependsOn": "Log"}
    assert small.create({"Nested": small.nested({"Log": small.log_group(), "No": unknown})}) == "ROLLBACK_COMPLETE"
    return not small.has_log_group


def _updates_a_nested_stack_that_uses_attributes(small: SmallStack) -> bool:
    def nested(title: str) -> dict[str, Any]:
        topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::GetAtt": ["Log", "Arn"]}}}
        parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": title}}
        return {"Nested": small.nested({"Log": small.log_group(), "Topic": topic, "Parameter": parameter})}

    assert small.create(nested("before")) == "CREATE_COMPLETE"
    return small.update(nested("after")) == "UPDATE_COMPLETE"


def _refuses_a_stack_that_was_rolled_back(small: SmallStack) -> bool:
    unknown = small.nested({"No": {"Type": "AWS::Unknown::Type"}})
    assert small.create({"Nested": unknown}) == "ROLLBACK_COMPLETE"
    try:
        small.create({"Log": small.log_group()})
    except ClientError:
        return True
    return False


@dataclass(frozen=True)
class Deviation:
    """What the emulator does in the place of what AWS does."""

    what: str
    does_as_aws: Callable[[SmallStack], bool]


DEVIATIONS: Final = (
    Deviation("An API whose body changes gets a new address", _keeps_the_address_of_an_api),
    Deviation("A log group is created over one of its name", _refuses_a_taken_log_group),
    Deviation("A secret is created over one of its name", _refuses_a_taken_secret),
    Deviation("A secret cannot be imported", _imports_a_secret),
    Deviation("A table is deleted in spite of its deletion protection", _keeps_a_protected_table),
    Deviation("What a nested stack retains is deleted with it", _keeps_what_a_nested_stack_retains),
    Deviation("What a failed nested stack has created stays", _removes_what_a_failed_nested_stack_made),
    Deviation(
        "An update of a nested stack forgets attributes of what does not change",
        _updates_a_nested_stack_that_uses_attributes,
    ),
    Deviation("A generated name is the same in a new stack of the same name", _generates_a_new_name),
    Deviation("A stack in ROLLBACK_COMPLETE can be created again", _refuses_a_stack_that_was_rolled_back),
)
"""In the order of docs/prove.md."""

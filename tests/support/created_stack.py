"""What CloudFormation makes of template.yaml, as far as moto can: storage, secrets, queues, alarms, dashboards, logs.

moto knows no CloudFormation resource for secrets, alarms and saved queries, but the services behind them; so those are
made here by the call of the service that has the resource's properties as its parameters. botocore checks them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import boto3
from moto import mock_aws
from moto.cloudformation.parsing import get_model_list, get_model_map, get_name_type_map
from moto.core.common_models import CloudFormationModel

from support.stack_template import template

REGION = "eu-central-1"

LEFT_OUT = {
    "AWS::ApiGateway": "sam local serves the routes, tests/template/test_api.py reads the rest",
    "AWS::CloudWatch::CompositeAlarm": "moto makes none",
    "AWS::CodeDeploy": "moto makes none",
    "AWS::Events::EventBusPolicy": "moto enforces none; tests/template/test_events.py reads it",
    "AWS::IAM": "tests/template/test_permissions.py reads them; moto enforces none",
    "AWS::Lambda": "sam local runs the functions",
    "AWS::Logs::MetricFilter": "moto's CloudFormation makes none",
    "AWS::Logs::QueryDefinition": "moto makes none; tests/template/test_saved_queries.py reads them",
    "AWS::Route53": "only with a domain of your own",
    "AWS::SNS::Subscription": "moto makes none",
    "AWS::SNS::TopicPolicy": "moto makes none",
    "AWS::SQS::QueuePolicy": "moto enforces none",
    "AWS::WAFv2": "only when asked for",
    "Custom::": "calls a function",
}
"""Resource types that are not created, and why."""


def _made_by(resource_type: str, service: str, operation: str, name_property: str) -> type[CloudFormationModel]:
    """Teaches moto a resource that one call makes, whose parameters are the resource's properties."""

    class Made(CloudFormationModel):
        __module__ = f"moto.{service}"  # where moto reads of which service a model is

        def __init__(self, name: str, arn: str) -> None:
            self.name = name
            self.arn = arn

        @property
        def physical_resource_id(self) -> str:
            # What Ref gives: the ARN of a secret, the name of an alarm.
            return self.arn if service == "secretsmanager" else self.name

        @staticmethod
        def cloudformation_name_type() -> str:
            return name_property

        @staticmethod
        def cloudformation_type() -> str:
            return resource_type

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:
            return attr == "Arn"

        def get_cfn_attribute(self, attribute_name: str) -> str:
            return self.arn

        @classmethod
        def create_from_cloudformation_json(
            cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
        ) -> Made:
            properties = {name_property: resource_name} | cloudformation_json["Properties"]
            answer = getattr(boto3.client(service, region_name), operation)(**properties)
            name = properties[name_property]
            return cls(name, answer.get("ARN", f"arn:aws:{service}:{region_name}:{account_id}:{name}"))

        @classmethod
        def update_from_cloudformation_json(cls, *_: Any, **__: Any) -> Any:
            raise NotImplementedError

        @classmethod
        def delete_from_cloudformation_json(cls, *_: Any, **__: Any) -> None:
            raise NotImplementedError

    return Made


MADE = [
    _made_by("AWS::SecretsManager::Secret", "secretsmanager", "create_secret", "Name"),
    _made_by("AWS::CloudWatch::Alarm", "cloudwatch", "put_metric_alarm", "AlarmName"),
]


def reduced() -> dict[str, Any]:
    """The template without what is left out; a reference to that becomes its logical id, or an ARN that ends so."""
    document = deepcopy(template())
    left_out = {name for name, found in document["Resources"].items() if found["Type"].startswith(tuple(LEFT_OUT))}
    kept = {name: found for name, found in document["Resources"].items() if name not in left_out}
    for resource in kept.values():
        resource.pop("DependsOn", None)
    document["Resources"] = _without(kept, left_out)
    del document["Outputs"], document["Rules"]
    return document


def _without(value: Any, left_out: set[str]) -> Any:
    if isinstance(value, list):
        return [_without(item, left_out) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("Ref") in left_out:
        return value["Ref"]
    if (attribute := value.get("Fn::GetAtt")) and attribute[0] in left_out:
        return f"arn:aws:lambda:{REGION}:123456789012:function:{attribute[0]}"
    if substituted := value.get("Fn::Sub"):
        text, *values = [substituted] if isinstance(substituted, str) else substituted
        text = re.sub(r"\$\{(\w+)(\.\w+)?\}", lambda m: m[1] if m[1] in left_out else m[0], text)
        return {"Fn::Sub": [text, *_without(values, left_out)] if values else text}
    return {key: _without(inner, left_out) for key, inner in value.items()}


@contextmanager
def created_stack(name: str, **parameters: str) -> Iterator[dict[str, str]]:
    """The stack, made by moto's CloudFormation, to the end of the block: logical id -> physical id, if moto has one.

    Of two at the same time each must have its own name.
    """
    for known in (get_model_list, get_model_map, get_name_type_map):
        known.cache_clear()
    with mock_aws():
        cloudformation = boto3.client("cloudformation", REGION)
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=json.dumps(reduced()),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        )
        found = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
        yield {
            one["LogicalResourceId"]: one.get("PhysicalResourceId", "") for one in found if "LogicalResourceId" in one
        }

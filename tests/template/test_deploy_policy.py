"""docs/deploy-policy: what CloudFormation needs of the caller is allowed, and nothing else without a reason."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from support.deploy_policy import FOLDER, NAMES, allowed, granted, listed, statements
from support.resolved_template import ACCOUNT, REGION, STACK
from support.stack_template import templates

MOST_CHARACTERS = 6_144
"""Of a managed policy; IAM does not count white space."""
ALLOWED = allowed()

UNUSED = {
    # action: the property that would need it, which no resource of a type with this action has
    "cloudformation:SetStackPolicy": "StackPolicyBody",
    "cloudformation:UpdateTerminationProtection": "EnableTerminationProtection",
    "codedeploy:RegisterOnPremisesInstance": "OnPremisesInstanceTagFilters",
    "dynamodb:*Replica": "GlobalTableSourceArn",
    "dynamodb:*Item": "GlobalTableSourceArn",
    "dynamodb:Query": "GlobalTableSourceArn",
    "dynamodb:Scan": "GlobalTableSourceArn",
    "dynamodb:*Import*": "ImportSourceSpecification",
    "dynamodb:*KinesisStreamingDestination": "KinesisStreamSpecification",
    "dynamodb:*ResourcePolicy": "ResourcePolicy",
    "ec2:DescribeNetworkInterfaces": "VpcConfig",
    "ec2:DescribeSecurityGroups": "VpcConfig",
    "ec2:DescribeSubnets": "VpcConfig",
    "ec2:DescribeVpcs": "VpcConfig",
    "elasticfilesystem:*": "FileSystemConfigs",
    "firehose:*": "LogGroupClass",
    "iam:*GroupPolicy": "Groups",
    "iam:*UserPolicy": "Users",
    "iam:*RolePermissionsBoundary": "PermissionsBoundary",
    "kinesis:*": "KinesisStreamSpecification",
    "lambda:*CodeSigningConfig": "CodeSigningConfigArn",
    "lambda:*ProvisionedConcurrencyConfig": "ProvisionedConcurrencyConfig",
    "lambda:AssociateRuntimeAlias": "RuntimeManagementConfig",
    "lambda:GetLayerVersion": "Layers",
    "lambda:PassCapacityProvider": "CapacityProviderConfig",
    "lambda:PutFunctionRecursionConfig": "RecursiveLoop",
    "lambda:PutFunctionScalingConfig": "FunctionScalingConfig",
    "lambda:PutRuntimeManagementConfig": "RuntimeManagementConfig",
    "logs:*DataProtectionPolicy": "DataProtectionPolicy",
    "logs:*IndexPolicy": "FieldIndexPolicies",
    "logs:*ResourcePolicy": "ResourcePolicyDocument",
    "logs:CreateLogDelivery": "LogGroupClass",
    "logs:PutBearerTokenAuthentication": "BearerTokenAuthenticationEnabled",
    "logs:PutLogGroupDeletionProtection": "DeletionProtectionEnabled",
    "logs:*Log[SE]*": "ImportSourceSpecification",
    "s3:GetObjectMetadata": "ImportSourceSpecification",
    "s3:GetObjectVersion": "S3ObjectVersion",
    "s3:REST.PUT.OBJECT": "LogGroupClass",
    "s3files:*": "FileSystemConfigs",
    "secretsmanager:*Replicat*": "ReplicaRegions",
    "secretsmanager:GetRandomPassword": "GenerateSecretString",
    "sns:PutDataProtectionPolicy": "DataProtectionPolicy",
}
NOT_ASKED = {
    # action: why CloudFormation does not use it for this stack
    "kms:ListAliases": "keys are named by their ARN, never by an alias",
    "kms:ReEncrypt": "no action of IAM has this name; ReEncryptFrom and ReEncryptTo have",
    "payments:GetConnectedAccount": "for managed rules that are bought; AWS's own cost no subscription",
    "wafv2:*PermissionPolicy": "for rule groups that another AWS account shares",
    "ec2:*VerifiedAccess*": "for web ACLs of other services than API Gateway",
    "[abce]*:*W[eE][bB]*": "for web ACLs of other services than API Gateway",
}
NEEDED_BY = {
    # action: what calls it, which is no resource of the stack
    "acm:DescribeCertificate": "rollcall deploy check",
    "cloudformation:CreateChangeSet": "sam deploy, aws cloudformation deploy, rollcall deploy adopt",
    "cloudformation:ContinueUpdateRollback": "a stack in UPDATE_ROLLBACK_FAILED",
    "cloudformation:DescribeChangeSet": "the same",
    "cloudformation:DescribeStackEvents": "sam deploy shows what happens",
    "cloudformation:ExecuteChangeSet": "sam deploy, aws cloudformation deploy, rollcall deploy adopt",
    "cloudformation:GetTemplateSummary": "sam deploy",
    "dynamodb:ListTables": "rollcall deploy check, for what an earlier stack left",
    "lambda:GetAccountSettings": "rollcall deploy check",
    "lambda:InvokeFunction": "the custom resource that makes the first keys",
    "logs:*Quer*": "rollcall activity, rollcall doctor",
    "s3:PutObject": "sam deploy uploads the artifact and the templates",
    "secretsmanager:GetSecretValue": "rollcall doctor",
    "secretsmanager:ListSecrets": "rollcall deploy check, for what an earlier stack left",
}
NOT_OF_THE_STACK = {
    # resource: why it is not named for the stack
    "*": "the actions take no resource, or a condition bounds them",
    "arn:aws:acm:REGION:ACCOUNT:certificate/*": "read only",
    "arn:aws:apigateway:REGION::/account": "one for the region",
    "arn:aws:apigateway:REGION::/domainnames": "of collections",
    "arn:aws:apigateway:REGION::/domainnames/*": "named by the operator",
    "arn:aws:apigateway:REGION::/restapis": "of collections",
    "arn:aws:apigateway:REGION::/restapis/*": "API Gateway chooses the id",
    "arn:aws:apigateway:REGION::/restapis/*/stages/*": "API Gateway chooses the id",
    "arn:aws:apigateway:REGION::/tags/*": "the tags of these",
    "arn:aws:cloudformation:REGION:aws:transform/Serverless-2016-10-31": "AWS's",
    "arn:aws:cloudformation:REGION:ACCOUNT:stack/aws-sam-cli-managed-default/*": "the SAM CLI's",
    "arn:aws:codedeploy:REGION:ACCOUNT:deploymentconfig:*": "read only, AWS's",
    "arn:aws:events:REGION:ACCOUNT:archive/*": "its name is cut to 48 characters",
    "arn:aws:iam::ACCOUNT:role/aws-service-role/*": "AWS's, bounded by a condition",
    "arn:aws:kms:REGION:ACCOUNT:key/KEY": "chosen by the operator",
    "arn:aws:lambda:REGION:ACCOUNT:event-source-mapping:*": "Lambda chooses the id; reading and tags",
    "arn:aws:route53:::hostedzone/ZONE": "chosen by the operator",
    "arn:aws:s3:::aws-sam-cli-managed-default-*": "the SAM CLI's",
    "arn:aws:wafv2:REGION:ACCOUNT:regional/managedruleset/*": "AWS's",
    "arn:aws:wafv2:REGION:ACCOUNT:regional/webacl/*": "the stack's, or the operator's",
}


def permissions(kind: str) -> set[str]:
    """What CloudFormation may need for a type of resource, by the type's schema."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    asked = (schema["handlers"].get(name, {}) for name in ("create", "read", "update", "delete"))
    return {one for handler in asked for one in handler.get("permissions", ())} | set(
        schema.get("tagging", {}).get("permissions", ())
    )


@cache
def resources() -> list[tuple[str, dict[str, Any]]]:
    """Type and properties of each resource of both stacks, as written."""
    every = [one for document in templates().values() for one in document["Resources"].values()]
    return [(one["Type"], one.get("Properties", {})) for one in every]


@cache
def needs() -> dict[str, set[str]]:
    """The actions that CloudFormation may need, each with the types of resources."""
    found: dict[str, set[str]] = {}
    for kind in {kind for kind, _ in resources() if not kind.startswith("Custom::")}:
        for action in permissions(kind):
            found.setdefault(action, set()).add(kind)
    return found


def match(action: str, patterns: Iterable[str]) -> list[str]:
    return [pattern for pattern in patterns if fnmatchcase(action, pattern)]


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in resources() if not kind.startswith("Custom::")}))
def test_cloudformation_may_do_what_a_resource_needs(kind: str) -> None:
    for action in permissions(kind) - ALLOWED:
        properties = [UNUSED[pattern] for pattern in match(action, UNUSED)]

        assert properties or match(action, NOT_ASKED), f"{action} is neither allowed nor explained"
        for found in (properties_of for other, properties_of in resources() if other == kind):
            assert not set(properties) & found.keys(), f"{action} is needed"


def test_every_allowed_action_is_used() -> None:
    sam = permissions("AWS::S3::Bucket") | permissions("AWS::S3::BucketPolicy")  # of its bucket
    unused = ALLOWED - needs().keys() - sam

    assert {action for action in unused if not match(action, NEEDED_BY)} == set()


def test_every_explanation_is_needed() -> None:
    missing = needs().keys() - ALLOWED

    assert {pattern for pattern in (*UNUSED, *NOT_ASKED) if not any(match(one, [pattern]) for one in missing)} == set()
    assert {pattern for pattern in NEEDED_BY if not any(match(one, [pattern]) for one in ALLOWED)} == set()


def test_resources_are_those_of_the_stack_or_explained() -> None:
    texts = "".join((FOLDER / f"{name}.json").read_text(encoding="utf-8") for name in NAMES)
    named = {one for one in re.findall(r'"(\*|arn:[^"]+)"', texts) if not re.search(r"\bSTACK\b", one)}

    assert named - {one for one in named if one.startswith("arn:aws:iam::aws:policy/")} == NOT_OF_THE_STACK.keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_is_small_enough_for_iam(name: str) -> None:
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    longest = {"ACCOUNT": 12, "REGION": 14, "STACK": 20, "ZONE": 21, "KEY": 36}
    for placeholder, length in longest.items():
        text = re.sub(rf"\b{placeholder}\b", "x" * length, text)

    assert len(re.sub(r"\s", "", text)) <= MOST_CHARACTERS


def test_roles_are_given_to_the_services_that_assume_them_alone() -> None:
    trusted = {
        one["Principal"]["Service"]
        for kind, properties in resources()
        if kind == "AWS::IAM::Role"
        for one in properties["AssumeRolePolicyDocument"]["Statement"]
    }
    [given] = [one for one in statements("stack") if one["Action"] == "iam:PassRole"]

    assert set(given["Condition"]["StringEquals"]["iam:PassedToService"]) == trusted
    assert given["Resource"] == f"arn:aws:iam::{ACCOUNT}:role/{STACK}-*"


def test_roles_get_policies_of_the_stack_and_of_aws_that_it_names() -> None:
    named = {
        arn["Fn::Sub"].replace("${AWS::Partition}", "aws")
        for kind, properties in resources()
        if kind == "AWS::IAM::Role"
        for arn in properties.get("ManagedPolicyArns", [])
        if "Fn::Sub" in arn
    }
    [attach] = [one for one in statements("stack") if "iam:AttachRolePolicy" in listed(one["Action"])]
    patterns = attach["Condition"]["ArnLike"]["iam:PolicyARN"]

    assert set(patterns) == named | {f"arn:aws:iam::{ACCOUNT}:policy/{STACK}-*"}


def test_what_reads_keys_or_goes_beyond_the_stack_is_a_statement_of_its_own() -> None:
    everywhere = {action for action, resource in granted("stack", "service") if resource == "*"}

    assert "secretsmanager:GetSecretValue" not in {action for action, _ in granted("stack", "service")}
    assert not {one for one in ALLOWED if one.startswith("dynamodb:") and one.endswith(("Item", "Query", "Scan"))}
    # By name: none of them changes or reads what belongs to another stack.
    for action in everywhere:
        bounded = [one for one in (*statements("stack"), *statements("service")) if action in listed(one["Action"])]
        assert re.search(r":(Describe|List|Get|.*Query)", action) or all("Condition" in one for one in bounded), action

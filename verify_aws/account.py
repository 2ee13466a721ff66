"""The AWS account to verify in: whose it is, and what the run has to know about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from verify_aws.remains import CONFIG


class Refused(Exception):
    """The run does not start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The AWS account of the session."""

    id: str
    caller: str
    region: str
    has_logs_role: bool
    """Whether API Gateway may write logs already; the run then leaves that setting alone."""
    executions: int
    """The quota of concurrent executions of Lambda."""


def account_of(session: boto3.Session, environment: Mapping[str, str]) -> Account:
    """Look at the session's AWS account, without changing it; raises `Refused`."""
    if endpoints := sorted(name for name in environment if name.startswith("AWS_ENDPOINT_URL") and environment[name]):
        raise Refused(f"{endpoints[0]} is set, so requests would not go to AWS: unset it.")
    if not session.region_name:
        raise Refused("No AWS region is set: set AWS_REGION.")
    try:
        if session.get_credentials() is None:
            raise Refused("No AWS credentials were found: sign in (aws sso login), or add --profile NAME.")
        caller = session.client("sts", config=CONFIG).get_caller_identity()
        gateway = session.client("apigateway", config=CONFIG).get_account()
        quota = session.client("lambda", config=CONFIG).get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown error")
        raise Refused(
            f"AWS refused {error.operation_name} ({code}): sign in again, or use credentials with the permissions in "
            "docs/deploy.md, What you need."
        ) from error
    except BotoCoreError as error:
        raise Refused(f"AWS could not be reached: {error}") from error
    return Account(caller["Account"], caller["Arn"], session.region_name, bool(gateway.get("cloudwatchRoleArn")), quota)

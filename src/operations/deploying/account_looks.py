"""Looks at the AWS account and region before a deployment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from operations.deploying.looks import Looked, Place, code_of, one_line
from operations.deploying.stacks import described_stack

_SIGN_IN: Final = "Sign in (aws sso login), or export AWS_PROFILE=NAME."
_KEPT_UNRESERVED: Final = 100
"""Executions that Lambda keeps for functions without a reservation, or the whole quota where that is less."""
_ENOUGH: Final = 100
"""A quota of executions below this is that of a new AWS account."""
_QUOTA: Final = "(Service Quotas, AWS Lambda, Concurrent executions)"
_SAM_STACK: Final = "aws-sam-cli-managed-default"
_LOGS_ROLE: Final = "API Gateway log role"


def reserved_executions(each: int) -> int:
    """The executions that the stack's functions reserve together with `ReservedConcurrency`; none with 0."""
    return 14 * each + 12 if each else 0


def credentials(place: Place) -> Looked:
    """Whose credentials these are; notes the account in `place`."""
    if place.region is None:
        return Looked("AWS account", "stop", "no region is set", "export AWS_REGION=eu-central-1")
    try:
        caller = place.client("sts").get_caller_identity()
    except NoCredentialsError:
        return Looked("AWS account", "stop", "no AWS credentials were found", _SIGN_IN)
    except ClientError as error:
        return Looked("AWS account", "stop", f"AWS refused the credentials ({code_of(error)})", _SIGN_IN)
    except BotoCoreError as error:
        remedy = f"Check network, region and profile. {_SIGN_IN}"
        return Looked("AWS account", "stop", one_line(error), remedy)
    place.account = caller["Account"]
    return Looked("AWS account", "ok", f"{place.account}, region {place.region}, as {caller['Arn']}")


def quota(place: Place) -> Iterator[Looked]:
    """Whether the account has the executions that the functions reserve."""
    limit = place.client("lambda").get_account_settings()["AccountLimit"]
    most, free = int(limit["ConcurrentExecutions"]), int(limit["UnreservedConcurrentExecutions"])
    free += reserved_executions(_number(place.present.get("ReservedConcurrency", "0")))
    wanted = reserved_executions(_number(place.value("ReservedConcurrency")))
    seen = f"quota {most}; this stack reserves {wanted}" if wanted else f"quota {most}; nothing is reserved"
    kept = min(_KEPT_UNRESERVED, most)
    if wanted and free - wanted < kept:
        remedy = f"Set ReservedConcurrency=0, or ask for a higher quota {_QUOTA}."
        seen += f"; {free} are free, and {kept} must stay free"
        yield Looked("Lambda concurrency", "stop", seen, remedy)
    elif most < _ENOUGH:
        remedy = f"Ask for a higher quota before the first customer {_QUOTA}."
        yield Looked("Lambda concurrency", "note", f"{seen}. This is low: a release alone uses twelve", remedy)
    else:
        yield Looked("Lambda concurrency", "ok", seen)


def _number(text: str) -> int:
    """A number as a parameter has it; 0 for what CloudFormation will refuse."""
    return int(text) if text.isdecimal() else 0


def logs_role(place: Place) -> Iterator[Looked]:
    """Whether the stack may set API Gateway log role; chooses false where somebody else has set it.

    The role is one setting for all REST APIs of the account and region.
    """
    given, present = place.settings.given.get("SetApiGatewayLogsRole"), place.present.get("SetApiGatewayLogsRole")
    if present is not None and place.value("SetApiGatewayLogsRole") in (present, "false"):
        yield Looked(_LOGS_ROLE, "ok", "stays as it is")
        return
    try:
        role = place.client("apigateway").get_account().get("cloudwatchRoleArn")
    except (ClientError, BotoCoreError) as error:
        if given is not None:
            raise
        why = code_of(error) if isinstance(error, ClientError) else one_line(error)
        remedy = (
            "If another stack or team sets the role, write SetApiGatewayLogsRole=false into the section; otherwise "
            "write =true."
        )
        seen = f"cannot be read (apigateway:GET on /account: {why}), and the role of another stack must not be replaced"
        yield Looked(_LOGS_ROLE, "stop", seen, remedy)
        return
    others = bool(role) and f":role/{place.settings.stack_name}-ApiGatewayLogsRole-" not in role
    if others and _is_gone(place, role):
        others, role = False, None
    if others and given == "true":
        remedy = "Write SetApiGatewayLogsRole=false, or leave it out: the API then uses the existing role."
        yield Looked(_LOGS_ROLE, "stop", f"{role} is set, and this stack did not create it", remedy)
    elif others:
        place.chosen |= {} if given else {"SetApiGatewayLogsRole": "false"}
        yield Looked(_LOGS_ROLE, "ok", f"{role} is used as it is (SetApiGatewayLogsRole=false)")
    elif given == "false" and not role:
        remedy = "Leave SetApiGatewayLogsRole out, or set the role outside of this stack first."
        yield Looked(_LOGS_ROLE, "stop", "none is set, and the API's access log needs one", remedy)
    else:
        yield Looked(_LOGS_ROLE, "ok", "the stack sets it, for all REST APIs of this account and region")


def _is_gone(place: Place, role: str) -> bool:
    """True if the role that is set was deleted, so that it serves no API; False if that cannot be seen."""
    try:
        place.client("iam").get_role(RoleName=role.rpartition("/")[2])
    except ClientError as error:
        return code_of(error) == "NoSuchEntity"
    except BotoCoreError:
        return False
    return False


def sam_bucket(place: Place) -> Iterator[Looked]:
    """Check whether the stack with the bucket exists to which the SAM CLI uploads."""
    there = described_stack(place.client("cloudformation"), _SAM_STACK) is not None
    seen = (
        "exists"
        if there
        else "and a bucket will be created; the SAM CLI uploads to it, for all stacks in this account and region"
    )
    yield Looked("SAM CLI", "ok", f"its stack {_SAM_STACK} {seen}")

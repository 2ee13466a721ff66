"""Stacks as CloudFormation describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError


def described_stack(client: Any, name: str) -> dict[str, Any] | None:
    """The description of a stack, or None if there is none; raises what the client raises otherwise."""
    try:
        found: dict[str, Any] = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ValidationError":
            return None
        raise
    return found


def parameters_of(stack: Mapping[str, Any] | None) -> dict[str, str]:
    """The present parameters of a stack; empty where there is none."""
    found = (stack or {}).get("Parameters", [])
    return {one["ParameterKey"]: one.get("ParameterValue", "") for one in found}


def remedy_for(status: str, name: str) -> str:
    """What to do about a stack that cannot be deployed to in this state."""
    delete = f"aws cloudformation delete-stack --stack-name {name}"
    match status:
        case "ROLLBACK_COMPLETE":
            return f"The first deployment failed; its events say why. Then: {delete}, and deploy again."
        case "ROLLBACK_FAILED" | "DELETE_FAILED" | "CREATE_FAILED":
            return f"Look at its events for what could not be deleted, then: {delete}"
        case "UPDATE_ROLLBACK_FAILED":
            return f"aws cloudformation continue-update-rollback --stack-name {name}"
        case _:
            return "Wait until CloudFormation is done."

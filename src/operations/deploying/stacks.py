"""Stacks as CloudFormation describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError, WaiterError

from operations.deployment import DeploymentError

_UPDATABLE: Final = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
)
DESCRIPTION: Final = "Rollcall: a SCIM 2.0 service provider"
"""How the description of template.yaml begins."""
_WAITERS: Final = {"CREATE": "create", "UPDATE": "update", "DELETE": "delete", "IMPORT": "import"}


def described_stack(client: Any, name: str) -> dict[str, Any] | None:
    """The description of a stack, or None if there is none; raises what the client raises otherwise.

    A stack in REVIEW_IN_PROGRESS is none: a change set was made, and never executed.
    """
    try:
        found: dict[str, Any] = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ValidationError":
            return None
        raise
    return None if found["StackStatus"] == "REVIEW_IN_PROGRESS" else found


def parameters_of(stack: Mapping[str, Any] | None) -> dict[str, str]:
    """The present parameters of a stack; empty where there is none."""
    found = (stack or {}).get("Parameters", [])
    return {one["ParameterKey"]: one.get("ParameterValue", "") for one in found}


def outputs_of(stack: Mapping[str, Any]) -> dict[str, str]:
    """The outputs of a stack."""
    return {one["OutputKey"]: one.get("OutputValue", "") for one in stack.get("Outputs", [])}


def is_updatable(stack: Mapping[str, Any]) -> bool:
    """True if CloudFormation takes an update of the stack in its present state."""
    return stack["StackStatus"] in _UPDATABLE


def is_failed_first(stack: Mapping[str, Any]) -> bool:
    """True if the stack is what a failed first deployment left: it holds no resource and can only be deleted."""
    return bool(stack["StackStatus"] == "ROLLBACK_COMPLETE")


def is_rollcall(stack: Mapping[str, Any]) -> bool:
    """True if the stack is one of Rollcall, also where no deployment of it has succeeded."""
    return "ConnectorSecretPrefix" in outputs_of(stack) or stack.get("Description", "").startswith(DESCRIPTION)


def delete_failed_first(client: Any, name: str) -> None:
    """Delete what a failed first deployment left, and wait for it; raises `DeploymentError` if that fails."""
    try:
        client.delete_stack(StackName=name)
        client.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 5, "MaxAttempts": 120})
    except (ClientError, WaiterError) as error:
        raise DeploymentError(f"The stack {name} of the failed deployment could not be deleted: {error}") from error


def remedy_for(status: str, name: str, region: str) -> str:
    """What to do about a stack that cannot be deployed to in this state."""
    of_stack = f"--stack-name {name} --region {region}"
    match status:
        case "UPDATE_ROLLBACK_FAILED":
            return (
                "Its events show which resource could not be rolled back. Repair it, then run aws cloudformation "
                f"continue-update-rollback {of_stack}"
            )
        case "UPDATE_FAILED":
            return f"aws cloudformation rollback-stack {of_stack}, then deploy again."
        case "ROLLBACK_FAILED" | "DELETE_FAILED" | "CREATE_FAILED" | "IMPORT_ROLLBACK_FAILED":
            return (
                "Its events show what could not be deleted. Remove the cause, then run aws cloudformation "
                f"delete-stack {of_stack}; table, secrets and logs are kept."
            )
        case _:
            kind = _WAITERS.get(status.partition("_")[0], "update")
            return f"Another deployment is running. Wait: aws cloudformation wait stack-{kind}-complete {of_stack}"

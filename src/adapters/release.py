"""A release in deployment: the functions' new versions, and CodeDeploy, which waits for the result of their test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_lambda import LambdaClient


class VersionFailed(Exception):
    """A version could not be invoked, or crashed. The message names the kind of failure and contains no value."""


@dataclass(frozen=True, slots=True)
class NewVersions:
    """The new version of each function, by the function's logical id."""

    client: LambdaClient
    arns: Mapping[str, str]

    def invoke(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Invoke the function's new version and return its result; raises `VersionFailed`."""
        try:
            answer = self.client.invoke(FunctionName=self.arns[function], Payload=json.dumps(event).encode())
        except ClientError as error:
            raise VersionFailed(f"not invoked: {error.response.get('Error', {}).get('Code')}") from error
        except BotoCoreError as error:
            raise VersionFailed(f"not invoked: {type(error).__name__}") from error
        returned = json.loads(answer["Payload"].read())
        if fault := answer.get("FunctionError"):
            # Without errorMessage, which may quote what the function was working on; its own log has it.
            kind = returned.get("errorType") if isinstance(returned, dict) else None
            raise VersionFailed(f"crashed: {kind or fault}")
        if not isinstance(returned, dict):
            raise VersionFailed("returned no object")
        return returned


@dataclass(frozen=True, slots=True)
class PendingDeployment:
    """A deployment of CodeDeploy that waits for a report."""

    client: CodeDeployClient
    deployment_id: str
    execution_id: str

    def report(self, *, succeeded: bool) -> None:
        """Let CodeDeploy shift traffic to the new version, or make the deployment fail."""
        self.client.put_lifecycle_event_hook_execution_status(
            deploymentId=self.deployment_id,
            lifecycleEventHookExecutionId=self.execution_id,
            status="Succeeded" if succeeded else "Failed",
        )

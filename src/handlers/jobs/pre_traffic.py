"""CodeDeploy's hook before any traffic goes to a new version: the release must hold a SCIM conversation first.

CodeDeploy runs one deployment for each function of the API and asks this one hook about each. It does not say which
version a deployment is about, so the template tells the versions of the whole release (NEW_VERSIONS), and each time
all of them are tried together. The conversation belongs to an account of its own, which no identity provider has.
"""

from __future__ import annotations

import logging
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from adapters.aws import client
from adapters.environment import Environment
from adapters.logs import telemetry
from adapters.release import NewVersions, PendingDeployment, VersionFailed
from adapters.secrets.connector_secrets import ConnectorSecrets, ConnectorUnavailable
from domain.accounts.account import RELEASE_CHECK_ACCOUNT, rfc3339
from handlers.endpoint import LambdaContext
from handlers.http import Event
from handlers.jobs.release_exchange import Conversation, Invoke, NotAsExpected

_LEFT_OVER_AFTER: Final = timedelta(hours=1)
_MILLISECONDS_OF_A_STEP: Final = 35_000
"""The longest time-out of a function, and what starting it may take."""


def handler(event: dict[str, str], context: LambdaContext) -> None:
    """Try the release, write one log line about it, and tell CodeDeploy, which otherwise waits for an hour."""
    deployment = PendingDeployment(client("codedeploy"), event["DeploymentId"], event["LifecycleEventHookExecutionId"])
    failure = try_release(context)
    line = {"deployment_id": deployment.deployment_id, "succeeded": failure is None}
    if failure is None:
        telemetry.write("release", line)
    else:
        telemetry.write("release", line | failure, logging.ERROR)
    deployment.report(succeeded=failure is None)


def try_release(context: LambdaContext) -> dict[str, str] | None:
    """Hold the conversation with the new versions; what failed (step, cause, remedy), or None."""
    try:
        connector = ConnectorSecrets(client("secretsmanager"), Environment.from_env().connector_secret_prefix).read(
            RELEASE_CHECK_ACCOUNT
        )
        if connector is None:
            return {"step": "Connector Key", "cause": "no secret", "remedy": _MAKE_THE_ACCOUNT}
        invoke = _in_time(NewVersions.from_env(client("lambda")).invoke, context)
        conversation = Conversation(invoke, connector.current.key.text)
        conversation.hold(f"release-check-{secrets.token_hex(8)}@example.com")
        conversation.remove_left_over(before=rfc3339(datetime.now(UTC) - _LEFT_OVER_AFTER))
    except NotAsExpected as error:
        return {"step": error.step, "cause": error.seen, "remedy": _LOOK_AT_THE_LOG}
    except ConnectorUnavailable as error:
        return {"step": "Connector Key", "cause": error.reason, "remedy": error.remedy}
    except Exception as error:  # whatever it is, CodeDeploy must be told
        return {"step": "the hook itself", "cause": telemetry.place_of(error), "remedy": _LOOK_AT_THE_LOG}
    return None


def _in_time(invoke: Invoke, context: LambdaContext) -> Invoke:
    """Calls functions while enough time is left to hear them out and to tell CodeDeploy."""

    def call(function: str, event: Event) -> dict[str, Any]:
        if context.get_remaining_time_in_millis() < _MILLISECONDS_OF_A_STEP:
            raise NotAsExpected(function, "no time left: the steps before it took too long")
        try:
            return invoke(function, event)
        except VersionFailed as error:
            raise NotAsExpected(function, str(error)) from error

    return call


_MAKE_THE_ACCOUNT: Final = f"Make the account anew, then deploy again: rollcall account enable {RELEASE_CHECK_ACCOUNT}"
_LOOK_AT_THE_LOG: Final = (
    "Look at the log of the function that the step names, for the new version. Nothing was shifted: the old versions "
    "go on serving. Correct the release and deploy again."
)

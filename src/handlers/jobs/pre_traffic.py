"""CodeDeploy's hook before any traffic goes to a new version: the release must pass the smoke test first.

CodeDeploy runs one deployment for each function of the API and calls this one hook for each. It does not say which
version a deployment is about, so the template passes the versions of the whole release (NEW_VERSIONS), and each call
tries all of them. The smoke test has its own account, which no identity provider uses.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final
from urllib.parse import quote

from adapters.aws import Clients
from adapters.environment import Variables
from adapters.logs import telemetry
from adapters.logs.log import Log
from adapters.release import NewVersions, PendingDeployment, VersionFailed
from adapters.secrets.connector_secrets import ConnectorSecrets, ConnectorUnavailable
from domain.accounts.account import RELEASE_CHECK_ACCOUNT, rfc3339
from domain.documents import Json
from handlers import routes
from handlers.endpoint import LambdaContext
from handlers.environment.release import ReleaseEnvironment
from handlers.http import proxy_event
from handlers.jobs.checks import CheckFailed
from handlers.jobs.group_smoke_test import GroupSmokeTest, check_no_groups, has_groups
from handlers.jobs.smoke_test import SmokeTest, check_discovery, check_unknown_path
from handlers.start import made_at_start

_LEFT_OVER_AFTER: Final = timedelta(hours=1)
_MILLISECONDS_OF_A_STEP: Final = 35_000
"""The longest time-out of a function, and what starting it may take."""


@dataclass(frozen=True, slots=True)
class PreTraffic:
    """Tries the new versions of a release and answers CodeDeploy.

    `environment` is read within the try: whatever is wrong, CodeDeploy needs an answer.
    """

    clients: Clients
    environment: Callable[[], ReleaseEnvironment]
    log: Log

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> PreTraffic:
        """Raise nothing for a variable that is missing or malformed: it makes the release fail."""
        return cls(Clients(), partial(ReleaseEnvironment.from_env, env), Log.to_output())

    def __call__(self, event: dict[str, str], context: LambdaContext) -> None:
        """Try the release, write one log line about it, and answer CodeDeploy, which otherwise waits for an hour."""
        deployment = PendingDeployment(
            self.clients.codedeploy, event["DeploymentId"], event["LifecycleEventHookExecutionId"]
        )
        failure = self.try_release(context)
        line = {"deployment_id": deployment.deployment_id, "succeeded": failure is None}
        if failure is None:
            self.log.write("release", line)
        else:
            self.log.write("release", line | failure, logging.ERROR)
        deployment.report(succeeded=failure is None)

    def try_release(self, context: LambdaContext) -> dict[str, str] | None:
        """Run the smoke test with the new versions. Returns None, or what failed: step, cause and remedy."""
        try:
            environment = self.environment()
            accounts = ConnectorSecrets(self.clients.secretsmanager, environment.connector_secret_prefix)
            connector = accounts.read(RELEASE_CHECK_ACCOUNT)
            if connector is None:
                return {"step": "Connector Key", "cause": "no secret", "remedy": _MAKE_THE_ACCOUNT}
            versions = NewVersions(self.clients.functions, environment.new_versions)
            return _run_smoke_test(LambdaTransport(versions, connector.current.key.text, context))
        except ConnectorUnavailable as error:
            return {"step": "Connector Key", "cause": error.reason, "remedy": error.remedy}
        except Exception as error:  # CodeDeploy needs an answer whatever happens
            return {"step": "the hook itself", "cause": telemetry.place_of(error), "remedy": _LOOK_AT_THE_LOG}


@dataclass
class LambdaTransport:
    """Invokes the new version of the function behind each route, as the gateway would."""

    versions: NewVersions
    key: str
    context: LambdaContext
    step: str = ""
    """The last request: function, method, first segment of the path."""

    def expect(self, status: int, method: str, path: str, body: Json | None = None) -> Json:
        """Send a request and return the JSON of its answer; raises `CheckFailed` (see `smoke_test.Transport`)."""
        path, _, query = path.partition("?")
        answer = self._invoke(method, path, query, body)
        try:
            content: Json = json.loads(answer.get("body") or "{}")
        except ValueError:
            raise CheckFailed("the body is not JSON", _LOOK_AT_THE_LOG) from None
        found = answer.get("statusCode")
        if found != status:
            detail = f": {content['detail']}" if "detail" in content else ""
            raise CheckFailed(f"{found} instead of {status}{detail}", _LOOK_AT_THE_LOG, found)
        return content

    def _invoke(self, method: str, path: str, query: str, body: Json | None) -> Json:
        found = routes.match(method, path)
        function = "Unrouted" if found is None else found.route.function
        self.step = f"{function} {method} {path.split('/')[1]}"
        if self.context.get_remaining_time_in_millis() < _MILLISECONDS_OF_A_STEP:
            raise CheckFailed("no time was left: the earlier steps took too long", _LOOK_AT_THE_LOG)
        full_path = routes.BASE_PATH + path
        event = proxy_event(
            method,
            full_path,
            query,
            [("Authorization", f"Bearer {self.key}"), ("Content-Type", "application/scim+json")],
            b"" if body is None else json.dumps(body).encode(),
            resource=full_path if found is None else routes.BASE_PATH + found.route.path,
            path_parameters={"id": quote(found.id)} if found and found.id else None,
            domain="release-check.invalid",
            scheme="https",
            source_ip="",
            request_id="release-check",
        )
        try:
            return self.versions.invoke(function, event)
        except VersionFailed as error:
            raise CheckFailed(str(error), _LOOK_AT_THE_LOG) from error


def _run_smoke_test(transport: LambdaTransport) -> dict[str, str] | None:
    """Use every function, then delete what smoke tests that were cut off have left. Returns what failed, or None."""
    name = f"release-check-{secrets.token_hex(8)}"
    test = SmokeTest(transport, f"{name}@example.com", every_function=True)
    try:
        check_discovery(transport)
        check_unknown_path(transport)
        # The settings of an account that was made before there were groups have none.
        if has_groups(transport):
            test.group = GroupSmokeTest(transport, name, every_function=True)
        else:
            check_no_groups(transport, every_function=True)
        for _, step in test.steps():
            step()
        before = rfc3339(datetime.now(UTC) - _LEFT_OVER_AFTER)
        for endpoint in ["/Groups", "/Users"] if test.group else ["/Users"]:
            _remove_left_over(transport, endpoint, before)
    except CheckFailed as failure:
        return {"step": transport.step, "cause": failure.seen, "remedy": _LOOK_AT_THE_LOG}
    finally:
        for left in (test.group, test):
            if left is not None and left.may_exist:
                with suppress(Exception):  # a later release deletes it; the failure before is the one to report
                    left.remove()
    return None


def _remove_left_over(transport: LambdaTransport, endpoint: str, before: str) -> None:
    """Delete the test users or test groups created before that time."""
    created_before = quote(f'meta.created lt "{before}"', safe="")
    found = transport.expect(200, "GET", f"{endpoint}?filter={created_before}")
    for each in found.get("Resources", ()):
        transport.expect(204, "DELETE", f"{endpoint}/{each['id']}")


_MAKE_THE_ACCOUNT: Final = (
    f"Create the account again, then deploy again: rollcall account enable {RELEASE_CHECK_ACCOUNT}"
)
_LOOK_AT_THE_LOG: Final = (
    "Look at the log of the new version of the function that the step names. No traffic was moved: the old versions "
    "still serve all requests. Correct the release and deploy again."
)


handler: Final = made_at_start(PreTraffic.from_env)

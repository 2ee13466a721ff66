"""A release that is being deployed: our handlers, behind a stand-in for Lambda and CodeDeploy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from adapters.clock import MonotonicDeadline
from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from handlers.environment.release import ReleaseEnvironment
from handlers.jobs.pre_traffic import PreTraffic
from support import in_process
from support.in_process import InProcess
from support.lambda_context import LambdaContext
from support.memory import InMemoryUsers

FUNCTIONS = {
    "CreateUser": "create_user",
    "GetUser": "get_user",
    "ListUsers": "list_users",
    "SearchUsers": "search_users",
    "ReplaceUser": "replace_user",
    "PatchUser": "patch_user",
    "DeleteUser": "delete_user",
    "Bulk": "bulk",
    "Discovery": "discovery",
    "ReadGroups": "read_groups",
    "ChangeGroups": "change_groups",
    "Unrouted": "unrouted",
}
ENVIRONMENT = {
    "CONNECTOR_SECRET_PREFIX": in_process.ENVIRONMENT["CONNECTOR_SECRET_PREFIX"],
    "NEW_VERSIONS": json.dumps({name: f"{name}:2" for name in FUNCTIONS}),
}
EVENT = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "execution-1"}
Returns = Callable[[dict[str, Any]], Any]


@dataclass
class Release:
    """The hook as Lambda and CodeDeploy see it. A fault returns in the place of a function's new version."""

    service: InProcess
    invoked: list[str] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    faults: dict[str, Returns] = field(default_factory=dict)

    def invoke(self, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        """`before-call` of Lambda's Invoke: the handler is called here."""
        function, version = unquote(params["url_path"]).split("/functions/")[1].split("/")[0].rsplit(":", 1)
        assert version == "2", "not the new version"
        self.invoked.append(function)
        event = json.loads(params["body"])
        serve = self.service.handler(FUNCTIONS[function])
        returned = self.faults.get(function, lambda event: serve(event, LambdaContext()))(event)  # type: ignore[no-untyped-call]  # mypy infers no type for the lambda
        answer = {"StatusCode": 200, "Payload": BytesIO(json.dumps(returned).encode())}
        if isinstance(returned, dict) and "errorType" in returned:
            answer["FunctionError"] = "Unhandled"
        return SimpleNamespace(status_code=200), answer

    def report(self, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        """`before-call` of CodeDeploy's PutLifecycleEventHookExecutionStatus."""
        body = json.loads(params["body"])
        assert (body["deploymentId"], body["lifecycleEventHookExecutionId"]) == ("d-1", "execution-1")
        self.reported.append(body["status"])
        return SimpleNamespace(status_code=200), {}

    @property
    def store(self) -> InMemoryUsers:
        """The users of the account that releases are tried in."""
        return self.service.table.account(RELEASE_CHECK_ACCOUNT, MonotonicDeadline.after(10)).users


@contextmanager
def release_of(service: InProcess) -> Iterator[Release]:
    """A release whose new versions are the handlers of that service; the account in which it is tried is empty."""
    service.table.accounts.pop(RELEASE_CHECK_ACCOUNT, None)
    service.table.groups.pop(RELEASE_CHECK_ACCOUNT, None)
    service.accounts.enable(RELEASE_CHECK_ACCOUNT)
    found = Release(service)
    report = "before-call.codedeploy.PutLifecycleEventHookExecutionStatus"
    calls = [
        (service.clients.functions.meta.events, "before-call.lambda.Invoke", found.invoke),
        (service.clients.codedeploy.meta.events, report, found.report),
    ]
    for events, name, stand_in in calls:
        events.register(name, stand_in)  # type: ignore[arg-type]  # the stubs require a hook to return None
    yield found
    for events, name, stand_in in calls:
        events.unregister(name, stand_in)  # type: ignore[arg-type]  # the stubs require a hook to return None


def deploy(release: Release, milliseconds: int = 180_000, environment: Mapping[str, str] = ENVIRONMENT) -> None:
    """CodeDeploy's question to the hook, which has so much time."""
    check = PreTraffic(
        release.service.clients, lambda: ReleaseEnvironment.from_env(environment), release.service.bound.log
    )
    check(EVENT, LambdaContext(milliseconds=milliseconds))

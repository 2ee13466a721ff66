"""The steps that use the stack as its operator, the identity providers and their customers do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any, Final

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from adapters.secrets.conditional_change import AdministrationError
from cli.checks import Endpoint
from domain.accounts.connector_key import ConnectorKey
from domain.accounts.rate import Rate
from domain.limits import MAX_REQUESTS_PER_SECOND
from handlers.jobs.checks import CheckFailed
from handlers.jobs.group_smoke_test import GroupSmokeTest
from handlers.jobs.smoke_test import SmokeTest
from operations.simulation.recorded import RecordedRequest
from support.scim_http import ScimClient
from support.wire_checks import CHECKS, check_by_status
from support.wire_requests import REQUESTS, play
from verify_aws.identity import Run
from verify_aws.plan import Command, Figures, Stage, Step
from verify_aws.shell import StepFailed, succeeded

ACCOUNT_CALLS: Final = (
    "secretsmanager:CreateSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)
"""What making and changing an account calls."""
_SHOWN: Final = 20


def rollcall(run: Run, *arguments: str) -> Command:
    """The operator's command, about the run's stack."""
    return (".venv/bin/rollcall", "--stack", run.name, "--json", *arguments)


def steps(run: Run) -> list[Step]:
    """The steps, each of which can do without the others."""
    return [
        Step(
            "doctor",
            "Switch SCIM on and run the doctor",
            0.3,
            _doctor,
            commands=(rollcall(run, "account", "enable", "default"), rollcall(run, "doctor", "default")),
        ),
        Step(
            "wire",
            "Send the recorded requests of JumpCloud, Entra ID and Okta",
            3,
            _wire,
            calls=ACCOUNT_CALLS,
            requests="src/operations/simulation/recorded.jsonl, each to a separate account",
        ),
        Step(
            "groups",
            "Switch groups on; create, change and delete a group",
            0.2,
            _groups,
            calls=ACCOUNT_CALLS,
            requests="create, change and delete a test user and a test group, with every function of the API",
        ),
        Step(
            "rotation",
            "Rotate a key: both keys work, a wrong key does not",
            0.2,
            _rotation,
            commands=(
                rollcall(run, "account", "enable", "rotated"),
                rollcall(run, "account", "rotate-key", "rotated", "--yes"),
            ),
            calls=("secretsmanager:GetSecretValue",),
            requests="GET /Users with the previous key, the new key and a wrong key",
        ),
    ]


@contextmanager
def failures_as_steps() -> Iterator[None]:
    """Let a failure of the network, of AWS or of a check end the step and not the run."""
    try:
        yield
    except (AdministrationError, BotoCoreError, CheckFailed, ClientError, HTTPException, OSError) as error:
        raise StepFailed(str(error) or type(error).__name__) from error
    except AssertionError as error:
        raise StepFailed(f"another answer was expected: {error}") from error


def _doctor(stage: Stage, step: Step) -> Figures:
    enable, doctor = step.commands
    succeeded(stage.shell, *enable)
    done = stage.shell.run(*doctor)
    try:
        checks: list[dict[str, Any]] = json.loads(done.stdout)["checks"]
    except (ValueError, LookupError, TypeError) as error:
        raise StepFailed(f"the doctor did not answer: {done.stderr.strip()[-500:]}") from error
    failed = [f"{check['name']}: {check['seen']}" for check in checks if not check["ok"]]
    figures: Figures = {"checks": len(checks), "failed": failed}
    if failed or done.returncode:
        raise StepFailed("; ".join(failed) or f"the doctor ended with {done.returncode}", figures)
    return figures


def _wire(stage: Stage, step: Step) -> Figures:
    failed: list[str] = []
    requests = REQUESTS[: stage.sizes.wire_requests]
    for number, request in enumerate(requests):
        if (why := _answered(stage, f"wire-{number}", request)) is not None:
            failed.append(f"{request}: {why}")
    figures: Figures = {"requests": len(requests), "failed": failed}
    if failed:
        raise StepFailed(f"{len(failed)} of {len(requests)} failed: {'; '.join(failed[:_SHOWN])}", figures)
    return figures


def _answered(stage: Stage, account: str, request: RecordedRequest) -> str | None:
    """None if the answer is what the sender needs, else what is wrong with it."""
    try:
        with failures_as_steps():
            played = play(request, _client_of_new_account(stage, account))
            if played.answer.status != request.expect_status:
                return f"{played.answer.status} instead of {request.expect_status}"
            checks: list[Callable[[Any], None]] = [check_by_status, *CHECKS.get(str(request), ())]
            for check in checks:
                check(played)
    except StepFailed as failure:
        return str(failure)
    return None


def _client_of_new_account(stage: Stage, account: str) -> ScimClient:
    key = stage.deployment.accounts.enable(account).connector.current.key
    stage.deployment.accounts.configure(account, rate=Rate(MAX_REQUESTS_PER_SECOND))
    return ScimClient(stage.base_url, key.text)


def _groups(stage: Stage, step: Step) -> Figures:
    done: list[str] = []
    with failures_as_steps(), httpx.Client(timeout=30) as client:
        key = _client_of_new_account(stage, "with-groups").key
        stage.deployment.accounts.configure("with-groups", groups=True)
        endpoint = Endpoint(client, stage.base_url, key)
        group = GroupSmokeTest(endpoint, "verify-aws", every_function=True)
        test = SmokeTest(endpoint, "verify-aws@example.com", every_function=True, group=group)
        for name, work in test.steps():
            try:
                work()
            except CheckFailed as failure:
                raise StepFailed(f"{name}: {failure.seen}", {"checks": done}) from failure
            done.append(name)
    return {"checks": len(done)}


def _rotation(stage: Stage, step: Step) -> Figures:
    enable, rotate = step.commands
    with failures_as_steps():
        succeeded(stage.shell, *enable)
        accounts = stage.deployment.accounts
        first = accounts.show("rotated").current.key
        succeeded(stage.shell, *rotate)
        second = accounts.show("rotated").current.key
        if first == second:
            raise StepFailed("the rotation did not change the key")
        third = ConnectorKey.generate("rotated", lambda count: b"\1" * count)
        expected = {"previous": (first, 200), "new": (second, 200), "other": (third, 401)}
        found = {name: ScimClient(stage.base_url, key.text).get("/Users").status for name, (key, _) in expected.items()}
    if wrong := [f"{name} key: {found[name]}" for name, (_, status) in expected.items() if found[name] != status]:
        raise StepFailed("; ".join(wrong), found)
    return found

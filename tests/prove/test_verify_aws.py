"""`make verify-aws` against the emulator: its own steps, but for the build and `sam deploy`, which need AWS."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from support.child_processes import CompletedProcess, run
from support.emulated_stack import Deployer, DeploymentFailed
from support.forwarder import Forwarder, forwarder
from support.repository import ROOT
from support.small_verification import on
from verify_aws.account import account_of
from verify_aws.identity import Run
from verify_aws.plan import Figures, Sizes, Stage, Step
from verify_aws.program import Options, Program, steps_of
from verify_aws.remains import kinds

pytestmark = [pytest.mark.prove, pytest.mark.timeout(300)]

SIZES = Sizes(users=20, rate=5, seconds=3, cold_starts=1, wire_requests=12)


@dataclass
class EmulatedShell:
    """Deploys to the emulator in place of the SAM CLI; runs the operator's command as it is."""

    deployer: Deployer
    forwarder: Forwarder

    def run(self, *command: str) -> CompletedProcess[str]:
        if command[0].endswith("sam"):
            return self._deploy(list(command))
        environment = dict(self.deployer.emulator.environment)
        more: list[str] = []
        if "doctor" in command:
            # It asks over HTTPS, which the emulator does not have.
            stack = command[command.index("--stack") + 1]
            more = ["--base-url", f"{self.forwarder.url}/live/scim/v2"]
            environment["CONNECTOR_KEY"] = self._key(stack)
        return run([*command, *more], cwd=ROOT, env=environment)

    def _deploy(self, command: list[str]) -> CompletedProcess[str]:
        tags = command.index("--tags")
        given = dict(one.split("=", 1) for one in command[command.index("--parameter-overrides") + 1 : tags])
        marked = replace(self.deployer, tags=dict(one.split("=", 1) for one in command[tags + 1 :]))
        name = command[command.index("--stack-name") + 1]
        try:
            marked.create(name, **given | {"Architecture": "x86_64"})
        except DeploymentFailed as failure:
            return CompletedProcess(command, 1, "", str(failure))
        outputs = self.deployer.emulator.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0][
            "Outputs"
        ]
        [base_url] = [one["OutputValue"] for one in outputs if one["OutputKey"] == "ScimConnectorBaseUrl"]
        self.forwarder.address(base_url)
        return CompletedProcess(command, 0, "", "")

    def _key(self, stack: str) -> str:
        secrets = self.deployer.emulator.client("secretsmanager")
        secret = json.loads(secrets.get_secret_value(SecretId=f"{stack}/connectors/default")["SecretString"])
        key: str = secret["current"]["key"]
        return key


def nothing(stage: Stage, step: Step) -> Figures:
    """The deployer has built the artifact."""
    return {}


def without_build(run_: Run, sets_logs_role: bool) -> list[Step]:
    """The real steps."""
    return [replace(step, work=nothing) if step.name == "build" else step for step in steps_of(run_, sets_logs_role)]


@pytest.fixture
def served(deployer: Deployer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forwarder]:
    """The API's address; AWS is the emulator for this process."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in deployer.emulator.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    with forwarder(deployer.emulator) as running:
        yield running


def program(deployer: Deployer, served: Forwarder, folder: Path) -> Program:
    """The program in front of the emulator."""
    return Program(
        Options(yes=True, evidence=folder / "evidence"),
        boto3.Session,
        look=lambda session, environment: account_of(session, {}),
        shell=lambda session: EmulatedShell(deployer, served),
        address=served.address,
        steps=without_build,
        sizes=SIZES,
        folder=folder / "records",
        emulator=True,
        pause=lambda seconds: None,
    )


def results(folder: Path) -> dict[str, Any]:
    """The results that were written."""
    [file] = (folder / "evidence").glob("*.json")
    written: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return written


def left(deployer: Deployer) -> list[str]:
    """What is left of runs in the emulator."""
    client = deployer.emulator.client
    names = [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]]
    names += client("dynamodb").list_tables()["TableNames"]
    names += [secret["Name"] for secret in client("secretsmanager").list_secrets()["SecretList"]]
    names += [group["logGroupName"] for group in client("logs").describe_log_groups()["logGroups"]]
    names += [role["RoleName"] for role in client("iam").list_roles()["Roles"]]
    return [name for name in names if "rollcall-verify-" in name]


def test_every_step_passes_and_nothing_is_left(
    deployer: Deployer, served: Forwarder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: set[str] = set()
    on(monkeypatch, None, calls.add)

    code = program(deployer, served, tmp_path).run()

    evidence = results(tmp_path)
    assert code == 0, json.dumps(evidence, indent=1)
    assert {step["verdict"] for step in evidence["steps"]} == {"passed"}
    figures = {step["name"]: step.get("figures", {}) for step in evidence["steps"]}
    assert figures["wire"] == {"requests": 12, "failed": []}
    assert figures["rotation"] == {"previous": 200, "new": 200, "other": 401}
    assert figures["import"]["users"] == 20
    assert (figures["load"]["requests"], figures["load"]["errors"]) == (15, 0)
    assert all(one["cold_ms"] > 0 for one in figures["cold-starts"].values())
    assert evidence["emulator"] is True
    assert left(deployer) == []
    assert calls - declared() == set()


def declared() -> set[str]:
    """The calls that the dry run prints, those before a run, and those of the emulated deployment."""
    of_steps = {call for step in steps_of(Run.new(), True) for call in step.calls}
    of_clean_up = {call for kind in kinds(Run.new(), boto3.Session(region_name="us-east-1")) for call in kind.calls}
    before = {"sts:GetCallerIdentity", "apigateway:GetAccount", "lambda:GetAccountSettings", "s3:ListBuckets"}
    of_deployer = {"s3:PutObject", "cloudformation:CreateStack", "cloudformation:DescribeStackEvents"}
    return of_steps | of_clean_up | before | of_deployer


def test_a_deployment_that_fails_leaves_nothing_and_is_written_down(
    deployer: Deployer, served: Forwarder, tmp_path: Path
) -> None:
    def without_a_key(documents: dict[str, Any]) -> None:
        documents[""]["Resources"]["FirstConnectorKey"]["Properties"]["Account"] = "Not a name"

    code = program(deployer.changed(without_a_key), served, tmp_path).run()

    evidence = results(tmp_path)
    assert code == 1
    [deploy] = [step for step in evidence["steps"] if step["name"] == "deploy"]
    assert deploy["verdict"] == "failed"
    assert deploy["why"].startswith("FirstConnectorKey: ")
    assert evidence["steps"][-1]["verdict"] == "not run"
    assert left(deployer) == []

"""The steps until the stack serves: a bucket for the artifact, the build, the deployment."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from verify_aws.identity import Run
from verify_aws.plan import ARCHITECTURE, Figures, Stage, Step
from verify_aws.remains import CONFIG, failures
from verify_aws.shell import StepFailed, succeeded

BUILT: Final = (Path(".aws-sam") / "build", Path("build") / "artifact")
"""What `make build` makes. The templates name the artifact by its path from theirs, so both are copied alike."""
KEPT: Final = Path(".rollcall") / "verify"
"""Of this machine: records of runs, and their builds."""


def steps(run: Run, sets_logs_role: bool) -> list[Step]:
    """The steps, in order; nothing can follow when one of them fails."""
    return [
        Step(
            "bucket",
            "Create a bucket with the run's tags",
            0.1,
            _bucket,
            calls=("s3:CreateBucket", "s3:PutBucketTagging"),
            needed=True,
        ),
        Step("build", "Build the functions", 0.5, _build, commands=(("make", "build", "ENV=dev"),), needed=True),
        Step(
            "deploy",
            "Deploy the stack",
            6,
            _deploy,
            commands=(deploy_command(run, sets_logs_role),),
            calls=("cloudformation:DescribeStacks", "cloudformation:DescribeStackEvents"),
            needed=True,
        ),
    ]


def deploy_command(run: Run, sets_logs_role: bool) -> tuple[str, ...]:
    """`sam deploy` of the run's build, with its own bucket; as `make deploy` does it, and without a question."""
    parameters = {
        "Environment": "dev",
        "Architecture": ARCHITECTURE,
        "LogRetentionDays": "14",
        "SetApiGatewayLogsRole": str(sets_logs_role).lower(),
    }
    return (
        *(".venv-sam/bin/sam", "deploy", "--template-file", f"{built(run) / BUILT[0]}/template.yaml"),
        *("--stack-name", run.name, "--s3-bucket", run.name),
        *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
        *("--no-confirm-changeset", "--no-progressbar"),
        *("--parameter-overrides", *_assigned(parameters), "--tags", *_assigned(run.tags)),
    )


def built(run: Run) -> Path:
    """The folder of the run's build, from the repository's root."""
    return KEPT / f"{run.name}-build"


def _assigned(values: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in values.items()]


def _bucket(stage: Stage, step: Step) -> Figures:
    client = stage.session.client("s3", config=CONFIG)
    region = stage.session.region_name
    elsewhere: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    tags = [{"Key": key, "Value": value} for key, value in stage.run.tags.items()]
    try:
        client.create_bucket(Bucket=stage.run.name, **elsewhere)
        client.put_bucket_tagging(Bucket=stage.run.name, Tagging={"TagSet": tags})
    except (ClientError, BotoCoreError) as error:
        raise StepFailed(str(error)) from error
    return {}


def _build(stage: Stage, step: Step) -> Figures:
    """Build, and put it where no other build of this folder changes it."""
    building: AbstractContextManager[Any] = stage.building() if stage.building is not None else nullcontext()
    with building:
        succeeded(stage.shell, *step.commands[0])
        for folder in BUILT:
            shutil.copytree(stage.root / folder, stage.root / built(stage.run) / folder)
    return {}


def _deploy(stage: Stage, step: Step) -> Figures:
    try:
        succeeded(stage.shell, *step.commands[0])
    except StepFailed as failure:
        raise StepFailed(f"{_failures(stage) or 'no stack'} ({failure})") from failure
    if not stage.deployment.base_url.startswith("https://"):
        raise StepFailed("the stack's base URL is not https")
    return {}


def _failures(stage: Stage) -> str:
    """Why CloudFormation could not make the stack; nothing if there is none."""
    try:
        return failures(stage.session.client("cloudformation", config=CONFIG), stage.run.name)
    except (ClientError, BotoCoreError):
        return ""

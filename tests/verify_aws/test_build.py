"""The build of a run is its own: another build does not change what is deployed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import boto3

from support.child_processes import CompletedProcess
from verify_aws import deploying
from verify_aws.identity import Run
from verify_aws.plan import Stage


@dataclass
class Building:
    """Stands for `make build`: templates that name the artifact by its path, and the artifact."""

    root: Path
    content: str

    def run(self, *command: str) -> CompletedProcess[str]:
        """Write them."""
        nested = self.root / ".aws-sam" / "build" / "Observability"
        nested.mkdir(parents=True, exist_ok=True)
        (nested.parent / "template.yaml").write_text("CodeUri: ../../build/artifact\n", encoding="utf-8")
        (nested / "template.yaml").write_text("CodeUri: ../../../build/artifact\n", encoding="utf-8")
        artifact = self.root / "build" / "artifact"
        artifact.mkdir(parents=True, exist_ok=True)
        (artifact / "code.py").write_text(self.content, encoding="utf-8")
        return CompletedProcess(command, 0, "", "")


def test_the_templates_that_are_deployed_find_the_runs_own_artifact(aws: boto3.Session, tmp_path: Path) -> None:
    run = Run.new()
    stage = Stage(run, aws, Building(tmp_path, "of this run"), root=tmp_path)
    [build] = [step for step in deploying.steps(run, True) if step.name == "build"]

    build.work(stage, build)
    Building(tmp_path, "of another run").run()

    command = deploying.deploy_command(run, True)
    template = tmp_path / command[command.index("--template-file") + 1]
    for file in (template, template.parent / "Observability" / "template.yaml"):
        [place] = re.findall("CodeUri: (.*)", file.read_text(encoding="utf-8"))
        assert (file.parent / place / "code.py").read_text(encoding="utf-8") == "of this run"

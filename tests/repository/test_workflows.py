"""GitHub workflows: pinned actions, least permissions, no keys to AWS; what a tag publishes."""

from __future__ import annotations

import re
import runpy
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.child_processes import run
from support.repository import ROOT

PATHS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOWS: dict[str, dict[Any, Any]] = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in PATHS}
ON = True  # how YAML 1.1 reads the member `on`
DEPLOYING = ("dev", "prod")

each = pytest.mark.parametrize("name", WORKFLOWS)


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for workflow in WORKFLOWS.values():
        yield from workflow["jobs"].items()


def steps() -> list[dict[str, Any]]:
    return [step for _, job in jobs() for step in job.get("steps", ())]


def test_every_action_is_pinned_to_a_commit_with_its_version() -> None:
    used = re.findall(r"uses: ([^\s]+)(?: # (v[\d.]+))?$", "".join(path.read_text() for path in PATHS), re.MULTILINE)

    foreign = [(action, version) for action, version in used if not action.startswith("./")]
    assert foreign
    for action, version in foreign:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)
        assert version
    assert len({action for action, _ in foreign}) == len({action.partition("@")[0] for action, _ in foreign})


@each
def test_a_workflow_reads_the_repository_a_deployment_assumes_a_role_and_a_release_is_written(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
    deploying = {"contents": "read", "id-token": "write"}
    more = {"dev": deploying, "prod": deploying, "publish": {"contents": "write"}}
    for job_name, job in WORKFLOWS[name]["jobs"].items():
        assert job.get("permissions") == more.get(job_name)


def test_no_workflow_uses_a_secret_or_a_key() -> None:
    text = "".join(path.read_text() for path in PATHS)

    assert not re.search(r"secrets\.|aws-access-key|AWS_SECRET", text)
    assert not [
        step for step in steps() if "checkout@" in str(step.get("uses")) and step["with"]["persist-credentials"]
    ]


def test_code_from_a_fork_is_tested_and_never_deployed() -> None:
    assert set(WORKFLOWS["test"][ON]) == {"push", "pull_request", "workflow_call"}
    assert WORKFLOWS["release"][ON] == {"push": {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}}
    assert set(WORKFLOWS["deploy"][ON]) == {"push", "workflow_dispatch"}
    assert WORKFLOWS["deploy"][ON]["push"] == {"branches": ["main"]}


def test_prod_follows_dev_and_the_tests_and_needs_an_approval() -> None:
    found = WORKFLOWS["deploy"]["jobs"]

    assert found["test"]["uses"] == "./.github/workflows/test.yml"
    assert (found["build"]["needs"], found["dev"]["needs"], found["prod"]["needs"]) == (
        "test",
        "build",
        ["build", "dev"],
    )
    assert (found["dev"]["environment"], found["prod"]["environment"]) == DEPLOYING


def commands(job: str, workflow: str = "deploy") -> list[str]:
    """The command of each step of a job, or its action."""
    return [step.get("run") or step["uses"].partition("@")[0] for step in WORKFLOWS[workflow]["jobs"][job]["steps"]]


def names_of_artifacts(job: str, action: str) -> list[str]:
    """The names of the artifacts that a job uploads or downloads."""
    found = [step for step in WORKFLOWS["deploy"]["jobs"][job]["steps"] if action in step.get("uses", "")]
    return [step["with"]["name"] for step in found]


def test_the_build_job_has_no_credentials_and_cannot_get_any() -> None:
    building = {name for name, job in jobs() for step in job.get("steps", ()) if "make build" in step.get("run", "")}

    assert building == {"build"}
    assert "permissions" not in WORKFLOWS["deploy"]["jobs"]["build"]  # so it has those of the workflow, which only read
    assert "environment" not in WORKFLOWS["deploy"]["jobs"]["build"]
    assert "aws-actions/configure-aws-credentials" not in commands("build")


@pytest.mark.parametrize("environment", DEPLOYING)
def test_a_deployment_uses_what_was_built_once(environment: str) -> None:
    given = names_of_artifacts("build", "upload-artifact")
    steps_of_it = commands(environment)

    assert "built" in given
    assert names_of_artifacts(environment, "download-artifact") == ["built"]
    assert commands("build").index("make build ENV=prod") < commands("build").index(
        "tar -czf built.tgz .aws-sam/build build/artifact"
    )
    credentials = steps_of_it.index("aws-actions/configure-aws-credentials")
    assert {"tar -xzf built.tgz", "make install-sam"} < set(steps_of_it[:credentials])
    assert [step.split() for step in steps_of_it[credentials + 1 :]] == [
        ["make", "deploy-built", f"ENV={environment}", "YES=1"]
    ]


def test_each_build_keeps_its_list_of_packages() -> None:
    steps_of_it = WORKFLOWS["deploy"]["jobs"]["build"]["steps"]

    made = commands("build").index("make sbom")
    assert "build/sbom.cyclonedx.json" in steps_of_it[made + 1]["with"]["path"]
    assert steps_of_it[made + 1]["with"]["if-no-files-found"] == "error"


def test_a_weekly_audit_blocks_no_deployment() -> None:
    assert "schedule" in WORKFLOWS["audit"][ON]
    auditing = {name for name, job in jobs() for step in job.get("steps", ()) if step.get("run") == "make audit"}

    assert auditing == {"audit"}
    assert not [job for job in WORKFLOWS["deploy"]["jobs"].values() if "audit" in str(job.get("uses", ""))]


def test_dev_and_prod_run_on_the_processor_of_the_build() -> None:
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    [architecture] = {settings[name]["build"]["parameters"]["parameter_overrides"] for name in DEPLOYING}

    assert all(architecture in settings[name]["deploy"]["parameters"]["parameter_overrides"] for name in DEPLOYING)


def test_a_release_is_checked_then_tested_then_built_then_published() -> None:
    found = WORKFLOWS["release"]["jobs"]

    assert {name: job.get("needs") for name, job in found.items()} == {
        "tag": None,
        "test": "tag",
        "files": "test",
        "publish": "files",
    }
    assert found["test"]["uses"] == "./.github/workflows/test.yml"
    assert 'python3 artifact/release.py --check "$GITHUB_REF_NAME"' in commands("tag", "release")
    assert 'make release-files TAG="$GITHUB_REF_NAME"' in commands("files", "release")


def test_what_may_write_a_release_runs_no_code_of_the_repository_or_of_packages() -> None:
    download, verify, create = commands("publish", "release")

    assert download == "actions/download-artifact"
    assert verify == "sha256sum --check --strict SHA256SUMS"
    assert create.startswith("gh release create ")


def test_a_release_has_every_file_that_is_built(tmp_path: Path) -> None:
    program = runpy.run_path(str(ROOT / "artifact" / "release.py"), run_name="release")
    program["write_templates"](tmp_path)
    program["write_templates_for_applications"](tmp_path)
    names = {path.name for path in tmp_path.iterdir()} | {program["archive"](one) for one in ("arm64", "x86_64")}
    create = commands("publish", "release")[-1].split()

    attached = create[create.index("--notes-file") + 2 :]
    assert create[create.index("--notes-file") + 1] == program["NOTES"]
    assert {name for name in names if not any(fnmatch(name, one) for one in attached)} == set()
    assert program["SUMS"] in attached


def test_every_make_target_in_a_workflow_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = set(re.findall(r"make ([a-z][a-z-]+)", " ".join(step.get("run", "") for step in steps())))

    assert {"build", "deploy-built", "release-files"} <= made
    assert made <= targets


def test_the_workflow_runs_every_tier_of_continuous_integration() -> None:
    refused = run([ROOT / ".ci" / "run", "no-such-tier"])
    called = [step["run"] for step in steps() if step.get("run", "").startswith(".ci/run ")]
    named = [word for command in called if "{" not in command for word in command.split()[1:]]
    of_matrix = [name for _, job in jobs() for name in job.get("strategy", {}).get("matrix", {}).get("tier", ())]

    assert refused.returncode == 2
    tiers = refused.stderr.partition("Tiers: ")[2].split()
    assert {*named, *of_matrix} == set(tiers)


def test_every_job_has_a_time_limit() -> None:
    assert all("timeout-minutes" in job for _, job in jobs() if "steps" in job)

"""`make build`, `deploy` and `deploy-built` with stand-ins for python, sam and rollcall: what runs with what."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.child_processes import CompletedProcess, run
from support.repository import ROOT

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "id",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
    "AWS_PROFILE": "admin",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
    "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/deploy",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/credentials",
    "AWS_BEARER_TOKEN_BEDROCK": "token",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "token",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://token.example",
    "ACTIONS_RUNTIME_TOKEN": "token",
    "GITHUB_TOKEN": "token",
    "GH_TOKEN": "token",
}

OVERRIDES = ["--parameter-overrides", "Rollout=gradual AlarmEmail=''"]

STAND_IN = """#!{python}
import json, os, pathlib, sys
pathlib.Path(".aws-sam/build").mkdir(parents=True, exist_ok=True)
with open("ran", "a") as ran:
    ran.write(json.dumps([sys.argv, dict(os.environ)]) + "\\n")
if sys.argv[1:3] == ["deploy", "prepare"]:
    print("Rollout=gradual AlarmEmail=''")
sys.exit(os.environ.get("FAILING") in sys.argv)
"""

Make = Callable[..., CompletedProcess[str]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Run make with this repository's Makefile, where the programs only note how they were started."""
    shutil.copy(ROOT / "samconfig.toml", tmp_path)
    for program in (".venv/bin/python", ".venv/bin/rollcall", ".venv-sam/bin/sam"):
        path = tmp_path / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(STAND_IN.format(python=sys.executable))
        path.chmod(0o755)
    # Installed after what says what to install.
    wanted = ("pyproject.toml", "requirements-uv.txt", "requirements-local.txt", "requirements-sam.txt")
    for age, name in enumerate((*wanted, ".venv/.uv", ".venv/.local", ".venv-sam/.installed")):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (age, age))
    environment = {"PATH": os.environ["PATH"], "AWS_REGION": "eu-central-1", **CREDENTIALS}
    command = ("make", "--no-print-directory", "-f", ROOT / "Makefile")
    return lambda *arguments, **more: run([*command, *arguments], cwd=tmp_path, env=environment | more)


def started(folder: Path) -> list[tuple[list[str], dict[str, str]]]:
    """The programs that ran, with their arguments and their environments."""
    lines: list[Any] = [json.loads(line) for line in (folder / "ran").read_text().splitlines()]
    return [([Path(program).name, *arguments], environment) for (program, *arguments), environment in lines]


def test_a_build_gets_no_credentials_and_a_deployment_does(make: Make, tmp_path: Path) -> None:
    made = make("deploy", "ENV=prod")

    assert made.returncode == 0, made.stderr
    prepare, artifact, build, stamp, deploy, verify = started(tmp_path)
    assert prepare[0] == ["rollcall", "deploy", "prepare", "prod", "--parameters", ""]
    assert artifact[0] == ["python", "artifact/build.py", "arm64"]
    assert build[0] == ["sam", "build", "--config-env", "prod"]
    assert stamp[0] == ["python", "artifact/build.py", "--stamp", ".aws-sam/build/template.yaml"]
    assert deploy[0] == ["sam", "deploy", "--config-env", "prod", *OVERRIDES]
    assert verify[0] == ["rollcall", "deploy", "verify", "prod"]
    for _, environment in (artifact, build, stamp):
        assert not CREDENTIALS.keys() & environment.keys()
        # Nor are they looked for where else the AWS SDK finds some.
        assert environment["AWS_SHARED_CREDENTIALS_FILE"] == environment["AWS_CONFIG_FILE"] == "/dev/null"
        assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
        assert environment["AWS_REGION"] == "eu-central-1"
    for _, environment in (prepare, deploy, verify):
        assert environment.items() >= CREDENTIALS.items()


def test_nothing_is_built_when_the_check_stops_or_somebody_says_no(make: Make, tmp_path: Path) -> None:
    made = make("deploy", "ENV=prod", FAILING="prepare")

    assert made.returncode != 0
    assert [arguments[:3] for arguments, _ in started(tmp_path)] == [["rollcall", "deploy", "prepare"]]


def test_a_deployment_that_fails_is_not_checked_and_says_where_to_look(make: Make, tmp_path: Path) -> None:
    made = make("deploy", FAILING="--parameter-overrides")

    assert made.returncode != 0
    assert started(tmp_path)[-1][0][:2] == ["sam", "deploy"]
    assert "docs/deploy.md" in made.stderr


def test_a_service_that_fails_its_check_is_an_error(make: Make) -> None:
    assert make("deploy", FAILING="verify").returncode != 0


def test_without_a_section_the_check_is_given_none(make: Make, tmp_path: Path) -> None:
    assert make("deploy").returncode == 0

    prepare, *_, deploy, verify = (arguments for arguments, _ in started(tmp_path))
    assert prepare == ["rollcall", "deploy", "prepare", "--parameters", ""]
    assert deploy == ["sam", "deploy", "--config-env", "dev", *OVERRIDES]
    assert verify == ["rollcall", "deploy", "verify", "dev"]


@pytest.mark.parametrize("target", ["deploy", "deploy-built"])
def test_yes_at_once_and_parameters_reach_the_check(make: Make, tmp_path: Path, target: str) -> None:
    assert make("build", "ENV=prod").returncode == 0
    given = "AlarmEmail='a b' DomainName="

    made = make(target, "ENV=prod", "YES=1", "AT_ONCE=1", f"PARAMETERS={given}")

    assert made.returncode == 0, made.stderr
    [prepare] = [arguments for arguments, _ in started(tmp_path) if "prepare" in arguments]
    assert prepare[3:] == ["prod", "--yes", "--parameters", f"{given} Rollout=at-once"]
    [deploy] = [arguments for arguments, _ in started(tmp_path) if arguments[:2] == ["sam", "deploy"]]
    assert deploy[2:] == ["--config-env", "prod", *OVERRIDES, "--no-confirm-changeset"]


@pytest.mark.parametrize("target", ["deploy", "deploy-built"])
@pytest.mark.parametrize(
    "setting", ["--parameter-overrides Rollout=at-once", "--config-env prod", "--region=us-east-1", "--stack-name x"]
)
def test_what_would_not_be_checked_is_refused(make: Make, tmp_path: Path, target: str, setting: str) -> None:
    made = make(target, f"SETTINGS={setting}")

    assert made.returncode != 0
    assert "PARAMETERS=" in made.stderr
    assert not (tmp_path / "ran").exists()


def test_credentials_given_to_make_do_not_reach_the_build(make: Make, tmp_path: Path) -> None:
    made = make("deploy", "AWS_SECRET_ACCESS_KEY=typed", "AWS_PROFILE=typed")

    assert made.returncode == 0, made.stderr
    _, *building, deploy, _ = started(tmp_path)
    assert len(building) == 3
    assert not [value for _, environment in building for value in environment.values() if "typed" in value]
    assert (deploy[1]["AWS_SECRET_ACCESS_KEY"], deploy[1]["AWS_PROFILE"]) == ("typed", "typed")


def test_deploy_built_builds_nothing(make: Make, tmp_path: Path) -> None:
    assert make("build", "ENV=dev").returncode == 0
    (tmp_path / "ran").unlink()

    made = make("deploy-built", "ENV=prod", "SETTINGS=--no-confirm-changeset")

    assert made.returncode == 0, made.stderr
    assert [arguments for arguments, _ in started(tmp_path)] == [
        ["rollcall", "deploy", "prepare", "prod", "--parameters", ""],
        ["sam", "deploy", "--config-env", "prod", *OVERRIDES, "--no-confirm-changeset"],
    ]


@pytest.mark.parametrize("before", [[], ["build"]], ids=["nothing is built", "built for this machine"])
def test_an_artifact_for_another_processor_is_not_deployed(make: Make, tmp_path: Path, before: list[str]) -> None:
    if before:
        assert make(*before).returncode == 0
        (tmp_path / "ran").unlink()

    made = make("deploy-built", "ENV=dev")

    assert made.returncode != 0
    assert "make build ENV=dev" in made.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("target", ["deploy", "deploy-built"])
@pytest.mark.parametrize(
    ("given", "regions", "noted"),
    [
        ({"AWS_REGION": "eu-central-1"}, ("eu-central-1", "eu-central-1"), 0),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-1"}, ("", "eu-west-1"), 0),
        ({"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1"}, ("eu-central-1", "eu-central-1"), 0),
        ({"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-west-1"}, ("eu-central-1", "eu-central-1"), 1),
    ],
    ids=["the first", "the second", "the same", "two"],
)
def test_either_variable_names_the_region_that_sam_deploys_to(
    make: Make, tmp_path: Path, *, target: str, given: dict[str, str], regions: tuple[str, str], noted: int
) -> None:
    assert make("build", "ENV=prod", **given).returncode == 0

    made = make(target, "ENV=prod", **given)

    assert made.returncode == 0, made.stderr
    [environment] = [found for arguments, found in started(tmp_path) if arguments[:2] == ["sam", "deploy"]]
    assert (environment["AWS_REGION"], environment["AWS_DEFAULT_REGION"]) == regions
    assert made.stderr.count("from AWS_REGION; AWS_DEFAULT_REGION is eu-west-1") == noted


def test_a_region_given_to_make_is_the_one_deployed_to(make: Make, tmp_path: Path) -> None:
    made = make("deploy", "ENV=prod", "AWS_REGION=eu-north-1", AWS_DEFAULT_REGION="eu-west-1")

    assert made.returncode == 0, made.stderr
    [environment] = [found for arguments, found in started(tmp_path) if arguments[:2] == ["sam", "deploy"]]
    assert environment["AWS_DEFAULT_REGION"] == "eu-north-1"

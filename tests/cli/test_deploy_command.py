"""`rollcall deploy check`: what it reads, where it is run, and what it cannot mean."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from operations.deploying import leftovers
from operations.deploying.account_looks import reserved_executions
from operations.deploying.preflight import USD_A_MONTH
from operations.deploying.settings import read_settings
from support import stack_template
from support.answering_aws import AnsweringAws
from support.deployable_aws import ACCOUNT, REGION, Answers, checked, deployed, looks, new_account, stack
from support.repository import ROOT

runner = CliRunner()


@pytest.fixture
def aws() -> Iterator[AnsweringAws]:
    with new_account() as found:
        yield found


def test_the_defaults_are_those_of_the_template() -> None:
    found = read_settings(ROOT, "prod").defaults

    assert found == {name: str(one["Default"]) for name, one in stack_template.PARAMETERS.items()}


@pytest.mark.parametrize("each", [0, 1, 20])
def test_executions_are_counted_as_the_template_reserves_them(each: int) -> None:
    assert reserved_executions(each) == stack_template.reserved_executions(each)


def test_the_names_of_what_may_be_left_are_those_of_the_templates() -> None:
    root = stack_template.written(stack_template.PATH.read_text(encoding="utf-8"))["Resources"]
    [nested] = stack_template.nested({"Resources": root}).values()
    inner = stack_template.written(nested.read_text(encoding="utf-8"))["Resources"]

    def names(resources: Answers, kind: str, member: str) -> dict[str, str]:
        found = {name: one["Properties"][member]["Fn::Sub"] for name, one in resources.items() if one["Type"] == kind}
        return {re.sub(r"\$\{\w+(::\w+)?\}", "{}", written): name for name, written in found.items()}

    groups = "AWS::Logs::LogGroup", "LogGroupName"
    assert names(root, *groups) == leftovers.LOG_GROUPS
    assert set(names(inner, *groups)) == set(leftovers.NESTED_LOG_GROUPS)
    secrets = names(root, "AWS::SecretsManager::Secret", "Name")
    assert secrets == {f"{{}}/connectors/{account}": name for account, name in leftovers.SECRETS.items()}


def test_the_costs_are_those_of_the_page_about_scale() -> None:
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")

    assert f"a month costs ${USD_A_MONTH} + " in page


def test_a_new_account_is_ready_and_everything_fits_on_a_screen(aws: AnsweringAws) -> None:
    result = runner.invoke(app, ["deploy", "check", "prod"])

    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert len(lines) <= 24
    assert f"{ACCOUNT}, region {REGION}, as arn:aws:iam::{ACCOUNT}:user/ann" in result.stdout
    assert "rollcall will be created" in result.stdout
    assert "STOP" not in result.stdout
    # Who gets the alarms is the one thing that samconfig.toml leaves open.
    assert [line for line in lines if line.startswith("note")] == ["note Alarms: go to no one: AlarmEmail is not set"]
    assert "aws-sam-cli-managed-default" in result.stdout


@pytest.mark.parametrize("spelled", [["--check"], ["--check", "dev"], ["dev", "--check"], ["check"], ["check", "dev"]])
def test_the_option_and_the_command_are_the_same_and_dev_is_the_default(aws: AnsweringAws, spelled: list[str]) -> None:
    result = runner.invoke(app, ["deploy", *spelled, "--json"])

    assert (json.loads(result.stdout)["section"], json.loads(result.stdout)["stack"]) == ("dev", "rollcall-dev")


def test_a_check_changes_nothing(aws: AnsweringAws) -> None:
    aws.answers["DescribeStacks"] = stack("ROLLBACK_COMPLETE")

    checked("prod")

    assert {name for name, _ in aws.asked if not name.startswith(("Get", "Describe", "List"))} == set()


def test_a_section_that_was_not_named_says_which_other_stack_is_there(aws: AnsweringAws) -> None:
    aws.answers["DescribeStacks"] = deployed()

    unnamed, named = checked(), checked("dev")

    assert [text for verdict, text in looks(unnamed, "Section") if verdict == "note"] == [
        "rollcall exists too and is not changed; this deployment is for rollcall-dev "
        "/ To deploy rollcall: make deploy ENV=prod"
    ]
    assert [verdict for verdict, _ in looks(named, "Section")] == ["ok"]


@pytest.fixture
def copied(aws: AnsweringAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A directory with the template and what a test writes into samconfig.toml."""
    (tmp_path / "template.yaml").write_text((ROOT / "template.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def write(lines: str) -> None:
        build = '[prod.build.parameters]\nparameter_overrides = "Architecture=arm64"\n'
        (tmp_path / "samconfig.toml").write_text(f'{build}[prod.deploy.parameters]\nstack_name = "scim"\n{lines}\n')

    return write


def test_the_region_of_the_section_is_used_and_must_be_the_only_one(
    copied: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    copied('region = "us-east-1"')

    answer = checked("prod", code=1)
    monkeypatch.delenv("AWS_REGION")
    alone = checked("prod")

    assert any(
        verdict == "stop" and "us-east-1" in text and REGION in text for verdict, text in looks(answer, "Section")
    )
    assert alone["region"] == "us-east-1"


def test_at_once_in_the_section_is_noted(copied: Callable[[str], None]) -> None:
    copied('parameter_overrides = ["Rollout=at-once", "DomainName="]')

    answer = checked("prod")

    assert any(verdict == "note" and "AT_ONCE=1" in text for verdict, text in looks(answer, "Section"))
    assert answer["parameters"] == {"Rollout": "at-once", "DomainName": ""}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nosuch"], "it has: dev, prod"),
        (["prod", "--parameters", "Nosuch=1"], "no parameter Nosuch"),
        (["prod", "--parameters", "AlarmEmail"], "Name=value"),
        (["prod", "--parameters", "AlarmEmail='a"], "cannot be read"),
        (["prod", "--stack", "other"], "'other'"),
        (["prod", "--local"], "--local"),
        (["prod", "--profile", "nosuch"], "list-profiles"),
    ],
)
def test_what_cannot_be_meant_is_one_line(aws: AnsweringAws, arguments: list[str], said: str) -> None:
    result = runner.invoke(app, ["deploy", "check", *arguments])

    assert result.exit_code == 1
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("missing", ["samconfig.toml", "template.yaml"])
def test_elsewhere_it_says_where_to_run_it(copied: Callable[[str], None], tmp_path: Path, missing: str) -> None:
    copied("")
    (tmp_path / missing).unlink()

    result = runner.invoke(app, ["deploy", "check", "prod"])

    assert (result.exit_code, missing in result.stderr) == (1, True)


def test_a_file_that_is_no_toml_is_one_line(copied: Callable[[str], None]) -> None:
    copied("=")

    result = runner.invoke(app, ["deploy", "check", "prod"])

    assert (result.exit_code, "samconfig.toml cannot be read" in result.stderr) == (1, True)


@pytest.mark.parametrize(("region", "said"), [([], "AWS_REGION"), (["--region", REGION], "aws sso login")])
def test_without_region_or_credentials_it_stops_before_anything_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, region: list[str], said: str
) -> None:
    for name in ("REGION", "DEFAULT_REGION", "PROFILE", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(ROOT)

    answer = checked("prod", *region, code=1)

    [stopped] = [one for one in answer["checks"] if one["verdict"] == "stop"]
    assert said in stopped["remedy"]
    assert answer["checks"][-1] == stopped
    assert answer["account"] is None

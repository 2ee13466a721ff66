"""`rollcall deploy`: what it reads of samconfig.toml and the template, and what it says without credentials."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from operations.deploying.preflight import reserved_executions
from operations.deploying.settings import read_settings
from support import stack_template
from support.repository import ROOT

runner = CliRunner()


def test_the_defaults_are_those_of_the_template() -> None:
    found = read_settings(ROOT, "prod").defaults

    assert found == {name: str(one["Default"]) for name, one in stack_template.PARAMETERS.items()}


@pytest.mark.parametrize("each", [0, 1, 20])
def test_executions_are_counted_as_the_template_reserves_them(each: int) -> None:
    assert reserved_executions(each) == stack_template.reserved_executions(each)


def test_rollout_is_named_in_every_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    usual = runner.invoke(app, ["deploy", "parameters", "prod"]).stdout.split()
    repair = runner.invoke(app, ["deploy", "parameters", "prod", "--parameters", "Rollout=at-once"]).stdout.split()

    assert "Rollout=gradual" in usual
    assert "Rollout=at-once" in repair
    assert set(usual) - {"Rollout=gradual"} == set(repair) - {"Rollout=at-once"}


def test_a_check_without_credentials_stops_with_a_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(ROOT)

    result = runner.invoke(app, ["deploy", "check", "prod", "--json", "--region", "eu-central-1"])

    assert result.exit_code == 1
    [stopped] = [one for one in json.loads(result.stdout)["checks"] if one["verdict"] == "stop"]
    assert "aws sso login" in stopped["remedy"]

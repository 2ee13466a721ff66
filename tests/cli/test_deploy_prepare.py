"""`rollcall deploy prepare`: the question before a deployment, and the parameters to deploy with."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from support.answering_aws import AnsweringAws
from support.deployable_aws import ACCOUNT, REGION, Answers, deployed, new_account, stack

runner = CliRunner()


@pytest.fixture
def aws() -> Iterator[AnsweringAws]:
    with new_account() as found:
        yield found


def prepared(*arguments: str, typed: str = "") -> Result:
    return runner.invoke(app, ["deploy", "prepare", *arguments], input=typed)


def test_prepare_asks_and_answers_with_the_parameters_alone(aws: AnsweringAws) -> None:
    result = prepared("prod", "--parameters", "AlarmEmail=a@b.example DomainName=''", typed="y\n")

    assert result.exit_code == 0, result.output
    given = dict(word.split("=", 1) for word in shlex.split(result.stdout.splitlines()[-1]))
    expected = {"Environment": "prod", "Architecture": "arm64", "AlarmEmail": "a@b.example", "DomainName": ""}
    assert given == {"Rollout": "gradual", **expected}
    assert f"Deploy the stack rollcall to AWS account {ACCOUNT}, region {REGION}?" in result.stderr


def test_rollout_is_named_in_every_deployment_so_that_at_once_does_not_stay(aws: AnsweringAws) -> None:
    aws.answers["DescribeStacks"] = deployed(Rollout="at-once")

    usual, repair = prepared("prod", "--yes"), prepared("prod", "--yes", "--parameters", "Rollout=at-once")

    assert "Rollout=gradual" in usual.stdout.split()
    assert "Rollout=at-once" in repair.stdout.split()


@pytest.mark.parametrize("typed", ["", "n\n"], ids=["no answer", "no"])
@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["text", "json"])
def test_without_a_yes_nothing_is_done(aws: AnsweringAws, typed: str, as_json: list[str]) -> None:
    aws.answers["DescribeStacks"] = stack("ROLLBACK_COMPLETE")

    result = prepared("prod", *as_json, typed=typed)

    assert result.exit_code == 1
    assert "Rollout" not in result.stdout
    assert "YES=1" in result.stderr.splitlines()[-1]
    assert not aws.of("DeleteStack")


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["text", "json"])
def test_a_stop_is_not_overruled_by_yes(aws: AnsweringAws, as_json: list[str]) -> None:
    aws.answers["DescribeStacks"] = stack("UPDATE_IN_PROGRESS")

    result = prepared("prod", "--yes", *as_json)

    assert result.exit_code == 1
    assert "STOP Stack" in result.stderr
    assert json.loads(result.stdout)["ok"] is False if as_json else result.stdout == ""


def test_a_failed_first_deployment_is_deleted_and_can_be_repeated(aws: AnsweringAws) -> None:
    def described(asked: Answers) -> Any:
        return stack("ROLLBACK_COMPLETE")(asked) if not aws.of("DeleteStack") else "ValidationError"

    aws.answers |= {
        "DescribeStacks": described,
        "DeleteStack": {},
        "ListTables": {"TableNames": ["rollcall-UsersTable-1"]},
        "DescribeTable": {"Table": {"ItemCount": 0}},
    }

    result = prepared("prod", "--yes")

    assert result.exit_code == 0, result.output
    assert aws.of("DeleteStack") == [{"StackName": "rollcall"}]
    assert "table rollcall-UsersTable-1 (0 items at DynamoDB's last count)" in result.stderr
    assert "Rollout=gradual" in result.stdout


def test_a_stack_that_cannot_be_deleted_is_one_line(aws: AnsweringAws) -> None:
    aws.answers |= {"DescribeStacks": stack("ROLLBACK_COMPLETE"), "DeleteStack": "AccessDenied"}

    result = prepared("prod", "--yes")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "could not be deleted" in result.stderr.splitlines()[-1]

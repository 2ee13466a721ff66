"""Before a run: the dry run, what it costs, the question, and why it does not start."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.exceptions import ClientError

from support.child_processes import CompletedProcess, run
from support.repository import ROOT
from support.small_verification import Verify, bucket, names, on, steps
from verify_aws import estimate as prices
from verify_aws.account import Refused, account_of
from verify_aws.identity import Run
from verify_aws.measuring import start_of
from verify_aws.plan import Sizes, Step
from verify_aws.program import steps_of


class HTTPResponse(NamedTuple):
    """An answer that was not sent."""

    status_code: int


PATH = os.pathsep.join(str(ROOT / folder) for folder in (".", "src", "tests", "bench"))
NO_CREDENTIALS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def program(*arguments: str, **environment: str) -> CompletedProcess[str]:
    """Run the program as make does, without credentials, and with a proxy that answers no one."""
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": PATH, "HTTPS_PROXY": "http://127.0.0.1:9", **NO_CREDENTIALS}
    return run([sys.executable, "-m", "verify_aws", *arguments], env=variables | environment, cwd=ROOT)


def test_the_dry_run_prints_each_step_with_its_commands_and_calls_and_needs_no_credentials() -> None:
    done = program("--dry-run")

    assert done.returncode == 0, done.stderr
    for step in steps_of(Run.new(), True):
        assert step.title in done.stdout
        for call in step.calls:
            assert call in done.stdout
    commands = [line.strip() for line in done.stdout.splitlines() if line.strip().startswith("$")]
    assert [command.split()[1] for command in commands[:2]] == ["make", ".venv-sam/bin/sam"]
    of_rollcall = "$ .venv/bin/rollcall --stack rollcall-verify-RANDOM --json "
    assert all(command.startswith(of_rollcall) for command in commands[2:])
    assert len(commands) > 5
    assert "dynamodb:DeleteTable" in done.stdout


def test_make_hands_its_variables_on() -> None:
    done = run(
        ["make", "--no-print-directory", "-n", "verify-aws", "CLEAN=1", "VERIFY=--yes --json"], cwd=ROOT, check=True
    )

    assert done.stdout.splitlines()[-1].endswith("-m verify_aws --clean-up --yes --json")


def test_the_dry_run_answers_in_json() -> None:
    done = program("--dry-run", "--json")

    answer = json.loads(done.stdout)
    assert [step["name"] for step in answer["steps"]] == [step.name for step in steps_of(Run.new(), True)]
    assert answer["estimate"]["minutes"] > 5
    assert 0 < answer["estimate"]["dollars"] < 5


@pytest.mark.parametrize(
    ("environment", "remedy"),
    [
        ({"AWS_REGION": "eu-central-1"}, "aws sso login"),
        ({}, "set AWS_REGION"),
        ({"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, "AWS_ENDPOINT_URL"),
        ({"AWS_REGION": "eu-central-1", "AWS_PROFILE": "missing"}, "aws configure list-profiles"),
    ],
    ids=["no credentials", "no region", "not AWS", "no such profile"],
)
@pytest.mark.parametrize("options", [("--yes",), ("--clean-up", "--yes")], ids=["run", "clean-up"])
def test_it_does_not_start_without_an_aws_account(
    environment: Mapping[str, str], remedy: str, options: tuple[str, ...]
) -> None:
    done = program(*options, **environment)

    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert remedy in line


@pytest.mark.parametrize(
    "arguments",
    [("--run", "rollcall-verify-0123abcd"), ("--clean-up", "--run", "rollcall"), ("--clean-up", "--dry-run"), ("--x",)],
)
def test_a_wrong_command_line_is_refused(arguments: tuple[str, ...]) -> None:
    done = program(*arguments)

    assert done.returncode == 2
    assert "usage:" in done.stderr


def test_an_account_is_looked_at_without_changing_it(aws: boto3.Session) -> None:
    before = names(aws)
    # moto does not know this call.
    quota = {"AccountLimit": {"ConcurrentExecutions": 10}}
    answered: Any = lambda **_: (HTTPResponse(200), quota)  # noqa: E731 - botocore takes an answer from it
    aws.client("lambda").meta.events.register("before-call.lambda.GetAccountSettings", answered)

    account = account_of(aws, {})

    assert (account.id, account.has_logs_role, account.executions) == ("123456789012", False, 10)
    assert names(aws) == before


def test_credentials_that_aws_refuses_are_reported(aws: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def expired() -> None:
        raise ClientError({"Error": {"Code": "ExpiredToken", "Message": ""}}, "GetCallerIdentity")

    on(monkeypatch, "GetCallerIdentity", expired)

    with pytest.raises(Refused, match=r"ExpiredToken.*sign in again"):
        account_of(aws, {})


@pytest.mark.parametrize("answer", [None, False], ids=["no one to ask", "no"])
def test_nothing_is_made_before_somebody_agrees(
    verify: Verify, aws: boto3.Session, capsys: pytest.CaptureFixture[str], answer: bool | None
) -> None:
    before = names(aws)
    verify.settings["ask"] = None if answer is None else lambda question: answer

    assert verify(yes=False) == 2

    assert names(aws) == before
    assert verify.evidence == []
    plan = capsys.readouterr().out
    assert len(plan.splitlines()) <= 40
    assert re.search(r"About \d+ minutes and \$\d+\.\d\d", plan)
    assert "111122223333" in plan
    assert "eu-central-1" in plan


def test_a_run_answers_in_json_and_shows_its_steps_elsewhere(
    verify: Verify, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(json=True) == 0

    captured = capsys.readouterr()
    answer = json.loads(captured.out)
    assert answer["verdict"] == "passed"
    assert answer["left"] == []
    assert len(answer["files"]) == 2
    assert "111122223333" not in captured.out
    assert all(step["title"] in captured.err for step in answer["steps"])


def test_every_call_of_a_run_is_in_the_dry_run(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    made: set[str] = set()
    on(monkeypatch, None, made.add)

    def only_the_bucket(run_: Run, sets_logs_role: bool) -> list[Step]:
        return [step for step in steps(run_, sets_logs_role) if step.work is bucket]

    assert verify(only_the_bucket) == 0

    of_steps = {call for step in steps_of(Run.new(), True) for call in step.calls}
    of_clean_up = {call for kind in verify.kinds() for call in kind.calls}
    looked_for = {"s3:ListBuckets", "s3:PutObject"}
    assert made - of_steps - of_clean_up - looked_for == set()


def test_the_prices_are_those_of_the_scale_page() -> None:
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")

    for price in (
        f"${prices.MILLION_REQUESTS:.2f} for a million requests",
        f"${prices.MILLION_WRITE_UNITS} for a million write units",
        f"${prices.MILLION_TRACES:.0f} for a million traces",
        f"| Secrets Manager | ${prices.SECRET_A_MONTH:.2f} for a secret",
    ):
        assert price in page
    [fixed] = re.findall(r"together about \$(\d+)", page)
    assert float(fixed) <= prices.FIXED_A_MONTH


def test_the_page_has_the_estimate_of_a_run() -> None:
    page = (ROOT / "docs" / "prove.md").read_text(encoding="utf-8")

    expected = prices.estimate(steps_of(Run.new(), True), Sizes())

    assert f"(about {round(expected.minutes, -1):.0f} minutes and ${expected.dollars:.2f})" in page


def test_a_larger_run_costs_more() -> None:
    of_run = steps_of(Run.new(), True)

    small, large = prices.estimate(of_run, Sizes()), prices.estimate(of_run, Sizes(users=1_000_000, seconds=3600))

    assert small.dollars < 1 < large.dollars


@pytest.mark.parametrize(
    ("log", "start"),
    [
        ("REPORT RequestId: 1\tDuration: 5.1 ms\tInit Duration: 321.09 ms\t", 321.09),
        ("REPORT RequestId: 1\tDuration: 5.1 ms\t", None),
        ('{"type":"platform.report","record":{"metrics":{"durationMs":5,"initDurationMs":210.5}}}', 210.5),
        ('{"type":"platform.report","record":{"metrics":{"durationMs":5}}}', None),
        ('{"message":"request"}\nno json\n3', None),
        ("", None),
    ],
)
def test_the_start_of_a_function_is_read_from_either_log_format(log: str, start: float | None) -> None:
    assert start_of(log) == start

"""A run removes what it made, whatever fails, and writes down what happened."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from support.small_verification import REGION, Verify, bucket, deploy, names, on, steps
from verify_aws.identity import Run
from verify_aws.plan import Figures, Stage, Step
from verify_aws.shell import StepFailed

Work = Callable[[Stage, Step], Figures]
STEPS = ["bucket", "build", "deploy", "use", "measure"]
NEEDED = STEPS[:3]


def with_(name: str, work: Work) -> Callable[[Run, bool], list[Step]]:
    """The steps, one of them with other work, done after its own where that makes something."""

    def changed(step: Step) -> Step:
        own = step.work

        def both(stage: Stage, same: Step) -> Figures:
            if own in (bucket, deploy):
                own(stage, same)
            return work(stage, same)

        return Step(step.name, step.title, step.minutes, both, needed=step.needed) if step.name == name else step

    return lambda run, sets_logs_role: [changed(step) for step in steps(run, sets_logs_role)]


def fails(stage: Stage, step: Step) -> Figures:
    raise StepFailed("it did not work for arn:aws:iam::111122223333:role/ada", {"requests": 2})


def crashes(stage: Stage, step: Step) -> Figures:
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutItem")


def is_interrupted(stage: Stage, step: Step) -> Figures:
    raise KeyboardInterrupt


def is_terminated(stage: Stage, step: Step) -> Figures:
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()
    return {}


def verdicts(evidence: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["verdict"] for step in evidence["steps"]}


def test_a_run_whose_steps_pass_leaves_nothing_and_says_so(verify: Verify, aws: boto3.Session) -> None:
    before = names(aws)

    assert verify() == 0

    [evidence] = verify.evidence
    assert evidence["verdict"] == "passed"
    assert verdicts(evidence) == dict.fromkeys(STEPS, "passed")
    assert evidence["steps"][3]["figures"] == {"requests": 3}
    assert evidence["region"] == REGION
    assert evidence["runtime"].startswith("python3.")
    assert all(evidence[fact] not in ("", "unknown") for fact in ("version", "samCli", "boto3"))
    assert names(aws) == before
    assert evidence["cleanUp"]["removed"] == {
        "stack": 1, "setting of API Gateway": 1, "role": 1, "table": 1, "secret": 2, "log group": 2, "bucket": 1,
    }  # fmt: skip


@pytest.mark.parametrize(("name", "work"), [*((name, fails) for name in STEPS), ("deploy", crashes), ("use", crashes)])
def test_a_step_that_fails_is_written_down_and_all_is_removed(
    verify: Verify, aws: boto3.Session, name: str, work: Work
) -> None:
    before = names(aws)

    assert verify(with_(name, work)) == 1

    [evidence] = verify.evidence
    assert evidence["verdict"] == "failed"
    assert names(aws) == before
    rest = "not run" if name in NEEDED else "passed"
    at = STEPS.index(name)
    assert verdicts(evidence) == {
        step: "failed" if step == name else "passed" if number < at else rest for number, step in enumerate(STEPS)
    }
    assert evidence["steps"][at]["why"]


@pytest.mark.parametrize(("name", "work"), [*((name, is_interrupted) for name in STEPS), ("deploy", is_terminated)])
def test_an_interrupted_step_ends_the_run_and_all_is_removed(
    verify: Verify, aws: boto3.Session, name: str, work: Work
) -> None:
    before = names(aws)

    assert verify(with_(name, work)) == 1

    [evidence] = verify.evidence
    assert evidence["verdict"] == "interrupted"
    assert names(aws) == before
    at = STEPS.index(name)
    assert verdicts(evidence) == {
        step: "interrupted" if number == at else "passed" if number < at else "not run"
        for number, step in enumerate(STEPS)
    }


def test_results_name_no_account_key_or_person(verify: Verify) -> None:
    def leaks(stage: Stage, step: Step) -> Figures:
        raise StepFailed(
            f"arn:aws:iam::111122223333:user/ada, 111122223333, rck_default_{'x' * 32}, ada@firm.example, "
            "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/live, AKIAIOSFODNN7EXAMPLE"
        )

    verify(with_("use", leaks))

    text = "".join(file.read_text() for file in (verify.folder / "evidence").iterdir())
    assert "<account>" in text
    for private in ("111122223333", "rck_", "ada", "abcdef1234", "AKIA"):
        assert private not in text


def test_what_cannot_be_removed_is_reported_with_its_command(
    verify: Verify, aws: boto3.Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = names(aws)
    refuse(monkeypatch, "DeleteTable")

    assert verify() == 1

    [evidence] = verify.evidence
    [run] = [name for name in names(aws)["buckets"] if name.startswith("rollcall-verify-")]
    assert evidence["verdict"] == evidence["cleanUp"]["verdict"] == "failed"
    assert verdicts(evidence) == dict.fromkeys(STEPS, "passed")
    assert evidence["cleanUp"]["left"] == [
        f"aws dynamodb update-table --table-name {run}-UsersTable-1X --no-deletion-protection-enabled && "
        f"aws dynamodb wait table-exists --table-name {run}-UsersTable-1X && "
        f"aws dynamodb delete-table --table-name {run}-UsersTable-1X",
        f"aws s3 rb s3://{run} --force",
    ]
    output = capsys.readouterr().out
    assert all(command in output for command in evidence["cleanUp"]["left"])
    assert "make verify-aws CLEAN=1" in output
    assert names(aws)["secrets"] == before["secrets"]

    monkeypatch.undo()
    assert verify(clean_up=True) == 0
    assert names(aws) == before


@pytest.mark.parametrize("operation", ["ListRoles", "ListTables", "ListSecrets", "DescribeLogGroups", "GetAccount"])
def test_what_cannot_be_looked_for_is_reported(
    verify: Verify, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], operation: str
) -> None:
    def from_now_on(stage: Stage, step: Step) -> Figures:
        refuse(monkeypatch, operation)
        return {}

    assert verify(with_("measure", from_now_on)) == 1

    [evidence] = verify.evidence
    assert evidence["cleanUp"]["verdict"] == "failed"
    assert any(operation in why for why in evidence["cleanUp"]["why"])
    assert "Everything that the run created is deleted" not in capsys.readouterr().out


def test_a_second_ctrl_c_ends_the_clean_up_and_says_what_is_left(
    verify: Verify, aws: boto3.Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = names(aws)
    on(monkeypatch, "DeleteTable", twice)

    assert verify(with_("use", is_interrupted)) == 1

    [evidence] = verify.evidence
    kinds = {why.partition(" rollcall")[0].partition(" /aws")[0] for why in evidence["cleanUp"]["why"]}
    assert kinds == {"table", "secret", "log group", "bucket"}
    assert "Press Ctrl-C again" in capsys.readouterr().out

    monkeypatch.undo()
    assert verify(clean_up=True) == 0
    assert names(aws) == before


def test_one_ctrl_c_during_the_clean_up_does_not_end_it(
    verify: Verify, aws: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = names(aws)
    on(monkeypatch, "DeleteTable", lambda: signal.raise_signal(signal.SIGINT))

    assert verify() == 0

    assert names(aws) == before


def test_results_of_one_day_are_kept_side_by_side(verify: Verify) -> None:
    assert verify() == 0
    assert verify(with_("use", fails)) == 1

    assert [evidence["verdict"] for evidence in verify.evidence] == ["passed", "failed"]


def twice() -> None:
    """Press Ctrl-C two times."""
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)


def refuse(monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    """Let AWS refuse an operation."""

    def refused() -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not allowed"}}, operation)

    on(monkeypatch, operation, refused)

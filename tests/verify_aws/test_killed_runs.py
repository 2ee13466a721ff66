"""What a killed run left is found by its bucket and removed; nothing else is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from support.small_verification import REGION, Verify, bucket, deploy, names, steps
from verify_aws.identity import NotARun, Run
from verify_aws.plan import Figures, Stage, Step
from verify_aws.records import Records
from verify_aws.shell import LocalShell

NAME = "rollcall-verify-0123abcd"


def killed(verify: Verify, aws: boto3.Session, *, hours: float = 0, here: bool = False, name: str = NAME) -> Run:
    """A run that made everything and ended without its clean-up."""
    run = Run(name, datetime.now(UTC).replace(microsecond=0) - timedelta(hours=hours))
    stage = Stage(run, aws, LocalShell({}))
    for step in steps(run, True):
        if step.work in (bucket, deploy):
            step.work(stage, step)
    if here:
        with Records(verify.folder / "records").alive(name):
            pass
    return run


@pytest.mark.parametrize("found", [{"here": True}, {"hours": 4.0}], ids=["of this machine", "hours ago"])
def test_a_killed_run_is_removed(verify: Verify, aws: boto3.Session, found: dict[str, Any]) -> None:
    before = names(aws)
    killed(verify, aws, **found)
    assert names(aws) != before

    assert verify(clean_up=True) == 0

    assert names(aws) == before
    assert verify.evidence == []


def test_the_next_run_removes_it_first(verify: Verify, aws: boto3.Session, capsys: pytest.CaptureFixture[str]) -> None:
    before = names(aws)
    killed(verify, aws, here=True)

    assert verify() == 0

    assert names(aws) == before
    assert f"the remaining resources of {NAME} are deleted" in capsys.readouterr().out


def test_a_run_that_may_be_alive_elsewhere_is_removed_by_its_name_only(
    verify: Verify, aws: boto3.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    before = names(aws)
    killed(verify, aws, hours=1)
    with_it = names(aws)

    assert verify(clean_up=True) == 0
    assert names(aws) == with_it
    assert f"--clean-up --run {NAME}" in capsys.readouterr().out

    assert verify(clean_up=True, run=NAME) == 0
    assert names(aws) == before


def test_a_run_that_is_alive_on_this_machine_stays(verify: Verify, aws: boto3.Session) -> None:
    killed(verify, aws, hours=4)
    with_it = names(aws)

    with Records(verify.folder / "records").alive(NAME):
        assert verify(clean_up=True, run=NAME) == 1
        assert verify() == 0

    assert names(aws) == with_it


def test_buckets_that_are_no_runs_stay(verify: Verify, aws: boto3.Session) -> None:
    s3 = aws.client("s3")
    for name in ("rollcall-verify-0123abcde", "rollcall-verify-prod", "rollcall", "rollcall-verify-89abcdef"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    tags: Any = {"TagSet": [{"Key": "rollcall-verify", "Value": "somebody-elses"}]}
    s3.put_bucket_tagging(Bucket="rollcall-verify-89abcdef", Tagging=tags)
    before = names(aws)

    assert verify(clean_up=True, run="rollcall-verify-89abcdef") == 1
    assert verify() == 0

    assert names(aws) == before


@pytest.mark.parametrize("name", ["", "rollcall", "rollcall-verify-", "rollcall-verify-xyz", f"{NAME}/"])
def test_nothing_is_found_by_a_name_that_is_no_runs(name: str) -> None:
    with pytest.raises(NotARun):
        Run(name, datetime.now(UTC))


def test_two_runs_at_once_do_not_touch_each_other(verify: Verify, aws: boto3.Session) -> None:
    before = names(aws)
    seen: list[set[str]] = []

    def another_run(stage: Stage, step: Step) -> Figures:
        own = {name for kind in names(aws).values() for name in kind if stage.run.name in name}
        assert verify() == 0
        seen.append(own - {name for kind in names(aws).values() for name in kind})
        return {}

    def with_another(run: Run, sets_logs_role: bool) -> list[Step]:
        own = steps(run, sets_logs_role)
        return [*own[:3], Step("use", "Use", 1, another_run)]

    assert verify(with_another) == 0

    assert seen == [set()]
    assert names(aws) == before
    assert [evidence["verdict"] for evidence in verify.evidence] == ["passed", "passed"]


def test_the_answer_of_a_clean_up_is_json(
    verify: Verify, aws: boto3.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    killed(verify, aws, here=True)

    assert verify(clean_up=True, json=True) == 0

    answer = json.loads(capsys.readouterr().out)
    assert answer["removed"][NAME]["counts"]["table"] == 1
    assert answer["removed"][NAME]["left"] == []


def test_a_clean_up_asks_first(verify: Verify, aws: boto3.Session) -> None:
    killed(verify, aws, here=True)
    with_it = names(aws)
    asked: list[str] = []

    def no(question: str) -> bool:
        asked.append(question)
        return False

    verify.settings["ask"] = no
    assert verify(clean_up=True, yes=False) == 2

    [question] = asked
    assert NAME in question
    assert names(aws) == with_it

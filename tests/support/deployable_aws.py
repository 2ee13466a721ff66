"""An AWS account in which nothing was deployed, for the checks before a deployment; and stacks in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from typer.testing import CliRunner

from cli.main import app
from support.answering_aws import AnsweringAws
from support.repository import ROOT

REGION: Final = "eu-central-1"
ACCOUNT: Final = "111122223333"

Answers = dict[str, Any]


@contextmanager
def signed_in(found: AnsweringAws) -> Iterator[AnsweringAws]:
    """Let commands ask there, with credentials and a region, in the directory of Rollcall."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "ROLLCALL_STACK"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_REGION", REGION)
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.chdir(ROOT)
        with found.answering():
            yield found


@contextmanager
def new_account() -> Iterator[AnsweringAws]:
    """An AWS account in which nothing was deployed yet, and where everything may be looked at."""
    found = AnsweringAws(
        GetCallerIdentity={"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/ann"},
        DescribeStacks="ValidationError",
        ListSecrets={"SecretList": []},
        ListTables={"TableNames": []},
        DescribeLogGroups={"logGroups": []},
        GetAccountSettings=quota(1000, 1000),
        GetAccount={},
        GetRole={},
        DescribeAlarms={"MetricAlarms": []},
    )
    with signed_in(found):
        yield found


def stack(status: str, name: str = "rollcall", **parameters: str) -> Callable[[Answers], Any]:
    """What DescribeStacks answers where that stack is alone, in that state and with these parameters."""
    described = {
        "StackName": name,
        "StackStatus": status,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        "Description": "Rollcall: a SCIM 2.0 service provider that ...",
    }
    return lambda asked: {"Stacks": [described]} if asked["StackName"] == name else "ValidationError"


def deployed(**parameters: str) -> Callable[[Answers], Any]:
    """The stack `rollcall` after deployments of the section prod, with these parameters added."""
    return stack("UPDATE_COMPLETE", **{"Environment": "prod", "SetApiGatewayLogsRole": "true", **parameters})


def quota(most: int, free: int) -> Answers:
    """The quota of Lambda executions, and how many of them are not reserved."""
    return {"AccountLimit": {"ConcurrentExecutions": most, "UnreservedConcurrentExecutions": free}}


def checked(*arguments: str, code: int = 0) -> Any:
    """The answer of `rollcall deploy check` in JSON, with that exit code."""
    result = CliRunner().invoke(app, ["deploy", "check", *arguments, "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def looks(answer: Any, name: str) -> list[tuple[str, str]]:
    """The verdicts under a name, each with what was seen and what to do."""
    return [(one["verdict"], f"{one['seen']} / {one['remedy']}") for one in answer["checks"] if one["name"] == name]

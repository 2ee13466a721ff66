"""`rollcall deploy check` and `prepare`: each look, against AWS as a test says that it answers."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, TokenRetrievalError
from typer.testing import CliRunner, Result

from cli.main import app
from operations.deploying import leftovers
from operations.deploying.account_looks import reserved_executions
from operations.deploying.preflight import USD_A_MONTH
from operations.deploying.settings import read_settings
from support import stack_template
from support.answering_aws import AnsweringAws
from support.repository import ROOT

runner = CliRunner()
REGION = "eu-central-1"
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/abc"
DOMAIN = f"DomainName=scim.example.com CertificateArn={CERTIFICATE} HostedZoneId=Z1"

Answers = dict[str, Any]


def no_stack(_: Answers) -> str:
    return "ValidationError"


def stack(status: str, name: str = "rollcall", **parameters: str) -> Callable[[Answers], Any]:
    """The stack `rollcall`, alone, in that state and with these parameters."""
    described = {
        "StackName": name,
        "StackStatus": status,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        "Description": "Rollcall: a SCIM 2.0 service provider that ...",
    }
    return lambda asked: {"Stacks": [described]} if asked["StackName"] == name else "ValidationError"


def deployed(**parameters: str) -> Callable[[Answers], Any]:
    return stack("UPDATE_COMPLETE", **{"Environment": "prod", "SetApiGatewayLogsRole": "true", **parameters})


def quota(most: int, free: int) -> Answers:
    return {"AccountLimit": {"ConcurrentExecutions": most, "UnreservedConcurrentExecutions": free}}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[AnsweringAws]:
    """An AWS account in which nothing was deployed yet, and where everything may be looked at."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "ROLLCALL_STACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.chdir(ROOT)
    found = AnsweringAws(
        GetCallerIdentity={"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/ann"},
        DescribeStacks=no_stack,
        ListSecrets={"SecretList": []},
        ListTables={"TableNames": []},
        DescribeLogGroups={"logGroups": []},
        GetAccountSettings=quota(1000, 1000),
        GetAccount={},
        GetRole={},
        DescribeAlarms={"MetricAlarms": []},
    )
    with found.answering():
        yield found


def checked(*arguments: str, code: int = 0) -> Any:
    result = runner.invoke(app, ["deploy", "check", *arguments, "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def looks(answer: Any, name: str) -> list[tuple[str, str]]:
    """The verdicts under a name, each with what was seen and what to do."""
    return [(one["verdict"], f"{one['seen']} / {one['remedy']}") for one in answer["checks"] if one["name"] == name]


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
    assert [line for line in lines if line.startswith("note")] == [
        "note Alarms: go to no address: AlarmEmail is not set"
    ]
    assert "aws-sam-cli-managed-default" in result.stdout


@pytest.mark.parametrize("spelled", [["--check"], ["--check", "dev"], ["dev", "--check"], ["check"], ["check", "dev"]])
def test_the_option_and_the_command_are_the_same_and_dev_is_the_default(aws: AnsweringAws, spelled: list[str]) -> None:
    result = runner.invoke(app, ["deploy", *spelled, "--json"])

    assert (json.loads(result.stdout)["section"], json.loads(result.stdout)["stack"]) == ("dev", "rollcall-dev")


def test_a_check_changes_nothing(aws: AnsweringAws) -> None:
    aws.answers["DescribeStacks"] = stack("ROLLBACK_COMPLETE")

    checked("prod")

    assert {name for name, _ in aws.asked if not name.startswith(("Get", "Describe", "List"))} == set()


SEEN: dict[str, tuple[list[str], Answers, tuple[str, str, str]]] = {
    "expired credentials": ([], {"GetCallerIdentity": "ExpiredToken"}, ("AWS account", "stop", "aws sso login")),
    "expired sign-in": (
        [],
        {"GetCallerIdentity": TokenRetrievalError(provider="sso", error_msg="expired")},
        ("AWS account", "stop", "aws sso login"),
    ),
    "no network": (
        [],
        {"GetCallerIdentity": EndpointConnectionError(endpoint_url="https://sts")},
        ("AWS account", "stop", "Check network"),
    ),
    "a change set never executed": ([], {"DescribeStacks": stack("REVIEW_IN_PROGRESS")}, ("Stack", "ok", "created")),
    "a stack": ([], {"DescribeStacks": deployed()}, ("Stack", "ok", "will be updated")),
    "a failed first deployment": (
        [],
        {"DescribeStacks": stack("ROLLBACK_COMPLETE")},
        ("Stack", "note", "describe-stack-events --stack-name rollcall --region eu-central-1"),
    ),
    "an update that could not be rolled back": (
        [],
        {"DescribeStacks": stack("UPDATE_ROLLBACK_FAILED")},
        ("Stack", "stop", "continue-update-rollback --stack-name rollcall --region eu-central-1"),
    ),
    "a roll-back that failed": (
        [],
        {"DescribeStacks": stack("ROLLBACK_FAILED")},
        ("Stack", "stop", "delete-stack --stack-name rollcall"),
    ),
    "an update that failed": (
        [],
        {"DescribeStacks": stack("UPDATE_FAILED")},
        ("Stack", "stop", "rollback-stack --stack-name rollcall"),
    ),
    "a deployment that is running": (
        [],
        {"DescribeStacks": stack("UPDATE_IN_PROGRESS")},
        ("Stack", "stop", "wait stack-update-complete"),
    ),
    "a deletion that is running": (
        [],
        {"DescribeStacks": stack("DELETE_IN_PROGRESS")},
        ("Stack", "stop", "wait stack-delete-complete"),
    ),
    "nothing left": ([], {}, ("Left-overs", "ok", "none")),
    "the secret of default": (
        [],
        {"ListSecrets": {"SecretList": [{"Name": "rollcall/connectors/default"}]}},
        ("Left-overs", "stop", "rollcall deploy adopt prod"),
    ),
    "a secret that is being deleted": (
        [],
        {"ListSecrets": {"SecretList": [{"Name": "rollcall/connectors/rollcall-check", "DeletedDate": 0}]}},
        ("Left-overs", "stop", "restore-secret --secret-id rollcall/connectors/rollcall-check"),
    ),
    "secrets of other accounts": (
        [],
        {"ListSecrets": {"SecretList": [{"Name": "rollcall/connectors/acme"}, {"Name": "rollcall-dev/connectors/x"}]}},
        ("Left-overs", "note", "secret rollcall/connectors/acme /"),
    ),
    "a table": (
        [],
        {
            "ListTables": {"TableNames": ["other", "rollcall-UsersTable-1", "rollcall-dev-UsersTable-2"]},
            "DescribeTable": {"Table": {"ItemCount": 7}},
        },
        ("Left-overs", "note", "table rollcall-UsersTable-1 (7 items at DynamoDB's last count) /"),
    ),
    "a log group": (
        [],
        {"DescribeLogGroups": {"logGroups": [{"logGroupName": "/aws/lambda/rollcall/requests"}]}},
        ("Left-overs", "stop", "log group /aws/lambda/rollcall/requests"),
    ),
    "log groups of others": (
        [],
        {"DescribeLogGroups": {"logGroups": [{"logGroupName": "/aws/lambda/rollcall/Another"}]}},
        ("Left-overs", "ok", "none"),
    ),
    "a new account's quota": ([], {"GetAccountSettings": quota(10, 10)}, ("Lambda's executions", "note", "quota 10")),
    "a reservation above the quota": (
        ["ReservedConcurrency=20"],
        {"GetAccountSettings": quota(300, 300)},
        ("Lambda's executions", "stop", "ReservedConcurrency=0"),
    ),
    "a reservation that fits": (
        ["ReservedConcurrency=20"],
        {"GetAccountSettings": quota(1000, 1000)},
        ("Lambda's executions", "ok", "reserves 287"),
    ),
    "a reservation that the stack has already": (
        [],
        {"GetAccountSettings": quota(400, 113), "DescribeStacks": deployed(ReservedConcurrency="20")},
        ("Lambda's executions", "ok", "reserves 287"),
    ),
    "no role for logs": ([], {}, ("API Gateway's role for logs", "ok", "the stack sets it")),
    "a role of somebody else, taken over": (
        ["SetApiGatewayLogsRole=true"],
        {"GetAccount": {"cloudwatchRoleArn": f"{ROLE}theirs"}},
        ("API Gateway's role for logs", "stop", f"{ROLE}theirs is set, which this stack did not make"),
    ),
    "a role of somebody else, taken over by an update": (
        ["SetApiGatewayLogsRole=true"],
        {
            "GetAccount": {"cloudwatchRoleArn": f"{ROLE}theirs"},
            "DescribeStacks": deployed(SetApiGatewayLogsRole="false"),
        },
        ("API Gateway's role for logs", "stop", f"{ROLE}theirs is set"),
    ),
    "a role of an earlier stack of this name": (
        [],
        {"GetAccount": {"cloudwatchRoleArn": f"{ROLE}rollcall-ApiGatewayLogsRole-1"}},
        ("API Gateway's role for logs", "ok", "the stack sets it"),
    ),
    "a role that was deleted": (
        [],
        {"GetAccount": {"cloudwatchRoleArn": f"{ROLE}theirs"}, "GetRole": "NoSuchEntity"},
        ("API Gateway's role for logs", "ok", "the stack sets it"),
    ),
    "no role, and none wanted": (
        ["SetApiGatewayLogsRole=false"],
        {},
        ("API Gateway's role for logs", "stop", "needs one"),
    ),
    "a role that cannot be seen": (
        [],
        {"GetAccount": "AccessDeniedException"},
        ("API Gateway's role for logs", "stop", "must not be taken over"),
    ),
    "a firing alarm": (
        [],
        {"DescribeStacks": deployed(), "DescribeAlarms": {"MetricAlarms": [{"AlarmName": "x"}]}},
        ("Release alarms", "stop", "make deploy ENV=prod AT_ONCE=1"),
    ),
    "a firing alarm, and a repair": (
        ["Rollout=at-once"],
        {"DescribeStacks": deployed(), "DescribeAlarms": {"MetricAlarms": [{"AlarmName": "x"}]}},
        ("Release alarms", "note", "not asked"),
    ),
    "quiet alarms": ([], {"DescribeStacks": deployed()}, ("Release alarms", "ok", "none")),
    "an address for alarms": (["AlarmEmail=a@b.example"], {}, ("Alarms", "ok", "a@b.example")),
    "an address in the stack": ([], {"DescribeStacks": deployed(AlarmEmail="a@b.example")}, ("Alarms", "ok", "a@b")),
    "a parameter that the section lost": (
        [],
        {"DescribeStacks": deployed(RequestsPerSecond="7", Rollout="at-once")},
        ("Parameters", "note", "what the stack has: RequestsPerSecond=7 /"),
    ),
    "two firewalls": (
        ["EnableWaf=true", f"WebAclArn=arn:aws:wafv2:{REGION}:1:regional/webacl/a/b"],
        {},
        ("Firewall", "stop", "Choose one"),
    ),
    "a firewall of another region": (
        ["WebAclArn=arn:aws:wafv2:us-east-1:1:regional/webacl/a/b"],
        {},
        ("WebAclArn", "stop", "us-east-1"),
    ),
    "a key of another region": (
        ["EncryptionKeyArn=arn:aws:kms:us-east-1:1:key/a"],
        {},
        ("EncryptionKeyArn", "stop", "us-east-1"),
    ),
    "a certificate of another region": (
        ["DomainName=scim.example.com", "CertificateArn=arn:aws:acm:us-east-1:1:certificate/a"],
        {},
        ("CertificateArn", "stop", "us-east-1"),
    ),
    "a name without a certificate": (["DomainName=scim.example.com"], {}, ("Host name", "stop", "CertificateArn")),
    "a certificate that is not there": (
        [DOMAIN],
        {"DescribeCertificate": "ResourceNotFoundException"},
        ("Certificate", "stop", "there is no"),
    ),
    "a certificate that is not issued": (
        [DOMAIN],
        {"DescribeCertificate": {"Certificate": {"Status": "PENDING_VALIDATION", "DomainName": "scim.example.com"}}},
        ("Certificate", "stop", "PENDING_VALIDATION"),
    ),
    "a certificate for another name": (
        [DOMAIN],
        {"DescribeCertificate": {"Certificate": {"Status": "ISSUED", "DomainName": "www.example.com"}}},
        ("Certificate", "stop", "www.example.com"),
    ),
    "a certificate for all names": (
        [DOMAIN],
        {"DescribeCertificate": {"Certificate": {"Status": "ISSUED", "DomainName": "*.example.com"}}},
        ("Certificate", "ok", "scim.example.com"),
    ),
    "a hosted zone that is not there": (
        [DOMAIN],
        {"GetHostedZone": "NoSuchHostedZone"},
        ("Hosted zone", "stop", "there is no Z1"),
    ),
    "a hosted zone of another name": (
        [DOMAIN],
        {"GetHostedZone": {"HostedZone": {"Name": "ample.com."}}},
        ("Hosted zone", "stop", "cannot hold"),
    ),
    "a hosted zone": (
        [DOMAIN],
        {"GetHostedZone": {"HostedZone": {"Name": "example.com."}}},
        ("Hosted zone", "ok", "example.com holds scim.example.com"),
    ),
    "another processor": (["Architecture=x86_64"], {}, ("Section", "stop", "it builds for arm64")),
}
"""By what is there: parameters, what AWS answers, and the look with its verdict and a part of what it says."""


@pytest.mark.parametrize("case", SEEN)
def test_each_look_says_what_it_saw_and_what_to_do(aws: AnsweringAws, case: str) -> None:
    parameters, answers, (name, verdict, said) = SEEN[case]
    aws.answers |= answers

    answer = checked("prod", "--parameters", " ".join(parameters), code=1 if verdict == "stop" else 0)

    [(found, text)] = [one for one in looks(answer, name) if said in one[1]]
    assert found == verdict, text
    assert answer["ok"] is (verdict != "stop")


LOOKS = {
    "DescribeStacks": ("Stack", "cloudformation:DescribeStacks"),
    "ListSecrets": ("Left-overs", "secretsmanager:ListSecrets"),
    "ListTables": ("Left-overs", "dynamodb:ListTables"),
    "DescribeLogGroups": ("Left-overs", "logs:DescribeLogGroups"),
    "GetAccountSettings": ("Lambda's executions", "lambda:GetAccountSettings"),
    "DescribeAlarms": ("Release alarms", "cloudwatch:DescribeAlarms"),
    "DescribeCertificate": ("Certificate", "acm:DescribeCertificate"),
    "GetHostedZone": ("Hosted zone", "route53:GetHostedZone"),
}


@pytest.mark.parametrize("refused", ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"])
@pytest.mark.parametrize("operation", LOOKS)
def test_what_may_not_be_looked_at_is_a_note(aws: AnsweringAws, operation: str, refused: str) -> None:
    name, permission = LOOKS[operation]
    if operation == "DescribeAlarms":
        aws.answers["DescribeStacks"] = deployed()
    aws.answers |= {
        "DescribeCertificate": {"Certificate": {"Status": "ISSUED", "DomainName": "scim.example.com"}},
        "GetHostedZone": {"HostedZone": {"Name": "example.com."}},
        operation: refused,
    }

    answer = checked("prod", "--parameters", DOMAIN)

    assert ("note", f"not checked: the credentials lack {permission} / None") in looks(answer, name)
    assert ("ok", "none of an earlier stack of this name / None") not in looks(
        answer, "Left-overs"
    ) or name != "Left-overs"


def test_a_service_that_does_not_answer_is_a_note(aws: AnsweringAws) -> None:
    aws.answers["GetAccountSettings"] = EndpointConnectionError(endpoint_url="https://lambda")

    [(verdict, text)] = looks(checked("prod"), "Lambda's executions")

    assert (verdict, "https://lambda" in text) == ("note", True)


def test_a_role_of_somebody_else_is_used_and_the_deployment_is_given_that_choice(aws: AnsweringAws) -> None:
    aws.answers["GetAccount"] = {"cloudwatchRoleArn": f"{ROLE}theirs"}

    answer = checked("prod")

    assert looks(answer, "API Gateway's role for logs")[0][0] == "ok"
    assert answer["parameters"]["SetApiGatewayLogsRole"] == "false"


@pytest.mark.parametrize("present", [{"SetApiGatewayLogsRole": "true"}, {"SetApiGatewayLogsRole": "false"}])
def test_a_stack_keeps_what_it_has_about_the_role(aws: AnsweringAws, present: dict[str, str]) -> None:
    aws.answers |= {
        "DescribeStacks": stack("UPDATE_COMPLETE", **present),
        "GetAccount": {"cloudwatchRoleArn": f"{ROLE}theirs"},
    }

    assert "SetApiGatewayLogsRole" not in checked("prod")["parameters"]


def test_an_adopted_stack_takes_over_no_role_either(aws: AnsweringAws) -> None:
    aws.answers |= {
        "DescribeStacks": stack("IMPORT_COMPLETE"),
        "GetAccount": {"cloudwatchRoleArn": f"{ROLE}theirs"},
    }

    assert checked("prod")["parameters"]["SetApiGatewayLogsRole"] == "false"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"Outputs": [{"OutputKey": "ConnectorSecretPrefix", "OutputValue": "rollcall/connectors/"}]}, 0),
        ({"Description": stack_template.written(stack_template.PATH.read_text(encoding="utf-8"))["Description"]}, 0),
        ({}, 1),
        ({"Description": "Orders"}, 1),
    ],
    ids=["outputs", "the template's description", "neither", "another"],
)
@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE"])
def test_a_stack_of_something_else_is_left_alone(aws: AnsweringAws, more: Answers, code: int, status: str) -> None:
    found = {"StackName": "rollcall", "StackStatus": status, **more}
    aws.answers["DescribeStacks"] = lambda asked: (
        {"Stacks": [found]} if asked["StackName"] == "rollcall" else "ValidationError"
    )

    [(verdict, text)] = looks(checked("prod", code=code), "Stack")

    assert (verdict == "stop", "is no stack of Rollcall" in text) == (bool(code), bool(code))


def test_a_section_that_was_not_named_says_which_other_stack_is_there(aws: AnsweringAws) -> None:
    aws.answers["DescribeStacks"] = deployed()

    unnamed, named = checked(), checked("dev")

    assert [text for verdict, text in looks(unnamed, "Section") if verdict == "note"] == [
        "rollcall is here too and is not touched; this deployment is for rollcall-dev "
        "/ To deploy rollcall: make deploy ENV=prod"
    ]
    assert [verdict for verdict, _ in looks(named, "Section")] == ["ok"]


def test_in_dev_no_alarm_is_asked(aws: AnsweringAws) -> None:
    aws.answers |= {
        "DescribeStacks": stack("UPDATE_COMPLETE", "rollcall-dev", Environment="dev"),
        "DescribeAlarms": {"MetricAlarms": [{"AlarmName": "x"}]},
    }

    assert looks(checked("dev"), "Release alarms") == []


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

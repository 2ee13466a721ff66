"""`rollcall deploy adopt`: what is left of a stack goes into a new one, against AWS as a test says that it answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from support import stack_template
from support.answering_aws import AnsweringAws
from support.deployable_aws import signed_in
from support.repository import ROOT

runner = CliRunner()
TABLE = "rollcall-UsersTable-1"
DEFAULT = "rollcall/connectors/default"
CHECK = "rollcall/connectors/rollcall-check"
REQUESTS = "/aws/lambda/rollcall/requests"
WATCH = "/aws/lambda/rollcall/Watch"
AWS_KEY = "arn:aws:kms:eu-central-1:111122223333:key/of-aws"

Answers = dict[str, Any]


def arn(secret: str) -> str:
    return f"arn:aws:secretsmanager:eu-central-1:111122223333:secret:{secret}-AbCdEf"


def described_table(**more: Any) -> Answers:
    """The table as template.yaml makes it, with an encryption key of AWS."""
    made = {
        "TableName": TABLE,
        "ItemCount": 5,
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "DeletionProtectionEnabled": True,
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": AWS_KEY},
    }
    return {"Table": made | more}


@pytest.fixture
def aws() -> Iterator[AnsweringAws]:
    """An AWS account where the stack `rollcall` was deleted, and CloudFormation imports what it is asked to."""
    secrets = [{"Name": DEFAULT}, {"Name": "rollcall/connectors/acme"}]
    groups: list[Answers] = [{"logGroupName": REQUESTS, "retentionInDays": 90}]
    recovery = {"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 35}

    def stack(_: Answers) -> Any:
        done = {"StackName": "rollcall", "StackStatus": "IMPORT_COMPLETE"}
        return {"Stacks": [done]} if found.of("ExecuteChangeSet") else "ValidationError"

    found = AnsweringAws(
        DescribeStacks=stack,
        ListTables={"TableNames": [TABLE]},
        DescribeTable=described_table(),
        DescribeContinuousBackups={"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": recovery}},
        DescribeTimeToLive={"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}},
        ListSecrets={"SecretList": secrets},
        DescribeSecret=lambda asked: {"ARN": arn(asked["SecretId"]), "Description": "Rollcall: key"},
        DescribeLogGroups=lambda asked: {
            "logGroups": [one for one in groups if one["logGroupName"].startswith(asked["logGroupNamePrefix"])]
        },
        CreateChangeSet={},
        DescribeChangeSet={"Status": "CREATE_COMPLETE"},
        ExecuteChangeSet={},
    )
    with signed_in(found):
        yield found


def adopt(*arguments: str, typed: str = "") -> Result:
    return runner.invoke(app, ["deploy", "adopt", "prod", *arguments], input=typed)


def imported(aws: AnsweringAws) -> tuple[Answers, dict[str, Answers]]:
    """The resources of the template that CloudFormation was given, and how it was to find them."""
    [asked] = aws.of("CreateChangeSet")
    assert (asked["StackName"], asked["ChangeSetType"]) == ("rollcall", "IMPORT")
    assert [one["ChangeSetName"] for one in aws.of("ExecuteChangeSet")] == [asked["ChangeSetName"]]
    template: Answers = json.loads(asked["TemplateBody"])
    resources: Answers = template["Resources"]
    # By which the check before the next deployment knows it.
    assert template["Description"].startswith("Rollcall: a SCIM 2.0 service provider")
    found = {one["LogicalResourceId"]: one["ResourceIdentifier"] for one in asked["ResourcesToImport"]}
    assert {one["LogicalResourceId"]: one["ResourceType"] for one in asked["ResourcesToImport"]} == {
        name: one["Type"] for name, one in resources.items()
    }
    return resources, found


def test_table_secret_and_log_group_are_imported_as_what_the_template_names(aws: AnsweringAws) -> None:
    result = adopt("--yes", "--json")

    assert result.exit_code == 0, result.output
    resources, found = imported(aws)
    assert found == {
        "UsersTable": {"TableName": TABLE},
        "DefaultAccountSecret": {"Id": arn(DEFAULT)},
        "RequestsLog": {"LogGroupName": REQUESTS},
    }
    template = stack_template.written(stack_template.PATH.read_text(encoding="utf-8"))["Resources"]
    assert {name: one["Type"] for name, one in resources.items()} == {name: template[name]["Type"] for name in found}
    assert {one["DeletionPolicy"] for one in resources.values()} == {"Retain"}
    assert json.loads(result.stdout) == {"stack": "rollcall", "adopted": [TABLE, arn(DEFAULT), REQUESTS]}


def test_the_next_deployment_finds_the_table_as_the_template_has_it(aws: AnsweringAws) -> None:
    assert adopt("--yes").exit_code == 0

    ours = imported(aws)[0]["UsersTable"]["Properties"]
    theirs = stack_template.written(stack_template.PATH.read_text(encoding="utf-8"))["Resources"]["UsersTable"]
    # Without a name, which a later template does not have: CloudFormation would replace the table with an empty one.
    assert ours.keys() == theirs["Properties"].keys() - {"ContributorInsightsSpecification"}
    for name in ours.keys() - {"SSESpecification"}:
        assert ours[name] == theirs["Properties"][name], name
    assert ours["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}


def test_a_key_of_your_own_is_named(aws: AnsweringAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("samconfig.toml", "template.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    text = (tmp_path / "samconfig.toml").read_text()
    (tmp_path / "samconfig.toml").write_text(
        text.replace('"Environment=prod Architecture=arm64"', f'"Environment=prod EncryptionKeyArn={AWS_KEY}"')
    )
    monkeypatch.chdir(tmp_path)

    assert adopt("--yes").exit_code == 0

    assert imported(aws)[0]["UsersTable"]["Properties"]["SSESpecification"]["KMSMasterKeyId"] == AWS_KEY


def test_a_restored_table_is_imported_as_it_is(aws: AnsweringAws) -> None:
    bare = described_table(TableName="restored", DeletionProtectionEnabled=False)
    for name in ("StreamSpecification", "SSEDescription"):
        del bare["Table"][name]
    backups: Answers = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}}
    aws.answers |= {
        "ListTables": {"TableNames": []},
        "DescribeTable": bare,
        "DescribeContinuousBackups": {"ContinuousBackupsDescription": backups},
        "DescribeTimeToLive": {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}},
    }

    assert adopt("--yes", "--users-table", "restored").exit_code == 0

    resources, found = imported(aws)
    assert found["UsersTable"] == {"TableName": "restored"}
    assert resources["UsersTable"]["Properties"]["DeletionProtectionEnabled"] is False
    lost = {"StreamSpecification", "PointInTimeRecoverySpecification", "TimeToLiveSpecification"}
    assert not lost & resources["UsersTable"]["Properties"].keys()


@pytest.mark.parametrize("typed", ["", "n\n"], ids=["no answer", "no"])
def test_without_a_yes_nothing_is_imported_or_deleted(aws: AnsweringAws, typed: str) -> None:
    result = adopt(typed=typed)

    assert result.exit_code == 1
    assert f"around the table {TABLE} and {DEFAULT}, rollcall/connectors/acme, {REQUESTS}?" in result.stderr
    assert not [name for name, _ in aws.asked if not name.startswith(("Describe", "List"))]


def stack_in(status: str) -> Callable[[Answers], Any]:
    return lambda _: {
        "Stacks": [
            {"StackName": "rollcall", "StackStatus": status, "Description": "Rollcall: a SCIM 2.0 service provider"}
        ]
    }


REFUSED: dict[str, tuple[list[str], Answers, str]] = {
    "a stack": ([], {"DescribeStacks": stack_in("CREATE_COMPLETE")}, "exists (CREATE_COMPLETE)"),
    "the failed stack of something else": (
        [],
        {"DescribeStacks": {"Stacks": [{"StackName": "rollcall", "StackStatus": "ROLLBACK_COMPLETE"}]}},
        "exists (ROLLBACK_COMPLETE)",
    ),
    "no table": ([], {"ListTables": {"TableNames": []}}, "--users-table"),
    "two tables": ([], {"ListTables": {"TableNames": [TABLE, "rollcall-UsersTable-2"]}}, f"{TABLE}, rollcall-Users"),
    "another table": (
        ["--users-table", "orders"],
        {"DescribeTable": described_table(KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])},
        "is not a table of Rollcall",
    ),
    "a table that is not there": (
        ["--users-table", "nosuch"],
        {"DescribeTable": "ResourceNotFoundException"},
        "ResourceNotFoundException",
    ),
    "a secret marked for deletion": (
        [],
        {"ListSecrets": {"SecretList": [{"Name": CHECK, "DeletedDate": 0}]}},
        f"restore-secret --region eu-central-1 --secret-id {CHECK}",
    ),
    "a log group of the nested stack": (
        [],
        {"DescribeLogGroups": {"logGroups": [{"logGroupName": WATCH}]}},
        "--delete-logs",
    ),
    "no permission to look": ([], {"ListSecrets": "AccessDeniedException"}, "AccessDenied"),
    "no permission to import": ([], {"CreateChangeSet": "AccessDenied"}, "AccessDenied"),
    "a change set that fails": (
        [],
        {
            "DescribeChangeSet": {
                "Status": "FAILED",
                "StatusReason": "Resource UsersTable already belongs to stack other",
            }
        },
        "already belongs to stack other",
    ),
}
"""By what is there: arguments, what AWS answers, and a part of the line on standard error."""


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_adopted_is_one_line_and_no_stack_is_made(aws: AnsweringAws, case: str) -> None:
    arguments, answers, said = REFUSED[case]
    aws.answers |= answers

    result = adopt("--yes", *arguments)

    assert result.exit_code == 1
    assert said in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.output
    assert result.stdout == ""
    assert not aws.of("ExecuteChangeSet")


def test_an_import_that_fails_says_why(aws: AnsweringAws) -> None:
    events: list[Answers] = [
        {"ResourceStatus": "ROLLBACK_COMPLETE"},
        {"ResourceStatus": "IMPORT_FAILED", "ResourceStatusReason": "Key is disabled"},
    ]
    events = [{"StackId": "x", "EventId": "x", "StackName": "rollcall", "Timestamp": 0, **event} for event in events]
    aws.answers |= {
        "DescribeStacks": lambda asked: (
            stack_in("ROLLBACK_COMPLETE")(asked) if aws.of("ExecuteChangeSet") else "ValidationError"
        ),
        "DescribeStackEvents": {"StackEvents": events},
    }

    result = adopt("--yes")

    assert result.exit_code == 1
    assert "Key is disabled" in result.stderr


def test_log_groups_of_the_nested_stack_are_deleted_when_asked_to(aws: AnsweringAws) -> None:
    aws.answers |= {
        "DescribeLogGroups": lambda asked: {
            "logGroups": [
                {"logGroupName": name} for name in (REQUESTS, WATCH) if name.startswith(asked["logGroupNamePrefix"])
            ]
        },
        "DeleteLogGroup": {},
    }

    result = adopt("--delete-logs", typed="y\n")

    assert result.exit_code == 0, result.output
    assert f"and delete {WATCH}?" in result.stderr
    assert aws.of("DeleteLogGroup") == [{"logGroupName": WATCH}]
    assert "RequestsLog" in imported(aws)[0]


def test_the_stack_of_a_failed_first_deployment_makes_way(aws: AnsweringAws) -> None:
    def stack(asked: Answers) -> Any:
        if aws.of("ExecuteChangeSet"):
            return stack_in("IMPORT_COMPLETE")(asked)
        return "ValidationError" if aws.of("DeleteStack") else stack_in("ROLLBACK_COMPLETE")(asked)

    aws.answers |= {"DescribeStacks": stack, "DeleteStack": {}}

    assert adopt("--yes").exit_code == 0

    names = [name for name, _ in aws.asked]
    assert names.index("DeleteStack") < names.index("CreateChangeSet")
    # Only when all that is to be imported could be read.
    assert names.index("DescribeContinuousBackups") < names.index("DeleteStack")

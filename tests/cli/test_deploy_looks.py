"""`rollcall deploy check`: each look, against AWS as a test says that it answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import EndpointConnectionError, TokenRetrievalError

from support import stack_template
from support.answering_aws import AnsweringAws
from support.deployable_aws import ACCOUNT, REGION, Answers, checked, deployed, looks, new_account, quota, stack

ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/abc"
DOMAIN = f"DomainName=scim.example.com CertificateArn={CERTIFICATE} HostedZoneId=Z1"


@pytest.fixture
def aws() -> Iterator[AnsweringAws]:
    with new_account() as found:
        yield found


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
    "nothing left": ([], {}, ("Leftovers", "ok", "none")),
    "the secret of default": (
        [],
        {"ListSecrets": {"SecretList": [{"Name": "rollcall/connectors/default"}]}},
        ("Leftovers", "stop", "rollcall deploy adopt prod"),
    ),
    "a secret that is being deleted": (
        [],
        {"ListSecrets": {"SecretList": [{"Name": "rollcall/connectors/rollcall-check", "DeletedDate": 0}]}},
        ("Leftovers", "stop", "restore-secret --secret-id rollcall/connectors/rollcall-check"),
    ),
    "secrets of other accounts": (
        [],
        {"ListSecrets": {"SecretList": [{"Name": "rollcall/connectors/acme"}, {"Name": "rollcall-dev/connectors/x"}]}},
        ("Leftovers", "note", "secret rollcall/connectors/acme /"),
    ),
    "a table": (
        [],
        {
            "ListTables": {"TableNames": ["other", "rollcall-UsersTable-1", "rollcall-dev-UsersTable-2"]},
            "DescribeTable": {"Table": {"ItemCount": 7}},
        },
        ("Leftovers", "note", "table rollcall-UsersTable-1 (7 items at DynamoDB's last count) /"),
    ),
    "a log group": (
        [],
        {"DescribeLogGroups": {"logGroups": [{"logGroupName": "/aws/lambda/rollcall/requests"}]}},
        ("Leftovers", "stop", "log group /aws/lambda/rollcall/requests"),
    ),
    "log groups of others": (
        [],
        {"DescribeLogGroups": {"logGroups": [{"logGroupName": "/aws/lambda/rollcall/Another"}]}},
        ("Leftovers", "ok", "none"),
    ),
    "a new account's quota": ([], {"GetAccountSettings": quota(10, 10)}, ("Lambda concurrency", "note", "quota 10")),
    "a reservation above the quota": (
        ["ReservedConcurrency=20"],
        {"GetAccountSettings": quota(300, 300)},
        ("Lambda concurrency", "stop", "ReservedConcurrency=0"),
    ),
    "a reservation that fits": (
        ["ReservedConcurrency=20"],
        {"GetAccountSettings": quota(1000, 1000)},
        ("Lambda concurrency", "ok", "reserves 292"),
    ),
    "a reservation that the stack has already": (
        [],
        {"GetAccountSettings": quota(400, 108), "DescribeStacks": deployed(ReservedConcurrency="20")},
        ("Lambda concurrency", "ok", "reserves 292"),
    ),
    "no role for logs": ([], {}, ("API Gateway log role", "ok", "the stack sets it")),
    "a role of somebody else, taken over": (
        ["SetApiGatewayLogsRole=true"],
        {"GetAccount": {"cloudwatchRoleArn": f"{ROLE}theirs"}},
        ("API Gateway log role", "stop", f"{ROLE}theirs is set, and this stack did not create it"),
    ),
    "a role of somebody else, taken over by an update": (
        ["SetApiGatewayLogsRole=true"],
        {
            "GetAccount": {"cloudwatchRoleArn": f"{ROLE}theirs"},
            "DescribeStacks": deployed(SetApiGatewayLogsRole="false"),
        },
        ("API Gateway log role", "stop", f"{ROLE}theirs is set"),
    ),
    "a role of an earlier stack of this name": (
        [],
        {"GetAccount": {"cloudwatchRoleArn": f"{ROLE}rollcall-ApiGatewayLogsRole-1"}},
        ("API Gateway log role", "ok", "the stack sets it"),
    ),
    "a role that was deleted": (
        [],
        {"GetAccount": {"cloudwatchRoleArn": f"{ROLE}theirs"}, "GetRole": "NoSuchEntity"},
        ("API Gateway log role", "ok", "the stack sets it"),
    ),
    "no role, and none wanted": (
        ["SetApiGatewayLogsRole=false"],
        {},
        ("API Gateway log role", "stop", "needs one"),
    ),
    "a role that cannot be seen": (
        [],
        {"GetAccount": "AccessDeniedException"},
        ("API Gateway log role", "stop", "must not be replaced"),
    ),
    "a firing alarm": (
        [],
        {"DescribeStacks": deployed(), "DescribeAlarms": {"MetricAlarms": [{"AlarmName": "x"}]}},
        ("Release alarms", "stop", "make deploy ENV=prod AT_ONCE=1"),
    ),
    "a firing alarm, and a repair": (
        ["Rollout=at-once"],
        {"DescribeStacks": deployed(), "DescribeAlarms": {"MetricAlarms": [{"AlarmName": "x"}]}},
        ("Release alarms", "note", "ignored"),
    ),
    "quiet alarms": ([], {"DescribeStacks": deployed()}, ("Release alarms", "ok", "none")),
    "an address for alarms": (["AlarmEmail=a@b.example"], {}, ("Alarms", "ok", "a@b.example")),
    "an address in the stack": ([], {"DescribeStacks": deployed(AlarmEmail="a@b.example")}, ("Alarms", "ok", "a@b")),
    "a parameter that the section lost": (
        [],
        {"DescribeStacks": deployed(RequestsPerSecond="7", Rollout="at-once")},
        ("Parameters", "note", "the section does not name: RequestsPerSecond=7 /"),
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
        ("Hosted zone", "stop", "cannot contain"),
    ),
    "a hosted zone": (
        [DOMAIN],
        {"GetHostedZone": {"HostedZone": {"Name": "example.com."}}},
        ("Hosted zone", "ok", "example.com contains scim.example.com"),
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
    "ListSecrets": ("Leftovers", "secretsmanager:ListSecrets"),
    "ListTables": ("Leftovers", "dynamodb:ListTables"),
    "DescribeLogGroups": ("Leftovers", "logs:DescribeLogGroups"),
    "GetAccountSettings": ("Lambda concurrency", "lambda:GetAccountSettings"),
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
    assert ("ok", "none from an earlier stack with this name / None") not in looks(
        answer, "Leftovers"
    ) or name != "Leftovers"


def test_a_service_that_does_not_answer_is_a_note(aws: AnsweringAws) -> None:
    aws.answers["GetAccountSettings"] = EndpointConnectionError(endpoint_url="https://lambda")

    [(verdict, text)] = looks(checked("prod"), "Lambda concurrency")

    assert (verdict, "https://lambda" in text) == ("note", True)


def test_a_role_of_somebody_else_is_used_and_the_deployment_is_given_that_choice(aws: AnsweringAws) -> None:
    aws.answers["GetAccount"] = {"cloudwatchRoleArn": f"{ROLE}theirs"}

    answer = checked("prod")

    assert looks(answer, "API Gateway log role")[0][0] == "ok"
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

    assert (verdict == "stop", "is not a Rollcall stack" in text) == (bool(code), bool(code))


def test_in_dev_no_alarm_is_asked(aws: AnsweringAws) -> None:
    aws.answers |= {
        "DescribeStacks": stack("UPDATE_COMPLETE", "rollcall-dev", Environment="dev"),
        "DescribeAlarms": {"MetricAlarms": [{"AlarmName": "x"}]},
    }

    assert looks(checked("dev"), "Release alarms") == []

"""Look-up of a deployed stack by the operator's command."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from botocore.stub import Stubber

from operations.deployment import Deployment, DeploymentError, deployed
from support.described_stack import described

OUTPUTS = {
    "ScimConnectorBaseUrl": "https://abc.execute-api.eu-central-1.amazonaws.com/v1/scim/v2",
    "TableName": "rollcall-users",
    "ConnectorSecretPrefix": "rollcall/connectors/",
    "Other": "x",
}


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """The CloudFormation client that the code under test will get, with answers of our choice."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client = boto3.client("cloudformation", "eu-central-1")
    monkeypatch.setattr(boto3.Session, "client", lambda self, service, **_: client)
    with Stubber(client) as stubber:
        yield stubber


def test_a_stack_is_found_by_its_outputs(cloudformation: Stubber) -> None:
    cloudformation.add_response("describe_stacks", described(OUTPUTS), {"StackName": "mine"})

    stack = deployed("mine", "eu-central-1", None)

    assert stack.base_url == OUTPUTS["ScimConnectorBaseUrl"]
    assert stack.table_name == "rollcall-users"
    assert stack.secret_prefix == "rollcall/connectors/"


def test_a_stack_of_another_product_is_recognised(cloudformation: Stubber) -> None:
    cloudformation.add_response("describe_stacks", described({"TableName": "x"}))

    with pytest.raises(DeploymentError, match="no output ScimConnectorBaseUrl, ConnectorSecretPrefix"):
        deployed("mine", "eu-central-1", None)


@pytest.mark.parametrize(
    ("code", "says"), [("ValidationError", "'mine' was not found"), ("AccessDenied", r"refused .*\(AccessDenied\)")]
)
def test_an_error_of_cloudformation_is_reported_in_one_line(cloudformation: Stubber, code: str, says: str) -> None:
    cloudformation.add_client_error("describe_stacks", code)

    with pytest.raises(DeploymentError, match=says):
        deployed("mine", "eu-central-1", None)


ARN = "arn:aws:sts::123456789012:assumed-role/Operators/ada"


@pytest.mark.parametrize("answers", [True, False])
def test_the_actor_is_the_identity_at_aws_or_marked_as_not_checked(
    monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    monkeypatch.setenv("USER", "ada")
    monkeypatch.setenv("LOGNAME", "ada")
    session = boto3.Session("test", "test", region_name="eu-central-1")
    client = session.client("sts")
    monkeypatch.setattr(boto3.Session, "client", lambda self, service, **_: client)
    with Stubber(client) as sts:
        if answers:
            sts.add_response("get_caller_identity", {"Arn": ARN, "Account": "123456789012", "UserId": "x"})
        else:
            sts.add_client_error("get_caller_identity", "AccessDenied")

        actor = Deployment("https://scim.example.com/scim/v2", "users", "rollcall/connectors/", session).actor()

    assert actor == (ARN if answers else "ada (not checked)")

"""Table, secrets and logs: nothing is lost, and nothing is readable by others."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.dynamodb.items import EXPIRES
from operations.table_creation import table_definition
from support.stack_template import RESOURCES, TEMPLATE, of_type

TABLE: dict[str, Any] = RESOURCES["UsersTable"]["Properties"]
SECRET: dict[str, Any] = RESOURCES["DefaultAccountSecret"]["Properties"]


def test_the_table_has_the_schema_that_tests_and_the_local_server_use() -> None:
    same = ("KeySchema", "AttributeDefinitions", "BillingMode")

    assert {name: TABLE[name] for name in same} == {name: table_definition("users")[name] for name in same}  # type: ignore[literal-required]  # the names are not literals
    assert TABLE["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_the_table_forgets_by_the_attribute_that_items_have() -> None:
    assert TABLE["TimeToLiveSpecification"] == {"AttributeName": EXPIRES, "Enabled": True}


def test_every_minute_of_the_last_35_days_can_be_restored() -> None:
    assert TABLE["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True,
        "RecoveryPeriodInDays": 35,
    }


def test_the_table_cannot_be_deleted_by_accident() -> None:
    assert TABLE["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize("name", ["UsersTable", "DefaultAccountSecret"])
def test_data_outlives_the_stack(name: str) -> None:
    assert RESOURCES[name]["DeletionPolicy"] in {"Retain", "RetainExceptOnCreate"}
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


def test_a_failed_first_deployment_leaves_nothing_that_the_next_one_meets() -> None:
    left = {name for name, found in RESOURCES.items() if found.get("DeletionPolicy") == "Retain"}

    # Its deletion protection would make the roll-back fail. CloudFormation gives it a name that no other table has.
    assert left == {"UsersTable"}
    assert "TableName" not in RESOURCES["UsersTable"]["Properties"]


GROUPS = sorted(name for name, found in RESOURCES.items() if found["Type"] == "AWS::Logs::LogGroup")


def test_logs_are_kept_as_long_as_the_operator_says() -> None:
    kept = [RESOURCES[name]["Properties"].get("RetentionInDays") for name in GROUPS]

    assert kept == [{"Ref": "LogRetentionDays"}] * len(GROUPS)


def test_no_output_holds_a_secret() -> None:
    assert "resolve:" not in str(TEMPLATE["Outputs"])


@pytest.mark.parametrize("name", GROUPS)
def test_logs_outlive_the_stack_but_not_a_failed_creation(name: str) -> None:
    """Groups have fixed names: what a failed creation left would block the next one."""
    assert RESOURCES[name]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


def test_data_is_encrypted_with_the_operators_key_if_there_is_one() -> None:
    own_key = {"Fn::If": ["HasEncryptionKey", {"Ref": "EncryptionKeyArn"}, {"Ref": "AWS::NoValue"}]}
    groups = [resource for resource in RESOURCES.values() if resource["Type"] == "AWS::Logs::LogGroup"]

    assert TABLE["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": own_key}
    assert SECRET["KmsKeyId"] == own_key
    assert all(group["Properties"]["KmsKeyId"] == own_key for group in groups)


def test_cloudformation_never_holds_a_connector_key() -> None:
    secrets = of_type("AWS::SecretsManager::Secret").values()

    assert not [secret for secret in secrets if {"SecretString", "GenerateSecretString"} & secret.keys()]


def test_the_secret_of_the_default_account_is_where_functions_look() -> None:
    prefix = "${AWS::StackName}/connectors/"

    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    assert SECRET["Name"] == {"Fn::Sub": f"{prefix}default"}
    assert variables["CONNECTOR_SECRET_PREFIX"] == {"Fn::Sub": prefix}
    assert TEMPLATE["Outputs"]["ConnectorSecretPrefix"]["Value"] == {"Fn::Sub": prefix}

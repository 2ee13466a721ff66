"""What CloudFormation does with the templates over the life of a deployment, by its documented rules."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest

from support.previous_release import previous_release
from support.stack_plan import (
    blocking,
    left_after_a_failed_creation,
    left_after_deletion,
    objections,
    replacements,
    undeletable,
)
from support.stack_template import Document, templates
from support.wires import together

Change = Callable[[Document], object]


@pytest.fixture(scope="module")
def today() -> Document:
    return together(templates())


def test_an_update_from_the_previous_release_and_back_loses_nothing(today: Document) -> None:
    assert not objections(previous_release(), today)
    assert not objections(today, previous_release())


def test_the_first_deployment_can_fail_and_be_repeated(today: Document) -> None:
    left = left_after_a_failed_creation(today)

    assert left == ["UsersTable"]
    assert not blocking(today, left)
    assert not undeletable(today)


def test_a_deletion_leaves_users_keys_logs_and_what_others_use(today: Document) -> None:
    left = left_after_deletion(today)
    kinds = {today["Resources"][name]["Type"] for name in left}

    assert {"UsersTable", "DefaultAccountSecret", "ApiGatewayAccount", "ApiGatewayLogsRole"} <= set(left)
    assert {name for name, one in today["Resources"].items() if one["Type"] == "AWS::Logs::LogGroup"} <= set(left)
    assert kinds == {
        "AWS::ApiGateway::Account",
        "AWS::DynamoDB::Table",
        "AWS::IAM::Role",
        "AWS::Logs::LogGroup",
        "AWS::SecretsManager::Secret",
    }


def _property(name: str, key: str, value: object) -> Change:
    return lambda document: document["Resources"][name]["Properties"].update({key: value})


def _renamed(name: str, to: str) -> Change:
    return lambda document: document["Resources"].update({to: document["Resources"].pop(name)})


def _without(name: str) -> Change:
    return lambda document: document["Resources"].pop(name)


def _key_schema(document: Document) -> None:
    document["Resources"]["UsersTable"]["Properties"]["KeySchema"].pop()


def _name_of_the_bus(document: Document) -> None:
    document["Resources"]["EventBus"]["Properties"]["Name"] = {"Fn::Sub": "${AWS::StackName}-${UsersTable}"}


def _condition(document: Document) -> None:
    document["Resources"]["UsersTable"]["Condition"] = "HasEncryptionKey"


def _new_log(document: Document) -> None:
    resources = document["Resources"]
    log = deepcopy(resources["PublisherLog"])
    log["Properties"]["LogGroupName"] = {"Fn::Sub": "/aws/lambda/${AWS::StackName}/New"}
    resources["NewLog"] = log


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        (_property("UsersTable", "TableName", "users"), "UsersTable would be replaced (TableName)"),
        (_key_schema, "UsersTable would be replaced (KeySchema)"),
        (_renamed("UsersTable", "Users"), "UsersTable would leave the stack"),
        (_condition, "UsersTable would have another condition"),
        (_renamed("Api", "Scim"), "Api would leave the stack"),
        (_property("DefaultAccountSecret", "Name", "keys"), "DefaultAccountSecret would be replaced (Name)"),
        (_name_of_the_bus, "EventBus would be replaced (Name)"),
        (_property("UnpublishedEvents", "QueueName", "unpublished"), "UnpublishedEvents would be replaced (QueueName)"),
        (_renamed("RequestsLog", "ApiRequestsLog"), "ApiRequestsLog would be created under a name that RequestsLog"),
        (_new_log, "NewLog would be left when the release before is deployed again"),
    ],
)
def test_a_change_that_loses_something_or_cannot_be_deployed_is_noticed(
    today: Document, change: Change, objection: str
) -> None:
    changed = deepcopy(today)
    change(changed)

    found = objections(today, changed)

    assert any(line.startswith(objection) for line in found), found


def test_what_names_a_replaced_resource_is_replaced_with_it(today: Document) -> None:
    changed = deepcopy(today)
    _name_of_the_bus(changed)

    assert replacements(today, changed) == {
        "EventBus": ["Name"],
        "EventBusPolicy": ["EventBusName"],
        "EventArchive": ["SourceArn"],
    }


def test_a_secret_that_would_stay_after_a_failed_creation_is_noticed(today: Document) -> None:
    changed = deepcopy(today)
    changed["Resources"]["DefaultAccountSecret"]["DeletionPolicy"] = "Retain"

    assert blocking(changed, left_after_a_failed_creation(changed)) == ["DefaultAccountSecret"]


def test_a_protected_table_that_a_roll_back_would_delete_is_noticed(today: Document) -> None:
    changed = deepcopy(today)
    changed["Resources"]["UsersTable"]["DeletionPolicy"] = "RetainExceptOnCreate"

    assert undeletable(changed) == ["UsersTable"]

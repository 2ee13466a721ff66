"""Least privilege: what each role grants, and what each handler calls while it serves its events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from importlib import import_module
from typing import Any
from urllib.parse import quote
from uuid import UUID

import boto3
import pytest
from moto import mock_aws

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from adapters.dynamodb.account_items import MAX_ACTIONS
from adapters.dynamodb.heard import NO_ACCOUNT
from adapters.dynamodb.keys import Collection, partition
from adapters.logs.log import Log
from adapters.secrets.accounts import Accounts
from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from domain.accounts.rate import DEFAULT_RATE
from domain.ports import MemberChange
from handlers.environment.service import ServiceEnvironment
from handlers.service import Service
from local.moto_transactions import cheap_transactions
from local.sample_events import EXAMPLES, GROUP_ID, USER_ID, Example, events, example_requests
from support.lambda_context import LambdaContext
from support.stack_template import FUNCTIONS, OF_THE_API, RESOURCES, SETUP_PAGE, of_type
from support.stand_ins import EMAIL, NOW, SECRET, SECRET_PREFIX, TABLE, Aws

READ_ONE = {"GetItem"}
READ = {"GetItem", "Query", "BatchGetItem"}
WRITE = {"PutItem", "UpdateItem", "DeleteItem"}
CHECK = {"ConditionCheckItem"}
MEMBERSHIPS = READ | WRITE | CHECK
"""What a function may that meets a change of members under way: but in the items of groups alone."""

TABLE_ACTIONS = {
    "CreateUser": READ_ONE | {"Query"} | WRITE,
    "GetUser": READ_ONE,
    "ListUsers": READ,
    "SearchUsers": READ,
    "ReplaceUser": READ_ONE | {"Query"} | WRITE,
    "PatchUser": READ_ONE | {"Query"} | WRITE,
    "DeleteUser": READ_ONE | {"Query", "DeleteItem", "UpdateItem", "PutItem"},
    "ReadGroups": READ,
    "ChangeGroups": READ_ONE | {"Query"} | WRITE | CHECK,
    "Bulk": MEMBERSHIPS,
    "Discovery": set(),
    "Unrouted": MEMBERSHIPS,
    "SeedDefaultAccount": set(),
    "Publisher": set(),
    "SettingsWidget": {"Query", "GetItem", "PutItem"},
    "ServeSetupPage": {"Query"},
    "PreTraffic": set(),
    "Watch": {"Query", "PutItem", "DeleteItem"},
}
"""The actions on the table that each function needs. A transaction counts as the actions in it."""

READ_STREAM = {"GetRecords", "GetShardIterator"}
"""Actions on the table's stream, with names like actions on a table (tests/template/test_events.py)."""

KNOW_NO_RESOURCE = {
    "cloudwatch:DescribeAlarms",
    "logs:GetQueryResults",
    "secretsmanager:ListSecrets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
"""Actions that IAM can limit to no resource (Service Authorization Reference). ListSecrets shows names, not values;
GetQueryResults needs the id that StartQuery returns, and StartQuery is limited."""

Statement = dict[str, Any]


def statements(policy: Any) -> list[Statement]:
    """The statements of a policy document, those that depend on a parameter too."""
    return [found.get("Fn::If", [None, found])[1] for found in policy["Statement"]]


def role(name: str) -> dict[str, Any]:
    """The role of a function, which it may share with others that do the same."""
    return of_type("AWS::IAM::Role")[of_type("AWS::Lambda::Function")[name]["Role"]["Fn::GetAtt"][0]]


def own(name: str) -> list[Statement]:
    """The statements of the function's role, without those that all functions of the API have."""
    policies = role(name).get("Policies", [])
    return [statement for policy in policies for statement in statements(policy["PolicyDocument"])]


def shared() -> list[Statement]:
    """The statements that the functions of the API have in common."""
    return statements(RESOURCES["ServeRequestsPolicy"]["Properties"]["PolicyDocument"])


def of_memberships(name: str) -> list[Statement]:
    """The statements about memberships, which most functions share."""
    if {"Ref": "MembershipsPolicy"} not in role(name).get("ManagedPolicyArns", ()):
        return []
    return statements(RESOURCES["MembershipsPolicy"]["Properties"]["PolicyDocument"])


def actions(statement: Statement) -> set[str]:
    given = statement["Action"]
    return {given} if isinstance(given, str) else set(given)


def on_the_table(name: str) -> set[str]:
    asked = {
        action.removeprefix("dynamodb:"): statement["Resource"]
        for statement in own(name)
        for action in actions(statement)
        if action.startswith("dynamodb:")
    }
    of_a_table = {action for action in asked if "Stream" not in action and action not in READ_STREAM}
    assert all(asked[action] == {"Fn::GetAtt": ["UsersTable", "Arn"]} for action in of_a_table)
    return of_a_table


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_exactly_the_table_actions_of_its_operation(name: str) -> None:
    assert on_the_table(name) == TABLE_ACTIONS[name]


def may(name: str, action: str, collection: Collection) -> bool:
    """Return True if a function may do that with the items of a collection."""
    partition = f"acme#{collection.value}"
    granted = [found for found in [*own(name), *of_memberships(name)] if f"dynamodb:{action}" in actions(found)]
    return any(
        fnmatchcase(partition, pattern)
        for found in granted
        for pattern in found.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", ["*"])
    )


@pytest.mark.parametrize("name", ["GetUser", "ListUsers", "SearchUsers", "Discovery", "ReadGroups", "ChangeGroups"])
def test_a_function_that_does_not_change_users_cannot_write_them(name: str) -> None:
    of_both = {Collection.MEMBER, Collection.GONE}
    of_users = {each for each in Collection if "GROUP" not in each.value and each not in of_both}

    assert not [(action, each) for action in WRITE for each in of_users if may(name, action, each)]


def test_a_function_that_only_deletes_writes_what_it_leaves_and_nothing_else() -> None:
    assert {each for each in Collection if may("DeleteUser", "PutItem", each)} & {
        Collection.GONE, Collection.USER, Collection.EMAIL, Collection.RANK,
    } == {Collection.GONE}  # fmt: skip
    assert {action for action in MEMBERSHIPS if may("ChangeGroups", action, Collection.GONE)} == {"PutItem"}
    for name in ("GetUser", "ListUsers", "SearchUsers", "Discovery", "ReadGroups", "Publisher"):
        assert not [action for action in WRITE if may(name, action, Collection.GONE)]


@pytest.mark.parametrize("name", ["ReadGroups", "ChangeGroups", "Publisher"])
def test_a_function_of_groups_sees_of_users_only_that_they_exist(name: str) -> None:
    checks = CHECK if name == "ChangeGroups" else set()
    assert {action for action in MEMBERSHIPS if may(name, action, Collection.USER)} == {"BatchGetItem"} | checks
    assert not [each for each in (Collection.EMAIL, Collection.USER_NAME) if may(name, "BatchGetItem", each)]


@pytest.mark.parametrize("name", ["GetUser", "ListUsers", "SearchUsers", "ReadGroups", "Publisher"])
def test_a_function_that_reads_members_can_finish_a_change_and_neither_create_nor_rename_groups(name: str) -> None:
    written = {each for each in Collection for action in WRITE if may(name, action, each)}

    assert written == {Collection.GROUP, Collection.MEMBER, Collection.GROUP_OF, Collection.GROUP_JOB}


def test_permissions_by_key_end_where_there_is_no_key_to_compare() -> None:
    """ForAllValues is also true when there is nothing to compare."""
    by_key = [
        found["Condition"]
        for name in FUNCTIONS
        for found in [*own(name), *of_memberships(name)]
        if "ForAllValues:StringLike" in found.get("Condition", {})
    ]

    assert by_key
    assert all(condition["Null"] == {"dynamodb:LeadingKeys": "false"} for condition in by_key)


def test_a_function_of_the_api_can_update_request_counters_and_no_users() -> None:
    (counting,) = [found for found in shared() if any(action.startswith("dynamodb:") for action in actions(found))]

    assert actions(counting) == {"dynamodb:UpdateItem"}
    assert counting["Resource"] == {"Fn::GetAtt": ["UsersTable", "Arn"]}
    assert counting["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"*#{Collection.RATE.value}"]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }


def test_counting_requests_needs_no_access_to_users(aws: Aws) -> None:
    seen: list[tuple[str, str]] = []
    aws.dynamodb.meta.events.register(
        "provide-client-params.dynamodb",
        lambda params, model, **_: seen.append((model.name, params["Key"]["pk"]["S"])),
    )

    service_on(aws).open_table().request_counter("acme").settle(1, DEFAULT_RATE)

    assert set(seen) == {("UpdateItem", "acme#RATE")}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_writes_only_to_its_own_log(name: str) -> None:
    writes = {"logs:CreateLogStream", "logs:PutLogEvents"}
    allowed = [*own(name), *(shared() if name in OF_THE_API else ())]
    (log,) = [found for found in allowed if actions(found) & writes]
    group = of_type("AWS::Lambda::Function")[name]["LoggingConfig"]["LogGroup"]["Ref"]

    assert actions(log) == writes
    assert log["Resource"] == {"Fn::GetAtt": [group, "Arn"]}


def test_no_action_is_a_wildcard_and_no_resource_unless_the_service_has_none() -> None:
    roles = of_type("AWS::IAM::Role").values()
    policies = [policy["PolicyDocument"] for role in roles for policy in role.get("Policies", ())]
    everything = [*shared(), *(statement for policy in policies for statement in statements(policy))]

    assert not [action for statement in everything for action in actions(statement) if "*" in action]
    for statement in everything:
        assert statement["Effect"] == "Allow"
        assert statement["Resource"] != "*" or actions(statement) <= KNOW_NO_RESOURCE


def test_no_function_has_an_aws_managed_policy() -> None:
    roles = of_type("AWS::IAM::Role")
    taken = {name: role["ManagedPolicyArns"] for name, role in roles.items() if "ManagedPolicyArns" in role}

    # The way in which AWS says that API Gateway is to be let into the logs of an AWS account.
    assert "AmazonAPIGatewayPushToCloudWatchLogs" in str(taken.pop("ApiGatewayLogsRole"))
    ours = [{"Ref": "ServeRequestsPolicy"}, {"Ref": "MembershipsPolicy"}]
    assert all(arn in ours for arns in taken.values() for arn in arns)


@pytest.mark.parametrize("name", OF_THE_API)
def test_a_function_of_the_api_can_only_read_connector_keys_in_secrets_manager(name: str) -> None:
    (keys,) = [statement for statement in shared() if any("secretsmanager:" in action for action in actions(statement))]

    assert {"Ref": "ServeRequestsPolicy"} in role(name)["ManagedPolicyArns"]
    assert not [action for found in of_memberships(name) for action in actions(found) if "dynamodb:" not in action]
    assert actions(keys) == {"secretsmanager:GetSecretValue"}
    assert keys["Resource"]["Fn::Sub"].endswith(":secret:${AWS::StackName}/connectors/*")
    assert not [action for statement in own(name) for action in actions(statement) if "secretsmanager:" in action]


def test_the_set_up_page_reads_and_changes_secrets_of_accounts_and_neither_makes_nor_lists_nor_deletes_them() -> None:
    (secret,) = [found for found in own(SETUP_PAGE) if any("secretsmanager:" in action for action in actions(found))]

    assert actions(secret) == {
        f"secretsmanager:{action}"
        for action in ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
    }
    assert secret["Resource"]["Fn::Sub"].endswith(":secret:${AWS::StackName}/connectors/*")
    assert "ManagedPolicyArns" not in role(SETUP_PAGE)


def test_the_set_up_page_counts_users_and_groups_and_cannot_read_them() -> None:
    (counting,) = [found for found in own(SETUP_PAGE) if "dynamodb:Query" in actions(found)]

    assert counting["Condition"] == {
        "ForAllValues:StringLike": {
            "dynamodb:LeadingKeys": [f"*#{Collection.RANK.value}", f"*#{Collection.GROUP_RANK.value}"]
        },
        "Null": {"dynamodb:LeadingKeys": "false"},
    }


def test_first_keys_can_be_written_only_to_the_stacks_own_accounts() -> None:
    (secret,) = [found for found in own("SeedDefaultAccount") if any("secretsmanager:" in a for a in actions(found))]

    assert "secretsmanager:DeleteSecret" not in actions(secret)
    assert [resource["Fn::Sub"].partition(":secret:")[2] for resource in secret["Resource"]] == [
        "${AWS::StackName}/connectors/default-??????",
        f"${{AWS::StackName}}/connectors/{RELEASE_CHECK_ACCOUNT}-??????",
    ]


def test_the_settings_page_manages_secrets_of_accounts_and_cannot_delete_them() -> None:
    (listing,), (managing,) = (
        [found for found in own("SettingsWidget") if action in actions(found)]
        for action in ("secretsmanager:ListSecrets", "secretsmanager:PutSecretValue")
    )

    assert actions(listing) == {"secretsmanager:ListSecrets"}
    assert managing["Resource"]["Fn::Sub"].endswith(":secret:${AWS::StackName}/connectors/*")
    assert "secretsmanager:DeleteSecret" not in actions(managing)


def test_the_settings_page_counts_users_and_cannot_read_them() -> None:
    (counting,) = [found for found in own("SettingsWidget") if "dynamodb:Query" in actions(found)]

    assert counting["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"*#{Collection.RANK.value}"]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }


def test_the_settings_page_resumes_an_account_and_changes_nothing_else_in_the_table() -> None:
    (resuming,) = [found for found in own("SettingsWidget") if "dynamodb:PutItem" in actions(found)]

    assert resuming["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"*#{Collection.GUARD.value}"]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }


def test_the_check_of_accounts_writes_nothing_of_an_account_into_the_table() -> None:
    (remembering,) = [found for found in own("Watch") if any("dynamodb:" in action for action in actions(found))]

    assert remembering["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [partition(NO_ACCOUNT, Collection.HEARD)]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }


def test_the_pages_can_query_only_the_logs_of_requests() -> None:
    for name in ("SettingsWidget", SETUP_PAGE):
        (asking,) = [found for found in own(name) if "logs:StartQuery" in actions(found)]

        assert actions(asking) == {"logs:StartQuery"}
        assert asking["Resource"] == {"Fn::GetAtt": ["RequestsLog", "Arn"]}


def test_only_the_viewers_own_permissions_open_the_settings_page() -> None:
    allowed = [found for found in of_type("AWS::Lambda::Permission").values() if "SettingsWidget" in str(found)]

    assert "SettingsWidget" not in OF_THE_API
    assert not allowed
    assert not of_type("AWS::Lambda::Url")


def test_the_operators_key_is_used_only_through_aws_services() -> None:
    kms = [found for name in FUNCTIONS for found in [*own(name), *shared()] if any("kms:" in a for a in actions(found))]

    assert kms
    for statement in kms:
        assert statement["Resource"] == {"Ref": "EncryptionKeyArn"}
        assert statement["Condition"]["StringEquals"]["kms:ViaService"]


@pytest.fixture
def aws() -> Iterator[Aws]:
    """Clients whose calls can be listened to."""
    with mock_aws():
        session = boto3.Session("test", "test", region_name="eu-central-1")
        stand_in = Aws(
            session.client("dynamodb"),
            session.client("secretsmanager"),
            session.client("events"),
            session.client("logs"),
        )
        stand_in.start_over()
        yield stand_in


def service_on(aws: Aws) -> Service:
    """The parts of the handlers, on those clients."""
    clients: Any = aws
    variables = {"TABLE_NAME": TABLE, "CONNECTOR_SECRET_PREFIX": SECRET.removesuffix("default")}
    return Service.over(clients, ServiceEnvironment.from_env(variables), Log.to_output())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.file_name.removesuffix(".json"))
def test_a_function_makes_only_calls_that_its_role_allows(aws: Aws, example: Example) -> None:
    request = example_requests()[example.sender, example.step]
    aws.set_up(example, request)
    seen: set[tuple[str, Collection]] = set()
    aws.dynamodb.meta.events.register(
        "provide-client-params.dynamodb", lambda params, model, **_: seen.update(asked(model.name, params))
    )

    context = LambdaContext()
    answer = import_module(f"handlers.{example.module}").handler.bound_to(service_on(aws))(
        events()[example.file_name], context
    )

    assert answer["statusCode"] == request.expect_status, json.loads(answer["body"])
    assert not [call for call in seen if not may(example.function, *call)]
    assert seen or example.function in ("Discovery", "Unrouted") or request.expect_status == 404


OF_USERS = [replace(example, has_groups=True) for example in EXAMPLES if example.module.endswith(("user", "users"))]


@pytest.mark.parametrize("example", OF_USERS, ids=lambda example: example.file_name.removesuffix(".json"))
def test_a_function_of_users_may_show_their_groups_and_finish_a_change_of_members(aws: Aws, example: Example) -> None:
    request = example_requests()[example.sender, example.step]
    body, query = dict(request.body or {}), "attributes=groups"
    if example.module == "list_users":
        query += "&filter=" + quote(f'userName eq "{EMAIL}"')
    if example.module == "search_users":
        body |= {"attributes": ["groups"], "filter": f'userName eq "{EMAIL}"'}
    if example.module == "create_user":  # a user who was there already: a new one is in no group
        Accounts(aws.secretsmanager, SECRET_PREFIX, lambda: "test").configure("default", match_existing_by_email=True)
        body["emails"] = [{"value": EMAIL, "primary": True}]
    request = replace(request, body=body or None, query=query)
    aws.set_up(example, request)
    if USER_ID not in request.path:
        aws.add_user()
    decide_a_large_change(aws)
    seen: set[tuple[str, Collection]] = set()
    aws.dynamodb.meta.events.register(
        "provide-client-params.dynamodb", lambda params, model, **_: seen.update(asked(model.name, params))
    )

    handler = import_module(f"handlers.{example.module}").handler.bound_to(service_on(aws))
    with cheap_transactions():
        answer = handler(request.event(), LambdaContext())

    assert answer["statusCode"] < 300, json.loads(answer["body"])
    assert not [call for call in seen if not may(example.function, *call)]
    assert {("UpdateItem", Collection.GROUP), ("BatchGetItem", Collection.USER)} <= seen
    if example.module != "delete_user":
        shown = json.loads(answer["body"])
        assert [group["value"] for user in shown.get("Resources", [shown]) for group in user["groups"]] == [GROUP_ID]


def decide_a_large_change(aws: Aws) -> None:
    """Let many join a group whose member the user is, by a change that its process did not finish."""

    class Killed(Exception):
        pass

    decided: list[str] = []

    def stop_after_the_first(params: Any, **_: Any) -> None:
        decided.append(params)
        if len(decided) == 2:
            raise Killed

    aws.add_group()
    groups = Table(aws.dynamodb, TABLE).account("default", MonotonicDeadline.after(10)).groups
    group = groups.get(GROUP_ID)
    assert group is not None
    groups.change(group, group.touched(NOW), MemberChange(joined=(USER_ID,)))
    many = tuple(str(UUID(int=number)) for number in range(MAX_ACTIONS))
    event = "provide-client-params.dynamodb.TransactWriteItems"
    aws.dynamodb.meta.events.register(event, stop_after_the_first)
    with pytest.raises(Killed):
        groups.change(group, group.touched(NOW), MemberChange(joined=many))
    aws.dynamodb.meta.events.unregister(event, stop_after_the_first)


def collection_of(key: str) -> Collection:
    return Collection(key.rpartition("#")[2])


def asked(operation: str, parameters: dict[str, Any]) -> set[tuple[str, Collection]]:
    """The IAM actions that a call needs, each with the collection whose items it is about."""
    if operation == "BatchGetItem":
        keys = parameters["RequestItems"][TABLE]["Keys"]
        return {(operation, collection_of(key["pk"]["S"])) for key in keys}
    if operation == "Query":
        keys = [value["S"] for value in parameters["ExpressionAttributeValues"].values() if "S" in value]
        return {(operation, collection_of(keys[0]))}
    if operation != "TransactWriteItems":
        return {(operation, collection_of((parameters.get("Key") or parameters["Item"])["pk"]["S"]))}
    of_member = {
        "Put": "PutItem",
        "Update": "UpdateItem",
        "Delete": "DeleteItem",
        "ConditionCheck": "ConditionCheckItem",
    }
    return {
        (of_member[member], collection_of((action.get("Key") or action["Item"])["pk"]["S"]))
        for item in parameters["TransactItems"]
        for member, action in item.items()
    }

"""The life of a deployment: a creation that fails, updates that succeed and fail, the way back, and its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from support.emulated_life import Left, Life, clear, deploy_command, left, life, of_today
from support.emulated_stack import Deployer, DeploymentFailed
from support.group_client import GroupClient
from support.people import person
from support.stack_plan import left_after_deletion
from support.stack_template import Document

pytestmark = [pytest.mark.prove, pytest.mark.timeout(300)]

NAME = "rollcall-dev"
"""The stack of the section `dev`, as the commands find it."""
REFUSED = "is not an account name"
NOTHING = Left([], [], [], [])


@pytest.fixture(scope="module")
def lasting(deployer: Deployer) -> Iterator[Life]:
    """A deployment with users, which each test leaves with the same users and keys."""
    with life(deployer, NAME) as started:
        # The functions of the previous release do not know the setting, which those of today read once a minute.
        started.stack.accounts.configure("default", groups=True)
        yield started


def break_late(documents: dict[str, Document]) -> None:
    """Let the last resource of a deployment fail: its function refuses the name of its account."""
    resources = documents[""]["Resources"]
    others = [name for name, one in resources.items() if "Condition" not in one]
    resources["LastKey"] = {**resources["FirstConnectorKey"], "DependsOn": others}
    resources["LastKey"]["Properties"] = {**resources["FirstConnectorKey"]["Properties"], "Account": "No Name"}


def test_a_failed_first_deployment_leaves_an_empty_table_alone_and_is_repeated(deployer: Deployer) -> None:
    today = of_today(deployer)
    try:
        with pytest.raises(DeploymentFailed, match=f"is ROLLBACK_COMPLETE: .*LastKey CREATE_FAILED: .*{REFUSED}"):
            today.changed(break_late).create(NAME)

        found = left(today.emulator, NAME)
        assert len(found.tables) == 1
        assert found == Left(found.tables, [], [], [])
        assert today.emulator.client("dynamodb").scan(TableName=found.tables[0])["Count"] == 0

        # CloudFormation wants the remains deleted first, which `make deploy` does by this command.
        deploy_command(today.emulator, "prepare", "dev", "--yes")
        stack = today.create(NAME)
        assert stack.scim().get("/ServiceProviderConfig").status == 200
    finally:
        clear(today, NAME)


@pytest.mark.parametrize(
    ("parameters", "refused"),
    [({"SettingsReveal": "perhaps"}, "SettingsReveal"), ({"DomainName": "scim.example.com"}, "CertificateArn")],
)
def test_wrong_parameters_create_nothing(deployer: Deployer, parameters: dict[str, str], refused: str) -> None:
    with pytest.raises(ClientError, match=refused):
        of_today(deployer).create("refused", **parameters)

    assert left(deployer.emulator, "refused") == NOTHING
    with pytest.raises(ClientError, match="does not exist"):
        deployer.emulator.client("cloudformation").describe_stacks(StackName="refused")


def test_users_groups_and_keys_survive_an_update_and_the_way_back(lasting: Life) -> None:
    lasting.deploy(lasting.previous)
    users, resources = lasting.users(), lasting.lasting()
    assert users

    lasting.deploy(lasting.today)
    assert lasting.users() == users
    assert lasting.lasting() == resources
    made = lasting.client.create(person("grace.hopper"))
    engineers = GroupClient(lasting.client).create("Engineering", made["id"])

    lasting.deploy(lasting.previous)
    assert lasting.users().keys() == {*users, made["id"]}
    assert lasting.lasting() == resources
    changed = lasting.client.patch(made["id"], {"op": "replace", "path": "title", "value": "Rear Admiral"})
    assert changed.status == 200

    lasting.deploy(lasting.today)
    assert lasting.client.find('title eq "Rear Admiral"')[0]["id"] == made["id"]
    assert GroupClient(lasting.client).members(engineers["id"]) == [made["id"]]
    assert lasting.lasting() == resources


def test_a_failed_update_is_rolled_back_and_repeated(lasting: Life) -> None:
    lasting.deploy(lasting.previous)
    users, resources = lasting.users(), lasting.stack.resources

    with pytest.raises(DeploymentFailed, match=f"is UPDATE_ROLLBACK_COMPLETE: .*LastKey UPDATE_FAILED: .*{REFUSED}"):
        lasting.today.changed(break_late).update(NAME)

    lasting.look_again()
    assert lasting.stack.resources == resources
    assert lasting.users() == users
    lasting.deploy(lasting.today)
    assert lasting.users() == users


def test_a_new_stack_is_put_around_what_a_deleted_one_left(lasting: Life) -> None:
    lasting.deploy(lasting.today)
    users, table = lasting.users(), lasting.stack.outputs["TableName"]
    stays = {name: lasting.stack.resources[name] for name in left_after_deletion(lasting.today.documents[""])}

    found = lasting.delete()

    assert found.tables == [stays["UsersTable"]]
    assert found.secrets == [stays["DefaultAccountSecret"]]
    assert found.log_groups == sorted(value for name, value in stays.items() if name.endswith("Log"))
    assert found.roles == [stays["ApiGatewayLogsRole"]]

    lasting.adopt(found)

    assert lasting.stack.outputs["TableName"] == table
    assert lasting.users() == users

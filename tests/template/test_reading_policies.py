"""The policies for applications: users, groups and memberships can be read, and nothing else of the table."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import pytest

from adapters.dynamodb.heard import NO_ACCOUNT
from adapters.dynamodb.keys import Collection, partition
from domain.accounts.connector_key import InvalidAccountName, account_name
from support.iam import Grant, Need, granted
from support.repository import ROOT
from support.resolved_template import ACCOUNT, REGION, ResolvedTemplate
from support.stack_template import TEMPLATE, written

TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/UsersTable"
KEY = "arn:aws:kms:us-east-1:123456789012:key/own"
_PAGE = (ROOT / "docs" / "use-it.md").read_text(encoding="utf-8")
READABLE = {Collection(name) for name in re.findall(r"^\| `<account>#([A-Z]+)` \|", _PAGE, re.MULTILINE)}
"""What an application may rely on; nothing else is for applications."""
READS = ("GetItem", "BatchGetItem", "Query")
OF_ONE_ACCOUNT = written((ROOT / "docs/application/read-one-account.yaml").read_text(encoding="utf-8"))


@cache
def of_the_stack(key: str = "") -> tuple[Grant, ...]:
    stack = ResolvedTemplate({"EncryptionKeyArn": key})
    return tuple(granted(stack.properties("ReadUsersPolicy")["PolicyDocument"]))


@cache
def of_account(name: str, key: str = "") -> tuple[Grant, ...]:
    given = {"TableName": "UsersTable", "Account": name, "EncryptionKeyArn": key}
    stack = ResolvedTemplate(given, OF_ONE_ACCOUNT)
    return tuple(granted(stack.properties("ReadAccountPolicy")["PolicyDocument"]))


def allowed(grants: Iterable[Grant], action: str, *partitions: str, table: str = TABLE) -> bool:
    need = Need(f"dynamodb:{action}", table, frozenset(partitions))
    return any(grant.allows(need) for grant in grants)


def test_the_contract_has_users_and_groups_and_no_item_of_the_service_itself() -> None:
    assert {Collection.USER, Collection.EMAIL, Collection.GROUP, Collection.MEMBER} < READABLE
    assert not READABLE & {Collection.GUARD, Collection.RATE, Collection.RANK, Collection.GROUP_RANK, Collection.HEARD}


@pytest.mark.parametrize("collection", Collection)
def test_exactly_the_collections_of_the_contract_can_be_read(collection: Collection) -> None:
    for action in READS:
        assert allowed(of_the_stack(), action, partition("acme", collection)) is (collection in READABLE)
        assert allowed(of_account("acme"), action, partition("acme", collection)) is (collection in READABLE)


@pytest.mark.parametrize(
    "pk", [partition(NO_ACCOUNT, Collection.HEARD), "acme#GONE", "acme#", "#", "acme", "acme#user"]
)
def test_no_other_item_can_be_read(pk: str) -> None:
    assert not [action for action in READS if allowed((*of_the_stack(), *of_account("acme")), action, pk)]


@pytest.mark.parametrize("action", ["Scan", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "GetRecords"])
def test_nothing_is_scanned_written_or_read_from_the_stream(action: str) -> None:
    grants = (*of_the_stack(), *of_account("acme"))

    assert not allowed(grants, action, "acme#USER")
    assert not allowed(grants, action, "acme#USER", table=f"{TABLE}/stream/2030-01-01T00:00:00.000")


@pytest.mark.parametrize("grants", [of_the_stack(), of_account("acme")], ids=["stack", "account"])
def test_a_call_without_a_key_or_with_one_key_too_many_is_refused(grants: tuple[Grant, ...]) -> None:
    for action in READS:
        assert not allowed(grants, action)
        assert not allowed(grants, action, "acme#USER", "acme#GUARD")
        assert not allowed(grants, action, "acme#USER", table=TABLE + "2")
        assert not allowed(grants, action, "acme#USER", table=TABLE + "/index/any")
    assert allowed(grants, "BatchGetItem", "acme#USER", "acme#GROUP")


@pytest.mark.parametrize("other", ["acme2", "acm", "a", "acme-2", "xacme", "other"])
def test_the_policy_of_one_account_reads_no_other(other: str) -> None:
    for collection in Collection:
        pk = partition(other, collection)
        assert not [action for action in READS if allowed(of_account("acme"), action, pk)]
        assert not allowed(of_account("acme"), "BatchGetItem", "acme#USER", pk)


@pytest.mark.parametrize(
    "text", ["*", "a*", "acme?", "acme#USER", "${x}", "", "-acme", "Acme", "a" * 41, "a b", "acme\n"]
)
def test_the_name_of_an_account_is_checked_as_the_service_checks_it(text: str) -> None:
    pattern = OF_ONE_ACCOUNT["Parameters"]["Account"]["AllowedPattern"]

    assert not re.fullmatch(pattern, text)
    with pytest.raises(InvalidAccountName):
        account_name(text)
    assert re.fullmatch(pattern, account_name("acme-corp-2"))


def test_a_key_of_ones_own_is_used_through_dynamodb_alone() -> None:
    for with_key, without in ((of_the_stack(KEY), of_the_stack()), (of_account("acme", KEY), of_account("acme"))):
        [added] = [grant for grant in with_key if grant not in without]
        assert (added.action, added.resources) == ("kms:Decrypt", (KEY,))
        assert added.condition == {"StringEquals": {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"}}


def test_a_release_does_not_replace_the_policy_that_a_role_of_the_application_has() -> None:
    """CloudFormation replaces a managed policy when its name, path or description changes."""
    assert TEMPLATE["Resources"]["ReadUsersPolicy"]["Properties"].keys() == {"PolicyDocument"}
    assert TEMPLATE["Outputs"]["ReadUsersPolicyArn"]["Value"] == {"Ref": "ReadUsersPolicy"}

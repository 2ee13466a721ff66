"""Every operation of every function under its own role: what it calls is allowed, and what is allowed is called.

No emulator judges IAM, so the calls are recorded and compared with the policies of the expanded template
(`support.iam`). What a role allows beyond that is in a list here, with the reason.
"""

from __future__ import annotations

import pytest

from support.every_operation import FINISHERS
from support.functions_under_roles import FunctionsUnderRoles
from support.iam import Grant, Need, grants, needs
from support.resolved_template import ResolvedTemplate

pytestmark = pytest.mark.timeout(300)

BY_LAMBDA = {
    "logs:CreateLogStream": "Lambda writes the log",
    "logs:PutLogEvents": "Lambda writes the log",
    "xray:PutTelemetryRecords": "Lambda sends traces",
    "xray:PutTraceSegments": "Lambda sends traces",
}
"""What Lambda does in the name of every function."""
NOT_BY_THE_CODE = {
    "Publisher": {
        "FindStream dynamodb:ListStreams": "Lambda demands it when the mapping is created",
        "ReadStream dynamodb:DescribeStream": "Lambda reads the stream",
        "ReadStream dynamodb:GetRecords": "Lambda reads the stream",
        "ReadStream dynamodb:GetShardIterator": "Lambda reads the stream",
        "SendToDeadLetterQueue sqs:SendMessage": "Lambda sends what is left after the last attempt",
    },
}
"""What else the roles allow and no code of ours calls, with the reason."""
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/UsersTable"


def test_no_function_calls_what_its_role_does_not_allow(lived: FunctionsUnderRoles) -> None:
    assert not sorted(set(lived.denied))


def test_every_function_was_invoked(lived: FunctionsUnderRoles) -> None:
    assert lived.invoked == set(lived.functions)
    assert set(FINISHERS) <= lived.invoked


def test_whatever_a_role_allows_is_used_or_explained(lived: FunctionsUnderRoles) -> None:
    unused = {
        name: {each for each in found if each.split()[1] not in BY_LAMBDA} for name, found in lived.unused().items()
    }

    assert {name: found for name, found in unused.items() if found} == {
        name: set(found) for name, found in NOT_BY_THE_CODE.items()
    }


def test_a_key_of_ones_own_adds_only_what_services_do_with_it(lived: FunctionsUnderRoles) -> None:
    encrypted = ResolvedTemplate({"EncryptionKeyArn": "arn:aws:kms:us-east-1:123456789012:key/own"})

    for name in lived.functions:
        role = encrypted.document["Resources"][name]["Properties"]["Role"]["Fn::GetAtt"][0]
        added = [grant for grant in grants(encrypted, role) if grant not in lived.roles[name]]
        assert all(grant.action.startswith("kms:") and "StringEquals" in grant.condition for grant in added), name


@pytest.mark.parametrize(
    ("need", "allowed"),
    [
        (Need("dynamodb:UpdateItem", TABLE, frozenset({"acme#RATE"})), True),
        (Need("dynamodb:UpdateItem", TABLE, frozenset({"acme#RATE", "acme#USER"})), False),
        (Need("dynamodb:UpdateItem", TABLE, frozenset({"acme#USER"})), False),
        (Need("dynamodb:UpdateItem", TABLE), False),
        (Need("dynamodb:PutItem", TABLE, frozenset({"acme#RATE"})), False),
        (Need("dynamodb:UpdateItem", TABLE + "2", frozenset({"acme#RATE"})), False),
    ],
    ids=str,
)
def test_leading_keys_limit_a_grant(need: Need, allowed: bool) -> None:
    condition: dict[str, dict[str, object]] = {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*#RATE"]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }

    assert Grant("CountRequests", "dynamodb:UpdateItem", (TABLE,), condition).allows(need) is allowed


def test_a_transaction_needs_the_actions_of_its_parts() -> None:
    def item(collection: str) -> dict[str, object]:
        return {"TableName": "UsersTable", "Key": {"pk": {"S": f"acme#{collection}"}, "sk": {"S": "1"}}}

    parts = [{"Update": item("GROUP")}, {"ConditionCheck": item("USER")}, {"Update": item("MEMBER")}]

    assert set(needs("dynamodb", "TransactWriteItems", {"TransactItems": parts})) == {
        Need("dynamodb:UpdateItem", TABLE, frozenset({"acme#GROUP", "acme#MEMBER"})),
        Need("dynamodb:ConditionCheckItem", TABLE, frozenset({"acme#USER"})),
    }

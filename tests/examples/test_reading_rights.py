"""The policies for reading allow every call of the examples' reader: of all accounts, or of the one account alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reading import Users
from support.application import Application
from support.iam import Grant, Need, granted, needs
from support.repository import ROOT
from support.resolved_template import ResolvedTemplate
from support.stack_template import written

POLICIES = {
    "stack": (ResolvedTemplate(), "ReadUsersPolicy"),
    "account": (
        ResolvedTemplate(
            {"TableName": "UsersTable", "Account": "acme"},
            written((ROOT / "docs" / "application" / "read-one-account.yaml").read_text(encoding="utf-8")),
        ),
        "ReadAccountPolicy",
    ),
}


TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/UsersTable"


def grants(policy: str) -> list[Grant]:
    stack, name = POLICIES[policy]
    return list(granted(stack.properties(name)["PolicyDocument"]))


@contextmanager
def needed(client: Any) -> Iterator[set[Need]]:
    """What the calls of a client need until the end of the block, of a table with the name in the template."""
    found: set[Need] = set()

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        found.update(Need(one.action, TABLE, one.leading_keys) for one in needs("dynamodb", model.name, params))

    client.meta.events.register("provide-client-params.dynamodb", note)
    try:
        yield found
    finally:
        client.meta.events.unregister("provide-client-params.dynamodb", note)


def read_everything(users: Users, user: str, group: str) -> None:
    """Ask each question that the reader of the examples knows."""
    assert users.by_id(user)
    assert users.by_user_name("ada")
    assert users.by_email("ada@example.com")
    assert users.by_external_id("e-1")
    assert users.by_user_name("no one") is None
    assert list(users.all())
    assert users.groups_of(user)
    assert users.group(group)
    assert list(users.all_groups())
    assert users.members_of(group) == [user]


def test_the_reader_of_the_examples_needs_no_other_rights(app: Application) -> None:
    user = app.create("ada", externalId="e-1", emails=[{"value": "ada@example.com"}])
    group = app.create_group("Guides", user)

    with needed(app.users.client) as calls:
        read_everything(app.users, user, group)

    assert {need.action for need in calls} == {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
    for policy in POLICIES:
        allowed = grants(policy)
        assert not [need for need in calls if not any(grant.allows(need) for grant in allowed)], policy


def test_with_the_policy_of_one_account_no_call_about_another_is_allowed(app: Application) -> None:
    other = app.of("acme2")
    user = other.create("ada", externalId="e-1", emails=[{"value": "ada@example.com"}])
    group = other.create_group("Guides", user)

    with needed(other.users.client) as calls:
        read_everything(other.users, user, group)

    assert calls
    assert not [need for need in calls if any(grant.allows(need) for grant in grants("account"))]

"""The users and groups of a user pool are those of the table, whatever happens to the events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from local.embedded_aws import REGION
from reading import User, Users
from receiving import parse
from support.adversary import Consumer, run
from support.published_changes import TABLE_NAME, Customer, Publishing, publishing
from sync_cognito import ACCOUNT, CONFIG, VERSION, CannotSync, Pool, WrongPool

OWN = [{"Name": "rollcall_account", "AttributeDataType": "String", "Mutable": True}]
OWN += [{"Name": "rollcall_version", "AttributeDataType": "String", "Mutable": True}]


@pytest.fixture(scope="module")
def published() -> Iterator[Publishing]:
    with publishing() as running:
        yield running


@pytest.fixture
def customer(published: Publishing) -> Customer:
    return published.customer()


@pytest.fixture(scope="module")
def pool(published: Publishing) -> Pool:
    """One for all tests, as making it takes moto long."""
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    cognito = boto3.client("cognito-idp", region_name=REGION, config=CONFIG)
    made = cognito.create_user_pool(PoolName="customers", Schema=OWN, AliasAttributes=["email"])["UserPool"]["Id"]
    pool = Pool(cognito, made, lambda account: Users(TABLE_NAME, account, dynamodb), groups=True)
    pool.check()
    return pool


def read(pool: Pool, user_id: str) -> dict[str, str] | None:
    """A user's attributes, with `enabled`; None if the pool has no such user."""
    try:
        user = pool.client.admin_get_user(UserPoolId=pool.pool_id, Username=user_id)
    except pool.client.exceptions.UserNotFoundException:
        return None
    attributes = {one["Name"]: one["Value"] for one in user["UserAttributes"] if one["Value"]}
    return attributes | {"enabled": str(user["Enabled"])}


def listed(pool: Pool, operation: str, member: str, **parameters: str) -> Iterator[dict[str, Any]]:
    for page in pool.client.get_paginator(operation).paginate(UserPoolId=pool.pool_id, **parameters):
        yield from page[member]


def contents(pool: Pool, account: str) -> tuple[Any, Any]:
    """Users with version, state and name, and groups with their members, as the pool has them of an account."""
    users, groups = {}, {}
    for user in listed(pool, "list_users", "Users"):
        said = {one["Name"]: one["Value"] for one in user["Attributes"]}
        if said.get(ACCOUNT) == account:
            users[user["Username"]] = (said[VERSION], user["Enabled"], said["email"], said["preferred_username"])
    for group in listed(pool, "list_groups", "Groups"):
        name, description = group["GroupName"], group["Description"]
        if description.startswith(f"{account}: "):
            members = listed(pool, "list_users_in_group", "Users", GroupName=name)
            groups[name] = (description, sorted(one["Username"] for one in members))
    return users, groups


def table_of(customer: Customer) -> tuple[Any, Any]:
    """The same of the table, by the service's own stores."""
    users = {}
    for user in customer.account.users.scan():
        said = user.attributes
        email = said["emails"][0]["value"], said["userName"]
        users[user.id] = (str(user.version), said.get("active", True), *email)
    groups = {}
    for group, members in map(customer.whole, customer.account.groups.scan()):
        groups[group.id] = (f"{customer.name}: {group.attributes['displayName']}", sorted(members))
    return users, groups


class Synced(Consumer):
    """A worker."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    def handle(self, text: str) -> None:
        self.pool.handle(parse(text))

    def require_equal(self, customer: Customer) -> None:
        assert contents(self.pool, customer.name) == table_of(customer)


def test_repeated_reordered_lost_and_replayed_events_end_equal_to_the_table(published: Publishing, pool: Pool) -> None:
    run(published, lambda account: Synced(pool), few=2)


@pytest.fixture
def calls(pool: Pool) -> Iterator[list[str]]:
    """The calls of Cognito that write."""
    made: list[str] = []

    def note(model: Any, **_: object) -> None:
        if not model.name.startswith(("AdminGet", "Get", "List", "Describe")):
            made.append(model.name)

    pool.client.meta.events.register("before-call.cognito-idp", note)
    yield made
    pool.client.meta.events.unregister("before-call.cognito-idp", note)


def deliver(pool: Pool, published: Publishing) -> None:
    for text in published.publish():
        pool.handle(parse(text))


def test_the_life_of_a_user_in_the_pool(
    published: Publishing, customer: Customer, pool: Pool, calls: list[str]
) -> None:
    name = {"givenName": "Ada", "familyName": "Byron"}
    user = customer.create(name=name, displayName="Ada Byron")
    deliver(pool, published)
    assert calls == ["AdminCreateUser"]
    made = read(pool, user.id)
    assert made is not None
    assert made.pop("sub") != user.id
    assert made == {
        "email": "user1@example.com",
        "email_verified": "false",
        "preferred_username": "user1@example.com",
        "given_name": "Ada",
        "family_name": "Byron",
        "name": "Ada Byron",
        ACCOUNT: customer.name,
        VERSION: "1",
        "enabled": "True",
    }

    calls.clear()
    user = customer.change(user, userName="ada", emails=[{"value": "ada@example.com"}], displayName=None)
    deliver(pool, published)
    assert calls == ["AdminUpdateUserAttributes"]
    renamed = read(pool, user.id) or {}
    assert (renamed["preferred_username"], renamed["email"], renamed[VERSION]) == ("ada", "ada@example.com", "2")
    assert "name" not in renamed

    calls.clear()
    user = customer.change(user, active=False)
    deliver(pool, published)
    assert calls[:3] == ["AdminDisableUser", "AdminUserGlobalSignOut", "AdminUpdateUserAttributes"]

    calls.clear()
    user = customer.change(user, active=True, title="Guide")
    deliver(pool, published)
    assert calls == ["AdminUpdateUserAttributes", "AdminEnableUser"]

    calls.clear()
    customer.delete(user)
    deliver(pool, published)
    assert calls == ["AdminDeleteUser"]
    assert read(pool, user.id) is None


def test_a_user_who_is_inactive_from_the_start_is_disabled(
    published: Publishing, customer: Customer, pool: Pool
) -> None:
    user = customer.create(active=False)
    deliver(pool, published)

    assert (read(pool, user.id) or {})["enabled"] == "False"


def test_nobody_gets_an_invitation(published: Publishing, customer: Customer, pool: Pool) -> None:
    asked: list[Any] = []
    note = lambda params, **_: asked.append(params)  # noqa: E731
    pool.client.meta.events.register("provide-client-params.cognito-idp.AdminCreateUser", note)
    customer.create()
    deliver(pool, published)
    pool.client.meta.events.unregister("provide-client-params.cognito-idp.AdminCreateUser", note)

    assert [one["MessageAction"] for one in asked] == ["SUPPRESS"]


def test_a_process_that_died_between_disabling_and_signing_out_is_made_good(
    published: Publishing, customer: Customer, pool: Pool, calls: list[str]
) -> None:
    user = customer.create()
    deliver(pool, published)
    customer.change(user, active=False)
    [event] = published.publish()
    pool.client.admin_disable_user(UserPoolId=pool.pool_id, Username=user.id)
    calls.clear()

    pool.handle(parse(event))

    assert "AdminUserGlobalSignOut" in calls


def test_only_addresses_of_the_customers_own_domains_are_verified(
    published: Publishing, customer: Customer, pool: Pool
) -> None:
    theirs = Pool(pool.client, pool.pool_id, pool.users_of, verified_domains={customer.name: ["example.com"]})
    other = published.customer()
    mine, foreign, stranger = customer.create(), customer.create(), other.create()
    customer.change(foreign, emails=[{"value": "someone@elsewhere.example"}])
    deliver(theirs, published)

    verified = {user.id: (read(pool, user.id) or {})["email_verified"] for user in (mine, foreign, stranger)}
    assert verified == {mine.id: "true", foreign.id: "false", stranger.id: "false"}


@dataclass(frozen=True)
class Interrupted(Users):
    """A reader of the table in which something happens once, after the first look at a user."""

    then: list[Callable[[], None]]

    def by_id(self, user_id: str) -> User | None:
        found = super().by_id(user_id)
        while self.then:
            self.then.pop()()
        return found


@pytest.mark.parametrize("what", ["change", "deactivate", "delete"])
@pytest.mark.parametrize("known", [True, False])
def test_a_worker_that_read_before_another_does_not_have_the_last_word(
    published: Publishing, customer: Customer, pool: Pool, what: str, known: bool
) -> None:
    """The first worker stands between reading and writing while the user changes and the second one handles it."""
    user = customer.create()
    first_event = parse(published.publish()[0])
    if known:
        pool.handle(first_event)
        user = customer.change(user, title="Guide")
        [first_event] = map(parse, published.publish())

    def meanwhile() -> None:
        if what == "delete":
            customer.delete(user)
        else:
            customer.change(user, displayName="Ada", active=what == "change")
        deliver(pool, published)

    users = pool.users_of(customer.name)
    slow = Interrupted(users.table_name, users.account, users.client, [meanwhile])
    Pool(pool.client, pool.pool_id, lambda account: slow).handle(first_event)

    assert contents(pool, customer.name) == table_of(customer)


def test_a_fill_brings_everything_and_removes_what_is_gone(
    published: Publishing, customer: Customer, pool: Pool
) -> None:
    """And touches neither another account nor the pool's own users."""
    own = {"UserPoolId": pool.pool_id, "Username": "own", "MessageAction": "SUPPRESS"}
    pool.client.admin_create_user(**own)
    other = published.customer()
    stranger = other.create()
    pool.fill(other.name)
    ada, bob = customer.create(), customer.create(active=False)
    group = customer.create_group(ada, bob)
    pool.fill(customer.name)
    customer.delete(ada)
    customer.delete_group(group)
    published.publish()  # and none of it arrives

    pool.fill(customer.name)

    assert contents(pool, customer.name) == table_of(customer)
    assert list(contents(pool, customer.name)[0]) == [bob.id]
    assert list(contents(pool, other.name)[0]) == [stranger.id]
    assert read(pool, "own") is not None


@pytest.mark.parametrize("code", ["AliasExistsException", "UsernameExistsException"])
def test_an_address_that_another_user_has_is_tried_again(
    published: Publishing, customer: Customer, pool: Pool, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """Cognito has both codes for it; the second is that of a user name, too."""

    def refuse(**_: object) -> None:
        raise getattr(pool.client.exceptions, code)({"Error": {"Code": code}}, "AdminCreateUser")

    customer.create()
    [event] = published.publish()
    with monkeypatch.context() as patched:
        patched.setattr(pool.client, "admin_create_user", refuse)
        with pytest.raises(CannotSync, match=code):
            pool.handle(parse(event))
    pool.handle(parse(event))

    assert contents(pool, customer.name) == table_of(customer)


def test_a_user_whom_cognito_refuses_holds_up_no_other_and_is_named(
    published: Publishing, customer: Customer, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = sorted((customer.create() for _ in range(3)), key=lambda user: user.id)
    customer.create_group(first, second, third)
    create = pool.client.admin_create_user

    def refuse(**request: Any) -> None:
        if request["Username"] == first.id:
            raise pool.client.exceptions.AliasExistsException(
                {"Error": {"Code": "AliasExistsException"}}, "AdminCreateUser"
            )
        create(**request)

    with monkeypatch.context() as patched:
        patched.setattr(pool.client, "admin_create_user", refuse)
        with pytest.raises(CannotSync, match=first.id):
            pool.fill(customer.name)
    users, groups = contents(pool, customer.name)
    assert set(users) == {second.id, third.id}
    assert [members for _, members in groups.values()] == [[second.id, third.id]]

    pool.fill(customer.name)

    assert contents(pool, customer.name) == table_of(customer)


def test_a_user_of_the_pool_who_is_of_another_account_is_not_touched(
    published: Publishing, customer: Customer, pool: Pool
) -> None:
    user = customer.create()
    deliver(pool, published)
    before = contents(pool, customer.name)

    with pytest.raises(CannotSync, match="not of this account"):
        pool.sync_user("another", user.id)

    assert contents(pool, customer.name) == before


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"Schema": OWN, "UsernameAttributes": ["email"]}, "AliasAttributes"),
        ({"Schema": OWN[:1]}, VERSION),
        ({}, f"{ACCOUNT}, {VERSION}"),
    ],
)
def test_a_pool_that_will_not_do_is_refused_with_what_to_change(pool: Pool, settings: Any, says: str) -> None:
    made = pool.client.create_user_pool(PoolName="wrong", **settings)["UserPool"]["Id"]

    with pytest.raises(WrongPool, match=says):
        Pool(pool.client, made, pool.users_of).check()


def test_throttled_calls_are_repeated_by_the_sdk(pool: Pool) -> None:
    assert pool.client.meta.config.retries["mode"] == "adaptive"
    assert pool.client.meta.config.retries["total_max_attempts"] == 10

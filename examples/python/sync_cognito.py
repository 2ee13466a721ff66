"""Keep the users of a customer, and the groups if you like, in an Amazon Cognito user pool.

    python sync_cognito.py fill acme globex    # once, and whenever the pool is in doubt
    python sync_cognito.py                     # all the time

Needs, in the environment:

- `TABLE_NAME`: the output TableName of Rollcall's stack.
- `QUEUE_URL`, `EVENTS_PORT` or `EVENTS_FILE`: where events come from (receiving.py).
- `USER_POOL_ID`: the pool.
- `ACCOUNT`, if the pool is for one account only; `SYNC_GROUPS=1` for groups as well.
- `VERIFIED_DOMAINS`: JSON such as `{"acme": ["acme.example.com"]}`, see below; without it no address is verified.

Needs the right to read the table (docs/use-it.md), to receive from the queue (receiving.py), and on the pool
`cognito-idp:` DescribeUserPool, AdminGetUser, AdminCreateUser, AdminUpdateUserAttributes, AdminEnableUser,
AdminDisableUser, AdminUserGlobalSignOut, AdminDeleteUser; for `fill` ListUsers; for groups GetGroup, CreateGroup,
UpdateGroup, DeleteGroup, ListUsersInGroup, AdminAddUserToGroup, AdminRemoveUserFromGroup, ListGroups.

The user name in the pool is Rollcall's id of the user. It cannot be changed later, and the id never changes, while a
userName and an address do: these are the attributes `preferred_username` and `email`, and a change of them is an
update. So the pool must not have `UsernameAttributes`, which put an address in the place of the user name. Let users
sign in by an alias, `AliasAttributes: [email]`, or by your customer's SSO. `sub` is another id, which Cognito makes up.
The pool needs two attributes of its own:

    aws cognito-idp add-custom-attributes --user-pool-id $USER_POOL_ID --custom-attributes \
      Name=rollcall_account,AttributeDataType=String,Mutable=true \
      Name=rollcall_version,AttributeDataType=String,Mutable=true

Let no application client write them: leave them out of its `WriteAttributes`.

`email_verified`. The customer's administrator says which address a user has, and may say one of another company. Only
the addresses of domains that you know to be the customer's are marked as verified, which is what makes them an alias.
An address that another user of the pool has as an alias is refused (`AliasExistsException`, or
`UsernameExistsException` of a new user): the message is tried again, as that user may be about to lose it, and ends in
the dead-letter queue if not. Identify users by the user name, never by the address.

How it stays right. Cognito has no write on a condition, so a slow worker could write what it read before another one.
Therefore each worker reads the table, writes what differs, and reads again until the version is the one that it wrote:
the worker that writes last has then seen the last version. An event only says "look again"; it may come late, twice, or
after others. Users of the pool without `custom:rollcall_account` are never touched.

Deactivation disables the user and signs out everywhere. Tokens that an application checks by itself are valid until
they expire: see end_sessions.py.

Quotas are per AWS account and region and for each kind of call: 50 creations a second, 25 updates a second by default
(AWS: "Quotas in Amazon Cognito"). Retries in the mode `adaptive` slow down by themselves when Cognito says so.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from reading import Group, User, Users, addresses
from receiving import Event, consume

ACCOUNT = "custom:rollcall_account"
VERSION = "custom:rollcall_version"
MOST_CHARACTERS = 2048
"""Of an attribute's value."""
CONFIG = Config(retries={"mode": "adaptive", "total_max_attempts": 10})


class WrongPool(Exception):
    """The pool cannot hold these users; the message says what to change."""


class CannotSync(ValueError):
    """Cognito refuses this user as it is. The message belongs into the dead-letter queue."""


@dataclass(frozen=True)
class Pool:
    """A user pool; `client` is `boto3.client("cognito-idp", config=CONFIG)`.

    `users_of` returns what reads an account of Rollcall's table, `accounts` are those to keep (None: all),
    `verified_domains` those of each account.
    """

    client: Any
    pool_id: str
    users_of: Callable[[str], Users]
    accounts: Collection[str] | None = None
    groups: bool = False
    verified_domains: Mapping[str, Collection[str]] = field(default_factory=dict)

    def check(self) -> None:
        """Raise `WrongPool` unless the pool has what is needed."""
        pool = self.client.describe_user_pool(UserPoolId=self.pool_id)["UserPool"]
        if pool.get("UsernameAttributes"):
            raise WrongPool("The pool takes addresses for user names. Make one with AliasAttributes instead.")
        there = {one["Name"] for one in pool["SchemaAttributes"] if one.get("Mutable", True)}
        if missing := {ACCOUNT, VERSION} - there:
            raise WrongPool(
                f"The pool has no mutable {', '.join(sorted(missing))}: aws cognito-idp add-custom-attributes"
            )

    def handle(self, event: Event) -> None:
        """Bring what the event is about up to date. Raises `CannotSync`, and errors of AWS."""
        if self.accounts is not None and event.account not in self.accounts:
            return
        if event.user_id is not None:
            self.sync_user(event.account, event.user_id, sign_out=event.kind == "UserDeactivated")
        elif event.group_id is not None and self.groups:
            self.sync_group(event.account, event.group_id)

    def sync_user(self, account: str, user_id: str, *, sign_out: bool = False) -> None:
        """Make the pool's user what the table has. With `sign_out`, who is disabled already is signed out again.

        For a process that died between disabling and signing out.
        """
        users = self.users_of(account)
        user = users.by_id(user_id)
        while True:
            try:
                self._write_user(account, user_id, user, sign_out)
            except self._refusals as refusal:
                raise CannotSync(type(refusal).__name__) from refusal
            except self.client.exceptions.UsernameExistsException as refusal:
                if self._find(user_id) is None:  # So Cognito says of an address, too, that is another user's alias.
                    raise CannotSync(type(refusal).__name__) from refusal
                continue  # Another worker created the user this moment.
            written, user = user, users.by_id(user_id)
            if _version(user) == _version(written):
                return

    def sync_group(self, account: str, group_id: str) -> None:
        """Make the pool's group and its members what the table has; the id is its name, as displayName may change."""
        users = self.users_of(account)
        wanted = _read_group(users, group_id)
        while True:
            self._write_group(account, group_id, *wanted)
            written, wanted = wanted, _read_group(users, group_id)
            if wanted == written:
                return

    def fill(self, account: str) -> None:
        """Make the pool's users and groups of an account what the table has. Workers may go on meanwhile.

        One whom Cognito refuses holds up no other, and is tried again at the end: an address may be free by then.
        Raises `CannotSync` after all the rest.
        """
        users = self.users_of(account)
        refused = dict[str, CannotSync]()
        for user in users.all():
            _note(refused, self.sync_user, account, user.id)
        # No filter of ListUsers knows attributes of one's own.
        for one in self._pages("list_users", "Users"):
            if _attributes(one["Attributes"]).get(ACCOUNT) == account:
                _note(refused, self.sync_user, account, one["Username"])
        for user_id in list(refused):
            _note(refused, self.sync_user, account, user_id)
        if self.groups:
            for group in users.all_groups():
                _note(refused, self.sync_group, account, group.id)
            for one in self._pages("list_groups", "Groups"):
                if one.get("Description", "").startswith(f"{account}: "):
                    _note(refused, self.sync_group, account, one["GroupName"])
        if refused:
            raise CannotSync("; ".join(f"{each}: {why}" for each, why in refused.items()))

    def attributes(self, account: str, user: User) -> dict[str, str]:
        """What a user has in the pool; an empty text is no value. Change it to what your application needs."""
        name = user.document.get("name", {})
        email = next(iter(addresses(user)), "")
        domain = email.rpartition("@")[2].lower()
        full = user.document.get("displayName") or name.get("formatted") or ""
        return {
            "email": email,
            "email_verified": "true" if domain in self.verified_domains.get(account, ()) else "false",
            "preferred_username": user.user_name,
            "given_name": name.get("givenName", "")[:MOST_CHARACTERS],
            "family_name": name.get("familyName", "")[:MOST_CHARACTERS],
            "name": full[:MOST_CHARACTERS],
            ACCOUNT: account,
            VERSION: str(user.version),
        }

    @property
    def _refusals(self) -> tuple[type[Exception], ...]:
        """What Cognito says of a user who will not do, however often it is asked."""
        known = self.client.exceptions
        return known.InvalidParameterException, known.AliasExistsException, known.UserLambdaValidationException

    def _write_user(self, account: str, user_id: str, user: User | None, sign_out: bool) -> None:
        """Write what differs: access ends first and begins last."""
        of_user = {"UserPoolId": self.pool_id, "Username": user_id}
        found = self._find(user_id)
        present = {} if found is None else _attributes(found["UserAttributes"])
        if found is not None and present.get(ACCOUNT) != account:
            raise CannotSync("the pool has a user of that name who is not of this account")
        if user is None:
            if found is not None:
                self._try(self.client.admin_delete_user, of_user)
            return
        wanted = self.attributes(account, user)
        if found is None:
            given = _listed({name: value for name, value in wanted.items() if value})
            # SUPPRESS: no one gets an invitation, and no one knows the password that Cognito makes up.
            self.client.admin_create_user(**of_user, UserAttributes=given, MessageAction="SUPPRESS")
        enabled = found is None or found["Enabled"]
        if not user.active and enabled:
            self._try(self.client.admin_disable_user, of_user)
        if not user.active and (enabled or sign_out):
            self._try(self.client.admin_user_global_sign_out, of_user)
        changed = {name: value for name, value in wanted.items() if present.get(name, "") != value}
        if found is not None and changed:
            self._try(self.client.admin_update_user_attributes, {**of_user, "UserAttributes": _listed(changed)})
        if user.active and not enabled:
            self._try(self.client.admin_enable_user, of_user)

    def _find(self, user_id: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.client.admin_get_user(UserPoolId=self.pool_id, Username=user_id)
        except self.client.exceptions.UserNotFoundException:
            return None
        return found

    def _try(self, call: Callable[..., object], parameters: dict[str, Any]) -> bool:
        """Call about a user; False if the user is gone: another worker was faster, and the next reading says so."""
        try:
            call(**parameters)
        except self.client.exceptions.UserNotFoundException:
            return False
        return True

    def _write_group(self, account: str, group_id: str, group: Group | None, members: frozenset[str]) -> None:
        of_group = {"UserPoolId": self.pool_id, "GroupName": group_id}
        if group is None:
            try:
                self.client.delete_group(**of_group)
            except self.client.exceptions.ResourceNotFoundException:
                return
            return
        description = f"{account}: {group.display_name}"[:MOST_CHARACTERS]
        try:
            if self.client.get_group(**of_group)["Group"].get("Description") != description:
                self.client.update_group(**of_group, Description=description)
        except self.client.exceptions.ResourceNotFoundException:
            # Another worker may create it this moment.
            with suppress(self.client.exceptions.GroupExistsException):
                self.client.create_group(**of_group, Description=description)
        present = {one["Username"] for one in self._pages("list_users_in_group", "Users", GroupName=group_id)}
        for user_id in sorted(present - members):
            self._try(self.client.admin_remove_user_from_group, {**of_group, "Username": user_id})
        refused = dict[str, CannotSync]()
        for user_id in sorted(members - present):
            joining = {**of_group, "Username": user_id}
            if not self._try(self.client.admin_add_user_to_group, joining):
                # The group's event came before the user's.
                _note(refused, self.sync_user, account, user_id)
                self._try(self.client.admin_add_user_to_group, joining)
        if refused:
            raise CannotSync(f"without {', '.join(refused)}")

    def _pages(self, operation: str, member: str, **parameters: str) -> Iterator[dict[str, Any]]:
        pages = self.client.get_paginator(operation).paginate(UserPoolId=self.pool_id, **parameters)
        return (one for page in pages for one in page[member])


def _note(refused: dict[str, CannotSync], sync: Callable[[str, str], None], account: str, found_id: str) -> None:
    """Synchronise one user or group; note it when Cognito refuses it, and forget that when it takes it."""
    try:
        sync(account, found_id)
        refused.pop(found_id, None)
    except CannotSync as error:
        refused[found_id] = error


def _version(user: User | None) -> int | None:
    return None if user is None else user.version


def _read_group(users: Users, group_id: str) -> tuple[Group | None, frozenset[str]]:
    group = users.group(group_id)
    return group, frozenset(users.members_of(group_id) if group else ())


def _attributes(listed: list[dict[str, str]]) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in listed}


def _listed(attributes: dict[str, str]) -> list[dict[str, str]]:
    """The form that Cognito takes; an empty value removes an attribute."""
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def _fill(pool: Pool, account: str) -> int:
    try:
        pool.fill(account)
    except CannotSync as error:
        print(f"{account}: Cognito refused {error}", file=sys.stderr)
        return 1
    return 0


def main(arguments: list[str]) -> int:
    """Run the command; return its exit code."""
    table_name, pool_id = os.environ["TABLE_NAME"], os.environ["USER_POOL_ID"]
    account = os.environ.get("ACCOUNT")
    dynamodb = boto3.client("dynamodb")
    pool = Pool(
        boto3.client("cognito-idp", config=CONFIG),
        pool_id,
        lambda name: Users(table_name, name, dynamodb),
        accounts=None if account is None else [account],
        groups=bool(os.environ.get("SYNC_GROUPS")),
        verified_domains=json.loads(os.environ.get("VERIFIED_DOMAINS") or "{}"),
    )
    try:
        pool.check()
    except WrongPool as error:
        print(error, file=sys.stderr)
        return 2
    if arguments[:1] == ["fill"]:
        return max([_fill(pool, name) for name in arguments[1:]], default=0)
    return consume(pool.handle)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The table, and the part of it that belongs to one account."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.dynamodb.account_items import MAX_ACTIONS, AccountItems
from adapters.dynamodb.calls import Calls
from adapters.dynamodb.rate import DynamoDBRequestCounter, OneTry
from adapters.dynamodb.usage import Usage
from adapters.dynamodb.users import DynamoDBUsers

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from adapters.dynamodb.groups import DynamoDBGroups
    from adapters.dynamodb.guard import DynamoDBGuard
    from adapters.dynamodb.heard import DynamoDBHeard
    from adapters.dynamodb.relations import DynamoDBGroupsOfUsers, DynamoDBMembers
    from domain.accounts.deprovisioning import Limit
    from domain.ports import Deadline


@dataclass(frozen=True, slots=True)
class DynamoDBAccount:
    """One account in the table; `now` is the wall clock in seconds since 1970."""

    items: AccountItems
    now: Callable[[], float] = time.time

    @property
    def users(self) -> DynamoDBUsers:
        """The account's users."""
        return DynamoDBUsers(self.items, self.now)

    @property
    def groups(self) -> DynamoDBGroups:
        """The account's groups."""
        from adapters.dynamodb.groups import DynamoDBGroups  # functions of users need none of its modules

        return DynamoDBGroups(self.items, self.now)

    @property
    def members(self) -> DynamoDBMembers:
        """The members of the account's groups."""
        from adapters.dynamodb.relations import DynamoDBMembers  # likewise

        return DynamoDBMembers(self.items)

    @property
    def groups_of_users(self) -> DynamoDBGroupsOfUsers:
        """The groups of the account's users."""
        from adapters.dynamodb.relations import DynamoDBGroupsOfUsers  # likewise

        return DynamoDBGroupsOfUsers(self.items)

    def guard(self, limit: Limit) -> DynamoDBGuard:
        """The guard that lets at most `limit` of the users lose access in a day."""
        from adapters.dynamodb.guard import DynamoDBGuard  # functions that only read need none of its modules

        return DynamoDBGuard(self.items, limit, self.now)


@dataclass(frozen=True, slots=True)
class Table:
    """The table behind a low-level client, which should make one attempt per call (`adapters.aws.Clients`).

    `sleep` and `chance` (0 to 1) determine how a repeated call waits, `now` is the wall clock in seconds,
    `max_actions` bounds a transaction on memberships; tests pass their own.
    """

    client: DynamoDBClient
    table_name: str
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    now: Callable[[], float] = time.time
    max_actions: int = MAX_ACTIONS

    def account(self, name: str, deadline: Deadline, usage: Usage | None = None) -> DynamoDBAccount:
        """One account, for a request that has time until `deadline`; `usage` counts its calls.

        >>> table = Table(client("dynamodb"), "rollcall-users")  # doctest: +SKIP
        >>> table.account("acme", MonotonicDeadline.after(9), usage).users.total()  # doctest: +SKIP
        """
        return DynamoDBAccount(self._items(name, deadline, usage), self.now)

    def request_counter(self, account: str, usage: Usage | None = None) -> DynamoDBRequestCounter:
        """The account's counter of requests in all containers; each of its calls gets one attempt."""
        return DynamoDBRequestCounter(self._items(account, OneTry(), usage), self.now)

    def heard(self, deadline: Deadline) -> DynamoDBHeard:
        """What the hourly check of accounts remembers."""
        from adapters.dynamodb.heard import NO_ACCOUNT, DynamoDBHeard  # only that check needs it

        return DynamoDBHeard(self._items(NO_ACCOUNT, deadline, None))

    def _items(self, account: str, deadline: Deadline, usage: Usage | None) -> AccountItems:
        calls = Calls(self.client, deadline, Usage() if usage is None else usage, self.sleep, self.chance)
        return AccountItems(self.table_name, account, calls, self.max_actions)

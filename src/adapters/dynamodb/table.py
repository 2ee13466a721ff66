"""The table: how it is made, and the users of an account in it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.dynamodb.calls import Calls
from adapters.dynamodb.guard import DynamoDBGuard
from adapters.dynamodb.rate import DynamoDBRequestCounter, OneTry
from adapters.dynamodb.reads import Reads
from adapters.dynamodb.usage import Usage
from adapters.dynamodb.users import DynamoDBUsers
from adapters.dynamodb.writes import Writes

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef

    from domain.accounts.deprovisioning import Limit
    from domain.ports import Deadline


def table_definition(table_name: str) -> CreateTableInputTypeDef:
    """What CreateTable is given by tests and the local server; template.yaml says the same."""
    return {
        "TableName": table_name,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    }


@dataclass(frozen=True, slots=True)
class Table:
    """The table behind a low-level client, which should make one attempt per call (`adapters.aws.client`).

    `sleep` and `chance` (0 to 1) are how a repeated call waits, `now` is the wall clock in seconds; tests give others.
    """

    client: DynamoDBClient
    table_name: str
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    now: Callable[[], float] = time.time

    def users(self, account: str, deadline: Deadline, usage: Usage | None = None) -> DynamoDBUsers:
        """The users of an account, for one request that has until `deadline`; `usage` counts what it costs.

        >>> table = Table(client("dynamodb"), "rollcall-users")  # doctest: +SKIP
        >>> table.users("default", MonotonicDeadline.after(9), usage)  # doctest: +SKIP
        """
        calls = self._calls(deadline, usage)
        return DynamoDBUsers(
            Reads(self.table_name, account, calls),
            Writes(self.table_name, account, calls),
        )

    def guard(self, account: str, limit: Limit, deadline: Deadline, usage: Usage | None = None) -> DynamoDBGuard:
        """What bounds how many users of the account are deactivated or removed, likewise for one request."""
        return DynamoDBGuard(Reads(self.table_name, account, self._calls(deadline, usage)), limit, self.now)

    def request_counter(self, account: str, usage: Usage | None = None) -> DynamoDBRequestCounter:
        """What the account has used of its rate, in all containers together."""
        return DynamoDBRequestCounter(self.table_name, account, self._calls(OneTry(), usage), self.now)

    def _calls(self, deadline: Deadline, usage: Usage | None) -> Calls:
        return Calls(self.client, deadline, Usage() if usage is None else usage, self.sleep, self.chance)

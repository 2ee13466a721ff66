"""The store under test: the in-memory twin, the table on moto, and the table on DynamoDB Local."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from moto import mock_aws

from adapters.dynamodb import DynamoDBAccount, Table
from domain.ports import GroupStore, Relations, UserStore
from local.moto_transactions import cheap_transactions
from support.engines import ENGINES, client_of, make_table, new_client
from support.in_process import TwinAccount, TwinTable
from support.memory import InMemoryUsers
from support.samples import Groups, Patience, Users


@pytest.fixture(scope="session")
def local_client(dynamodb_local: str) -> Any:
    """A client of DynamoDB Local."""
    return new_client(dynamodb_local)


@pytest.fixture(scope="package", autouse=True)
def _cheap_transactions() -> Iterator[None]:
    """Let moto's transactions copy what they touch, not the whole table."""
    with cheap_transactions():
        yield


@pytest.fixture(scope="module")
def mocked() -> Iterator[None]:
    """moto, for the tests of a module that make clients of their own."""
    with mock_aws():
        yield


@pytest.fixture(params=ENGINES)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A client of each engine."""
    yield from client_of(request.param, request)


@pytest.fixture
def table(client: Any) -> Table:
    """An empty table on each engine."""
    return make_table(client)


@pytest.fixture
def users() -> Users:
    """Makes the users of a test."""
    return Users()


@pytest.fixture
def groups() -> Groups:
    """Makes the groups of a test."""
    return Groups()


@pytest.fixture(params=["memory", *ENGINES])
def accounts(request: pytest.FixtureRequest) -> Iterator[Callable[[str], UserStore]]:
    """The store of each account by its name, on the twin and on every engine."""
    if request.param == "memory":
        twins: dict[str, UserStore] = {}
        yield lambda account: twins.setdefault(account, InMemoryUsers())
    else:
        for client in client_of(request.param, request):
            table = make_table(client)
            yield lambda account, table=table: table.account(account, Patience()).users  # type: ignore[misc]  # mypy infers no type for the lambda's default


@dataclass(frozen=True)
class Directory:
    """The users and groups of an account, and the memberships from both sides."""

    users: UserStore
    groups: GroupStore
    members: Relations
    account: TwinAccount | DynamoDBAccount

    @classmethod
    def of(cls, account: TwinAccount | DynamoDBAccount) -> Directory:
        return cls(account.users, account.groups, account.members, account)

    @property
    def groups_of_users(self) -> Relations:
        """Return them as a request has them that begins now."""
        return self.account.groups_of_users


@pytest.fixture(params=["memory", *ENGINES])
def directories(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Directory]]:
    """The directory of each account by its name, on the twin and on every engine."""
    if request.param == "memory":
        twin = TwinTable()
        yield lambda account: Directory.of(twin.account(account, Patience()))
    else:
        for client in client_of(request.param, request):
            table = make_table(client)
            yield lambda account, table=table: Directory.of(table.account(account, Patience()))  # type: ignore[misc]  # mypy infers no type for the lambda's default


@pytest.fixture
def directory(directories: Callable[[str], Directory]) -> Directory:
    """An empty directory."""
    return directories("default")


@pytest.fixture
def store(accounts: Callable[[str], UserStore]) -> UserStore:
    """An empty store: what every adapter of the port must be."""
    return accounts("default")

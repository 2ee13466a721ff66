"""Budgets of DynamoDB calls and units for each operation, as the table of docs/data-model.md promises.

Held for the store by itself, and for the request of a client by what its log line says. Units are the real engine's:
moto invents them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest

from adapters.dynamodb import Table, Usage
from adapters.dynamodb.guard import DynamoDBGuard
from adapters.dynamodb.users import DynamoDBUsers
from domain.accounts import rate
from domain.accounts.deprovisioning import Limit
from domain.errors import UniquenessConflict
from domain.resources import body as resource
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import EXTERNAL_ID, USER, USER_NAME
from local.moto_transactions import cheap_transactions
from storage.budgets import Budget, budgets
from support.engines import ENGINES, OneAtATime, make_table, new_client
from support.in_process import Client
from support.loading import load
from support.samples import LATER, Patience, ids, person, person_of
from support.served import Request, Served, served

CROWD = 1_000
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

BUDGETS = budgets()
"""By the operation's name in the document."""


def unclaimed(number: int) -> dict[str, Any]:
    """A user whom no identity provider has claimed, under another name than the one's who will."""
    return {name: value for name, value in person(number).items() if name != "externalId"} | {
        "userName": f"old{number}"
    }


def moved(number: int) -> dict[str, Any]:
    """The same user under another name and address."""
    new = f"moved{number}"
    return person(number) | {"userName": new, "emails": [{"value": f"{new}@example.com", "type": "work"}]}


@dataclass
class Directory:
    """A crowd of users that is never changed, accounts to write to, and the service over them."""

    table: Table
    served: Served
    has_units: bool
    crowd: list[StoredUser]
    reader: Client
    clients: dict[str, Client]
    numbers: Iterator[int] = field(default_factory=lambda: count(CROWD))

    def fresh(self, account: str = "writes", body: Callable[[int], dict[str, Any]] = person) -> tuple[int, StoredUser]:
        """A new user in an account that is written to, and their number."""
        number = next(self.numbers)
        user = person_of(number, body(number))
        self.table.account(account, Patience()).users.create(user)
        return number, user

    def cursor(self, page: int, **query: object) -> str:
        """The cursor behind the first page of that many users."""
        answer = self.reader.call("GET", "/Users", query=listing(**query, count=page, cursor="").query)
        return str(answer.body["nextCursor"])


Store = Callable[[DynamoDBUsers], object]


@dataclass(frozen=True)
class Operation:
    """The measured operations: each gives, once its users are there, the store's part or a client's requests."""

    store: Callable[[Directory], Store]
    requests: Callable[[Directory], list[Request]]
    account: str = "crowd"


def listing(**parameters: object) -> Request:
    return Request("GET", "/Users", "&".join(f"{name}={quote(str(value))}" for name, value in parameters.items()))


def patch_of(user: StoredUser, **values: object) -> Request:
    operations = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
    return Request("PATCH", f"/Users/{user.id}", body={"schemas": [PATCH_OP], "Operations": operations})


def read(store: Callable[[Directory, DynamoDBUsers], object], *requests: Callable[[Directory], Request]) -> Operation:
    """An operation on the crowd that changes nothing."""
    return Operation(
        lambda directory: lambda users: store(directory, users),
        lambda directory: [request(directory) for request in requests],
    )


def page_of(size: int) -> Operation:
    starts = [1, 2, CROWD // 2, CROWD - 99, CROWD] if size < CROWD else [1]
    return Operation(
        lambda directory: lambda users: [users.page(start, size) for start in starts[:1]],
        lambda directory: [listing(startIndex=start, count=size) for start in starts],
    )


def cursor_page_of(size: int) -> Operation:
    return read(
        lambda directory, users: (users.page_after(directory.crowd[0].id, size), users.total()),
        lambda directory: listing(count=size, cursor=""),
        lambda directory: listing(count=size, cursor=directory.cursor(5)),
    )


def cursor_page(store: Callable[[Directory, DynamoDBUsers], object], **query: object) -> Operation:
    """A page of 100, the first and one that 800 users are before."""
    return read(
        store,
        lambda directory: listing(**query, cursor=""),
        lambda directory: listing(**query, cursor=directory.cursor(800, **query)),
    )


def create(directory: Directory) -> Store:
    number = next(directory.numbers)
    user = person_of(number)
    return lambda users: users.create(user)


def look_up_by_address(directory: Directory) -> Store:
    number, _ = directory.fresh("adopting", unclaimed)
    address = f"user{number}@example.com"
    return lambda users: users.find_by_user_name(address) or users.find_by_email(address)


def look_ups_by_address(directory: Directory) -> list[Request]:
    number, _ = directory.fresh("adopting", unclaimed)
    return [listing(filter=f'userName eq "user{number}@example.com"')]


def take_over(directory: Directory) -> Store:
    number, _ = directory.fresh("adopting", unclaimed)
    new = person_of(number + 1_000_000, person(number))

    def work(users: DynamoDBUsers) -> None:
        with pytest.raises(UniquenessConflict):
            users.create(new)
        found = users.find_by_email(f"user{number}@example.com")
        assert found is not None
        users.replace(found, found.adopted(new.attributes, LATER, "adoption"))

    return work


def take_overs(directory: Directory) -> list[Request]:
    number, _ = directory.fresh("adopting", unclaimed)
    return [Request("POST", "/Users", body=person(number))]


def deactivated(number: int) -> dict[str, Any]:
    """A user whom the identity provider made and deactivated."""
    return person(number) | {"active": False}


def take_back(directory: Directory) -> Store:
    number, _ = directory.fresh("returning", deactivated)
    new = person_of(number + 1_000_000, person(number))

    def work(users: DynamoDBUsers) -> None:
        with pytest.raises(UniquenessConflict):
            users.create(new)
        found = users.find_by_user_name(f"user{number}")
        assert found is not None
        users.replace(found, found.changed_to(new.attributes, LATER))

    return work


def take_backs(directory: Directory) -> list[Request]:
    number, _ = directory.fresh("returning", deactivated)
    return [Request("POST", "/Users", body=person(number))]


def change(changed: Callable[[int], dict[str, Any]]) -> Callable[..., Store]:
    def prepared(directory: Directory, account: str = "writes") -> Store:
        number, user = directory.fresh(account)
        replacement = user.changed_to(resource.attributes_of(changed(number), USER), LATER)

        def work(users: DynamoDBUsers) -> None:
            current = users.get(user.id)
            assert current is not None
            if replacement is not user:
                users.replace(current, replacement)

        return work

    return prepared


def replacing(changed: Callable[[int], dict[str, Any]], **patched: object) -> Operation:
    def requests(directory: Directory) -> list[Request]:
        (number, put), (_, patched_user) = directory.fresh(), directory.fresh()
        return [Request("PUT", f"/Users/{put.id}", body=changed(number)), patch_of(patched_user, **patched)]

    return Operation(change(changed), requests, "writes")


def delete(directory: Directory, account: str = "writes") -> Store:
    _, user = directory.fresh(account)
    return lambda users: users.delete(users.get(user.id) or user)


def guarded(prepare: Callable[..., Store]) -> Callable[[Directory], Store]:
    """The same in an account whose guard counts it."""

    def prepared(directory: Directory) -> Store:
        work = prepare(directory, "guarded")

        def counted(users: DynamoDBUsers) -> None:
            DynamoDBGuard(users.items, Limit(20)).take()
            work(users)

        return counted

    return prepared


OPERATIONS = {
    "get by id": read(
        lambda directory, users: users.get(directory.crowd[5].id),
        lambda directory: Request("GET", f"/Users/{directory.crowd[5].id}"),
    ),
    "look-up by userName": read(
        lambda directory, users: users.find_by_user_name("user7"),
        lambda directory: listing(filter='userName eq "user7"'),
        lambda directory: Request("POST", "/.search", body={"schemas": [SEARCH], "filter": 'userName eq "user7"'}),
    ),
    "look-up by address": read(
        lambda directory, users: users.find_by_email("user7@example.com"),
        lambda directory: listing(filter='emails.value eq "user7@example.com"'),
        lambda directory: listing(filter='emails[type eq "work"].value eq "user7@example.com"'),
    ),
    "look-up by externalId": read(
        lambda directory, users: users.find(EXTERNAL_ID, "ext-7"),
        lambda directory: listing(filter='externalId eq "ext-7"'),
    ),
    "look-up that finds no user": read(
        lambda directory, users: (users.find_by_user_name("nobody"),),
        lambda directory: listing(filter='userName eq "nobody"'),
        lambda directory: listing(filter='emails.value eq "nobody@example.com"'),
        lambda directory: listing(filter='externalId eq "nobody"'),
    ),
    "look-up by userName that finds an address (`match-existing-by-email`)": Operation(
        look_up_by_address, look_ups_by_address, "adopting"
    ),
    "create": Operation(
        create,
        lambda directory: [Request("POST", "/Users", body=person(next(directory.numbers)))],
        "writes",
    ),
    "create that takes a user over (`match-existing-by-email`)": Operation(take_over, take_overs, "adopting"),
    "create that takes a deactivated user back (`take-back-deactivated`)": Operation(
        take_back, take_backs, "returning"
    ),
    "replace, patch": replacing(lambda number: person(number) | {"title": "Lead"}, title="Lead"),
    "replace, patch of userName and address": replacing(
        moved, userName="elsewhere", emails=[{"value": "elsewhere@example.com", "type": "work"}]
    ),
    "replace, patch that changes nothing": replacing(person, title="Analyst"),
    "delete": Operation(delete, lambda directory: [Request("DELETE", f"/Users/{directory.fresh()[1].id}")], "writes"),
    "delete, with a deprovisioning limit": Operation(
        guarded(delete),
        lambda directory: [Request("DELETE", f"/Users/{directory.fresh('guarded')[1].id}")],
        "guarded",
    ),
    "patch that deactivates, with a deprovisioning limit": Operation(
        guarded(change(lambda number: person(number) | {"active": False})),
        lambda directory: [patch_of(directory.fresh("guarded")[1], active=False)],
        "guarded",
    ),
    "page of 100 by `startIndex`": page_of(100),
    "page of 1,000 by `startIndex`": page_of(CROWD),
    "page behind the last user": read(
        lambda directory, users: users.page(CROWD + 1, 100),
        lambda directory: listing(startIndex=CROWD + 1, count=100),
    ),
    "page of 100 by `cursor`": cursor_page_of(100),
    "page of 1,000 by `cursor`": cursor_page_of(CROWD),
    "`totalResults` alone (`count=0`)": read(
        lambda directory, users: users.total(), lambda directory: listing(count=0)
    ),
    "filter by prefix (`sw`) that 11 users match": read(
        lambda directory, users: users.get_many(ids(users.entries_starting(USER_NAME, "user99"))),
        lambda directory: listing(filter='userName sw "user99"'),
        lambda directory: listing(filter='emails.value sw "user99" and active eq true'),
    ),
    "100 of 1,000 users by userName (`sortBy`)": read(
        lambda directory, users: (users.get_many(ids(users.entries(USER_NAME, at_most=100))), users.total()),
        lambda directory: listing(sortBy="userName"),
        lambda directory: listing(sortBy="userName", sortOrder="descending"),
    ),
    "the same by `cursor`, at any depth": cursor_page(
        lambda directory, users: (
            users.get_many(ids(users.entries(USER_NAME, after="user8", at_most=101))[:100]),
            users.total(),
        ),
        sortBy="userName",
    ),
    "100 of 1,000 users by prefix (`sw`) by `cursor`, at any depth": cursor_page(
        lambda directory, users: users.get_many(ids(users.entries_starting(USER_NAME, "user"))[:100]),
        filter='userName sw "user"',
    ),
    "any other filter over 1,000 users": read(
        lambda directory, users: list(users.scan()),
        lambda directory: listing(filter='title co "naly"', count=0),
    ),
}


@pytest.fixture(scope="module", params=ENGINES)
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    on_moto = request.param == "moto"
    client = None if on_moto else request.getfixturevalue("local_client")
    with served(tmp_path_factory.mktemp("budgets") / "log") as service, cheap_transactions():
        table = make_table(OneAtATime(new_client()) if on_moto else client)
        service.use(table, Patience())
        crowd = [person_of(number) for number in range(CROWD)]
        load(table, "crowd", crowd)
        crowd.sort(key=lambda user: user.id)
        clients = {
            "crowd": service.service.account("crowd"),
            "writes": service.service.account("writes", deprovisioning_limit=None),
            "adopting": service.service.account("adopting", deprovisioning_limit=None, match_existing_by_email=True),
            "returning": service.service.account("returning", deprovisioning_limit=None),
            "guarded": service.service.account("guarded", deprovisioning_limit=Limit(20)),
        }
        yield Directory(table, service, not on_moto, crowd, clients["crowd"], clients)


def hold(budget: Budget, calls: int, units: float, *, has_units: bool) -> None:
    assert calls <= budget.calls
    if has_units:
        assert units <= budget.units_of_dynamodb_local


def test_every_budget_in_the_document_is_measured() -> None:
    assert list(BUDGETS) == list(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_store_stays_within_its_budget(directory: Directory, name: str) -> None:
    operation, usage = OPERATIONS[name], Usage()
    work = operation.store(directory)

    work(directory.table.account(operation.account, Patience(), usage).users)

    assert usage.retries == 0
    hold(BUDGETS[name], usage.calls, usage.units, has_units=directory.has_units)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_request_stays_within_its_budget(directory: Directory, name: str) -> None:
    operation = OPERATIONS[name]
    client = directory.clients[operation.account]

    for request in operation.requests(directory):
        answer, line = directory.served.send(client, request)

        assert answer.status < 300, answer.text
        hold(BUDGETS[name], line["dynamodb_calls"], line["dynamodb_units"], has_units=directory.has_units)


def test_a_busy_account_costs_one_call_and_one_write_unit_for_each_block(directory: Directory) -> None:
    usage = Usage()
    directory.table.request_counter("busy", usage).settle(5, rate.DEFAULT_RATE)
    assert usage.calls == 2  # the account comes back from nowhere

    blocks = Usage()
    for _ in range(4):
        directory.table.request_counter("busy", blocks).settle(5, rate.DEFAULT_RATE)

    assert (blocks.calls, blocks.retries) == (4, 0)
    if directory.has_units:
        assert blocks.units == 4


def test_an_id_that_cannot_be_a_key_costs_no_call(directory: Directory) -> None:
    usage = Usage()
    store = directory.table.account("crowd", Patience(), usage).users

    assert (store.get(""), store.get("x" * 2000), store.get_many([])) == (None, None, [])
    assert usage.calls == 0


def test_users_who_share_an_external_id_are_read_together(directory: Directory) -> None:
    for number in range(5):
        user = person_of(number, person(number) | {"externalId": "shared"})
        directory.table.account("shared", Patience()).users.create(user)
    usage = Usage()

    assert len(directory.table.account("shared", Patience(), usage).users.find(EXTERNAL_ID, "shared")) == 5
    assert usage.calls == 2

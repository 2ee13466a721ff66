"""Directories of a given size on DynamoDB Local, and a client's requests to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from rich.console import Console
from rich.progress import track
from service import ACCOUNT, Call, Service

from adapters.dynamodb import Table
from domain.queries.listing import Query
from domain.resources.stored_user import StoredUser
from operations.table_creation import table_definition
from support.loading import load
from support.samples import person, person_of

PAGE = 100
CRAWL_PAGE = 1_000
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_LOADERS = 8


@dataclass
class Directory:
    """Users of 1.2 KB in a table of their own, and the requests about them."""

    size: int
    table: Table
    service: Service
    ids: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    random: Random = field(default_factory=lambda: Random(1))
    fresh: Iterator[int] = field(default_factory=lambda: count(10_000_000))

    @classmethod
    def loaded(cls, size: int, client: Any, service: Service, console: Console) -> Directory:
        """A new one; users are written in batches, past the transactions that make each of them exact."""
        name = f"users-{size}"
        # No stream: DynamoDB Local takes eight times as long to write with one.
        client.create_table(**{**table_definition(name), "StreamSpecification": {"StreamEnabled": False}})
        directory = cls(size, Table(client, name), service)

        def users() -> Iterator[StoredUser]:
            for number in track(range(size), f"Loading {size:,} users", console=console, transient=True):
                user = person_of(number)
                directory.ids.append(user.id)
                yield user

        load(directory.table, ACCOUNT, users(), threads=_LOADERS)
        directory.ids.sort()
        return directory

    def get(self) -> Call:
        return self.service.call("GET", f"/Users/{self.random.choice(self.ids)}")

    def find(self, filter_: str) -> Call:
        return self.service.call("GET", "/Users", filter=filter_.format(self.random.randrange(self.size)))

    def create(self) -> Call:
        return self.service.call("POST", "/Users", person(next(self.fresh)))

    def patch(self) -> Call:
        operations = [{"op": "replace", "path": "title", "value": f"Lead {next(self.fresh)}"}]
        body = {"schemas": [PATCH_OP], "Operations": operations}
        return self.service.call("PATCH", f"/Users/{self.random.choice(self.ids)}", body)

    def delete(self) -> Call:
        return self.service.call("DELETE", f"/Users/{self.created.pop()}")

    def page(self, users_before: int, count: int = PAGE) -> Call:
        return self.service.call("GET", "/Users", startIndex=users_before + 1, count=count)

    def page_by_cursor(self, users_before: int) -> Call:
        cursor = ""
        if users_before:
            cursor = self.service.cursor(self.ids[users_before - 1], Query(cursor="").fingerprint)
        return self.page_at(cursor)

    def page_at(self, cursor: str, count: int = PAGE) -> Call:
        return self.service.call("GET", "/Users", cursor=cursor, count=count)


OPERATIONS: dict[str, Callable[[Directory], Call]] = {
    "get": Directory.get,
    "look-up by userName": lambda on: on.find('userName eq "user{}"'),
    "look-up by address": lambda on: on.find('emails.value eq "user{}@example.com"'),
    "look-up by externalId": lambda on: on.find('externalId eq "ext-{}"'),
    "create": Directory.create,
    "patch": Directory.patch,
    "delete": Directory.delete,
    "totalResults": lambda on: on.page(0, 0),
    "first page by index": lambda on: on.page(0),
    "middle page by index": lambda on: on.page(on.size // 2),
    "deepest page by index": lambda on: on.page(on.size - PAGE),
    "first page by cursor": lambda on: on.page_by_cursor(0),
    "middle page by cursor": lambda on: on.page_by_cursor(on.size // 2),
    "deepest page by cursor": lambda on: on.page_by_cursor(on.size - PAGE),
}
"""The operations of each round, in this order: the created user is deleted."""

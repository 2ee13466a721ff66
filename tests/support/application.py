"""A customer's users in a table, made by requests of an identity provider, and what an application reads of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

from adapters.dynamodb import Table
from domain.messages import PATCH_OP_URN
from local.moto_transactions import cheap_transactions
from reading import Users
from support.engines import make_table
from support.in_process import Client, InProcess, in_process
from support.samples import Patience
from support.served import PatientTable


@dataclass(frozen=True)
class Application:
    """One account: `scim` is its identity provider, `users` is what the application reads by."""

    service: InProcess
    table: Table
    scim: Client
    users: Users

    def of(self, account: str, **settings: Any) -> Application:
        """The same for another account of the table."""
        scim = self.service.account(account, groups=True, deprovisioning_limit=None, **settings)
        return Application(self.service, self.table, scim, Users(self.table.table_name, account, self.users.client))

    def create(self, user_name: str, **more: Any) -> str:
        """Let the identity provider make a user; return the id."""
        return self._made("/Users", {"userName": user_name, **more})

    def create_group(self, display_name: str, *members: str, **more: Any) -> str:
        """Let it make a group of users with these ids; return the id."""
        said = {"displayName": display_name, "members": [{"value": each} for each in members], **more}
        return self._made("/Groups", said)

    def patch(self, path: str, *operations: dict[str, Any]) -> None:
        """Let it change a user or a group."""
        answer = self.scim.call("PATCH", path, {"schemas": [PATCH_OP_URN], "Operations": list(operations)})
        assert answer.status in (200, 204), answer.text

    def delete(self, path: str) -> None:
        """Let it remove a user or a group."""
        answer = self.scim.call("DELETE", path)
        assert answer.status == 204, answer.text

    def _made(self, path: str, body: dict[str, Any]) -> str:
        kind = path.strip("/").removesuffix("s")
        answer = self.scim.call("POST", path, {"schemas": [f"urn:ietf:params:scim:schemas:core:2.0:{kind}"], **body})
        assert answer.status == 201, answer.text
        made: str = answer.body["id"]
        return made


@contextmanager
def application(account: str = "acme", client: Any = None) -> Iterator[Application]:
    """The service over a new table, from now to the end of the block; without a client the table is moto's.

    The application reads by a client as boto3 makes it.
    """
    with in_process() as service, cheap_transactions():
        table = make_table(service.clients.dynamodb if client is None else client)
        service.use(PatientTable(table, Patience()))
        reading = boto3.client("dynamodb", region_name="eu-central-1") if client is None else client
        first = Application(service, table, service.account("none"), Users(table.table_name, "none", reading))
        yield first.of(account)

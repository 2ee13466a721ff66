"""What a function is made of, put together once per container: environment, clients, table, connectors."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from adapters.aws import client, on_lambda
from adapters.dynamodb import Table, Usage, with_items_as_sent
from adapters.dynamodb.pace import Pace
from adapters.environment import Environment
from adapters.logs.last_words import LastWords
from adapters.logs.refusals import Refusals
from adapters.secrets.authentication import Connectors
from domain.accounts.rate import RequestCounter


class Runtime:
    """The parts that requests share; each is made when first used, `warm` makes them beforehand."""

    @cached_property
    def environment(self) -> Environment:
        return Environment.from_env()

    @cached_property
    def connectors(self) -> Connectors:
        environment = self.environment
        return Connectors(
            client("secretsmanager"), environment.connector_secret_prefix, ttl=environment.connector_cache_seconds
        )

    @cached_property
    def table(self) -> Table:
        return Table(with_items_as_sent(client("dynamodb")), self.environment.table_name)

    @cached_property
    def pace(self) -> Pace:
        return Pace(self._request_counter)

    def _request_counter(self, account: str, usage: Usage) -> RequestCounter:
        # Not before an account is busy: one function has no other use for the table's client.
        return self.table.request_counter(account, usage)

    @cached_property
    def refusals(self) -> Refusals:
        return Refusals()

    @cached_property
    def last_words(self) -> LastWords:
        return LastWords()

    def warm(self, *, table: bool = True) -> None:
        """Make the parts while a function starts; `table`: whether it reads or writes users at all.

        Lambda gives a start more CPU than a request, so that no request should wait for clients. Elsewhere (local
        server, tests) parts are made when first used, in an environment that is complete by then.
        """
        if not on_lambda():
            return
        _ = self.connectors, self.pace, self.refusals
        if table:
            _ = self.table

    def forget(self) -> None:
        """Have the parts made anew, for an environment that has changed: the local server, tests."""
        self.__dict__.clear()


RUNTIME: Final = Runtime()

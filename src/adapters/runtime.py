"""What a function is made of, put together once per container: environment, clients, table, connectors."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from adapters.aws import client
from adapters.connectors import Connectors
from adapters.dynamodb import Table
from adapters.environment import Environment


class Runtime:
    """The parts that requests share; each is made when first used, `warm` makes them at init."""

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
        return Table(client("dynamodb"), self.environment.table_name)

    def forget(self) -> None:
        """Have the parts made anew, for an environment that has changed: the local server, tests."""
        self.__dict__.clear()


RUNTIME: Final = Runtime()

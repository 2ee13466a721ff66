"""The composition of the SCIM functions, built once and bound to the handlers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, repeat
from typing import TYPE_CHECKING

from adapters.aws import Clients
from adapters.dynamodb import Table, with_items_as_sent
from adapters.environment import Variables, declared_extensions
from adapters.logs.log import Log
from adapters.secrets.authentication import Authenticator
from handlers.container.last_words import LastWords
from handlers.container.pace import Pace
from handlers.container.repetitions import Named, Refusals
from handlers.environment.service import ServiceEnvironment

if TYPE_CHECKING:
    from adapters.dynamodb import Usage
    from domain.accounts.rate import RequestCounter
    from domain.resources.attributes import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The parts that all requests of one container use.

    On Lambda `default_service` is bound to every handler. The local server, tests and benches bind their own, as in
    `get_user.handler.bound_to(service)(event, context)`.
    """

    environment: ServiceEnvironment
    authenticator: Authenticator
    open_table: Callable[[], Table]
    """Return the table; the first call makes its client, which a function may have no other use for."""
    log: Log
    pace: Pace
    refusals: Refusals = field(default_factory=Refusals)
    last_words: LastWords = field(default_factory=LastWords)
    named: Named = field(default_factory=Named)
    extensions: tuple[Schema, ...] = field(default_factory=declared_extensions)
    """The extensions of the User that the deployment declares."""
    has_publisher: bool = True
    """False where none does what writes leave to do: on a developer's machine."""
    cold: Iterator[bool] = field(default_factory=lambda: chain((True,), repeat(False)))
    """True for the first request, then False."""

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> Service:
        """Raise `InvalidEnvironment` for a variable that is missing or malformed."""
        return cls.over(Clients(), ServiceEnvironment.from_env(env), Log.to_output())

    @classmethod
    def over(cls, clients: Clients, environment: ServiceEnvironment, log: Log) -> Service:
        """Put the parts together on these clients. Makes that of Secrets Manager; `open_table` makes DynamoDB's."""

        @cache
        def open_table() -> Table:
            return Table(with_items_as_sent(clients.dynamodb), environment.table_name)

        def counter(account: str, usage: Usage) -> RequestCounter:
            return open_table().request_counter(account, usage)

        authenticator = Authenticator(
            clients.secretsmanager, environment.connector_secret_prefix, ttl=environment.connector_cache_seconds
        )
        return cls(
            environment=environment, authenticator=authenticator, open_table=open_table, log=log, pace=Pace(counter)
        )


@cache
def default_service() -> Service:
    """Return the service of this Lambda function, from its environment: one for each container."""
    return Service.from_env()

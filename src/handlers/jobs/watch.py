"""Checks every hour for accounts whose identity provider is silent, whose key is old or whose secret is unusable.

None of these causes requests on which an alarm could be based. The findings are log lines, and the number of each kind
is a metric. When Secrets Manager, CloudWatch Logs or DynamoDB does not answer, the function fails, which raises an
alarm too.

Logs are charged by what is read, so a check reads those since the last one that succeeded, and remembers in the table
when each account was last heard.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from adapters import clock
from adapters.aws import Clients
from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from adapters.environment import Variables
from adapters.logs import last_requests
from adapters.logs.last_requests import Logs
from adapters.logs.log import Log
from adapters.secrets.accounts import Accounts
from adapters.secrets.connector_secrets import SecretUnusable
from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from domain.accounts.silence import AccountWarning, Heard, Memory, check_key_ages, check_requests
from handlers.environment.watch import WatchEnvironment
from handlers.start import made_at_start

_DAY: Final = timedelta(days=1)
SECONDS_TO_READ: Final = 4.0
"""To read what is remembered."""
SECONDS_TO_WRITE: Final = 40.0
"""To write it: all accounts are in one partition, and each takes two of the 1,000 units that it writes in a second."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Checks all accounts. `silence` is None when no account counts as silent; `retention` is that of the logs.

    `memory` opens what is remembered, for a number of seconds.
    """

    accounts: Accounts
    logs: Logs
    memory: Callable[[float], Memory]
    silence: timedelta | None
    retention: timedelta
    log: Log
    now: Callable[[], datetime] = clock.instant

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> Watch:
        """Raise `InvalidEnvironment` for a variable that is missing or malformed."""
        environment, clients = WatchEnvironment.from_env(env), Clients()
        table = Table(clients.dynamodb, environment.table_name)
        return cls(
            Accounts(clients.secretsmanager, environment.secret_prefix, lambda: "watch"),
            Logs(clients.logs, environment.log_groups),
            lambda seconds: table.heard(MonotonicDeadline.after(seconds)),
            environment.silence,
            environment.retention,
            Log.to_output(),
        )

    def __call__(self, event: object, context: object) -> None:
        """Log what needs attention in each account, then how many are silent, have an old key or an unusable secret."""
        accounts, now = self.accounts.list_all(), self.now()
        # Only releases send requests in the account in which they are tried.
        connectors = [one.connector for one in accounts if one.connector and one.account != RELEASE_CHECK_ACCOUNT]
        enabled = {connector.account for connector in connectors if connector.enabled}
        heard = self._heard({one.account for one in accounts}, now).last_requests if enabled else {}
        warnings: list[AccountWarning] = list(check_requests(connectors, heard, now, self.silence))
        old = list(check_key_ages((one.connector for one in accounts if one.connector), now))
        unusable = [one for one in accounts if isinstance(one.problem, SecretUnusable)]
        for one in accounts:
            if one.problem is not None:
                last_requests.emit_unreadable(self.log, one.account, one.problem.reason)
        for warning in (*warnings, *old):
            last_requests.emit_warning(self.log, warning)
        silent = sum(warning.reason == "silent" for warning in warnings)
        last_requests.emit_summary(self.log, len(enabled), silent, len(old), len(unusable))

    def _heard(self, accounts: set[str], now: datetime) -> Heard:
        """What is known of the requests of all accounts by now; it is remembered for the next check.

        Those that are off or unusable are among them, as only the first check reads old logs.
        """
        before = self.memory(SECONDS_TO_READ).read()
        if before.upto is None:
            found = self.logs.ever(accounts - {RELEASE_CHECK_ACCOUNT}, now, self.silence or _DAY, self.retention)
        else:
            found = self.logs.since(before.upto, now, self.retention)
        after = before.and_then(now, {account: last for account, last in found.items() if account in accounts})
        news = {name: last for name, last in after.last_requests.items() if before.last_requests.get(name) != last}
        forgotten = before.last_requests.keys() - accounts
        self.memory(SECONDS_TO_WRITE).remember(now, news, forgotten)
        return after


handler: Final = made_at_start(Watch.from_env)

"""Looks every hour for accounts whose identity provider has gone silent, whose key is old or whose secret is unusable.

None of it leaves a request that could set off an alarm, or only one that no one need send. What is found are lines of
the log; how many there are of each kind becomes a metric. When Secrets Manager or CloudWatch Logs cannot be asked the
function fails, which is an alarm too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from adapters import clock
from adapters.aws import client, on_lambda
from adapters.logs import last_requests
from adapters.logs.telemetry import HOURS_OF_ENDING_GRACE
from adapters.secrets.accounts import Accounts, ListedAccount
from adapters.secrets.connector_secrets import SecretUnusable
from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from domain.accounts.silence import AccountWarning, check_key_ages, check_requests

_DAY: Final = timedelta(days=1)
_ENDING: Final = timedelta(hours=HOURS_OF_ENDING_GRACE)


if on_lambda():
    # Made while the function starts, when Lambda gives it more CPU.
    client("secretsmanager")
    client("logs")


def handler(event: object, context: object) -> None:
    """Check all accounts once."""
    environment = last_requests.WatchEnvironment.from_env()
    accounts = Accounts(client("secretsmanager"), environment.secret_prefix, lambda: "watch")
    check_accounts(
        accounts.list_all(),
        last_requests.Logs(client("logs"), environment.log_groups),
        clock.instant(),
        environment.silence,
        environment.retention,
    )


def check_accounts(
    accounts: Sequence[ListedAccount],
    logs: last_requests.Logs,
    now: datetime,
    silence: timedelta | None,
    retention: timedelta,
) -> None:
    """Log what needs attention in each account, then how many are silent, have an old key or an unusable secret."""
    # Only releases send requests in the account in which they are tried.
    connectors = [one.connector for one in accounts if one.connector and one.account != RELEASE_CHECK_ACCOUNT]
    enabled = {connector.account for connector in connectors if connector.enabled}
    lately = silence or _DAY
    found = logs.last_requests(enabled, now, lately, retention if silence else lately)
    warnings: list[AccountWarning] = list(check_requests(connectors, found, now, silence, _ENDING))
    old = list(check_key_ages((one.connector for one in accounts if one.connector), now))
    unusable = [one for one in accounts if isinstance(one.problem, SecretUnusable)]
    for one in accounts:
        if one.problem is not None:
            last_requests.emit_unreadable(one.account, one.problem.reason)
    for warning in (*warnings, *old):
        last_requests.emit_warning(warning)
    silent = sum(warning.reason == "silent" for warning in warnings)
    last_requests.emit_summary(len(enabled), silent, len(old), len(unusable))

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
from adapters.logs import last_requests as watch
from adapters.logs.telemetry import HOURS_OF_ENDING_GRACE
from adapters.secrets.accounts import Accounts, Listed
from adapters.secrets.connector_secrets import SecretUnusable
from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from domain.accounts.silence import Finding, findings, old_keys

_DAY: Final = timedelta(days=1)
_ENDING: Final = timedelta(hours=HOURS_OF_ENDING_GRACE)


if on_lambda():
    # Made while the function starts, when Lambda gives it more CPU.
    client("secretsmanager")
    client("logs")


def handler(event: object, context: object) -> None:
    """One look at all accounts."""
    environment = watch.WatchEnvironment.from_env()
    accounts = Accounts(client("secretsmanager"), environment.secret_prefix, lambda: "watch")
    look(
        accounts.list_all(),
        watch.Logs(client("logs"), environment.log_groups),
        clock.instant(),
        environment.silence,
        environment.retention,
    )


def look(
    listed: Sequence[Listed], logs: watch.Logs, now: datetime, silence: timedelta | None, retention: timedelta
) -> None:
    """Log what is wrong with the accounts, and then how many of them are silent, have an old key, or are unusable."""
    # Nobody but a release calls in the account in which releases are tried.
    connectors = [one.connector for one in listed if one.connector and one.account != RELEASE_CHECK_ACCOUNT]
    enabled = {connector.account for connector in connectors if connector.enabled}
    lately = silence or _DAY
    heard = logs.last_heard(enabled, now, lately, retention if silence else lately)
    found: list[Finding] = list(findings(connectors, heard, now, silence, _ENDING))
    old = list(old_keys((one.connector for one in listed if one.connector), now))
    unusable = [one for one in listed if isinstance(one.problem, SecretUnusable)]
    for one in listed:
        if one.problem is not None:
            watch.emit_unreadable(one.account, one.problem.reason)
    for finding in (*found, *old):
        watch.emit(finding)
    silent = sum(finding.reason == "silent" for finding in found)
    watch.emit_end(len(enabled), silent, len(old), len(unusable))

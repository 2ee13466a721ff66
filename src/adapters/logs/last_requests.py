"""The log query of the hourly check of accounts, and the lines that it writes."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from adapters.logs import insights
from adapters.logs.log import Log
from domain.accounts.silence import AccountWarning, LastRequest

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_QUERY: Final = """
filter message = "request" and ispresent(account) and ispresent(key_used)
| stats max(toMillis(@timestamp)) as last, latest(key_used) as key by account
| limit 10000
"""
"""Only a request with a valid key has `key_used`: others do not show that the identity provider still gets in."""
SECONDS: Final = 9.0
"""For one query; there are two at most."""
LATE: Final = timedelta(minutes=10)
"""How long a line may take until a query finds it: each check reads that much again."""


class Logs:
    """The functions' logs, queried for the last request of each account."""

    def __init__(self, client: CloudWatchLogsClient, groups: Collection[str]) -> None:
        self._client = client
        self._groups = tuple(groups)

    def ever(
        self, accounts: Collection[str], now: datetime, lately: timedelta, at_most: timedelta
    ) -> dict[str, LastRequest]:
        """Return the last request of each account, as far back as `at_most`; raises `insights.QueryFailed`.

        Insights charges by the data scanned. So the first query covers the period `lately`, and a second one covers
        `at_most` only when an account is missing from the first.
        """
        found = self._read(now, min(lately, at_most))
        if any(account not in found for account in accounts) and lately < at_most:
            found = self._read(now, at_most)
        return found

    def since(self, upto: datetime, now: datetime, at_most: timedelta) -> dict[str, LastRequest]:
        """Return the last request of each account that sent one since the logs were read up to a moment."""
        return self._read(now, min(max(now - upto, timedelta()) + LATE, at_most))

    def _read(self, now: datetime, period: timedelta) -> dict[str, LastRequest]:
        needed = ("account", "last")
        rows = insights.ask(self._client, self._groups, _QUERY, now - period, now, seconds=SECONDS, needed=needed)
        return {
            row["account"]: LastRequest(
                datetime.fromtimestamp(float(row["last"]) / 1000, UTC),
                "previous" if row.get("key") == "previous" else "current",
            )
            for row in rows
        }


def emit_warning(log: Log, warning: AccountWarning) -> None:
    """Write one line for a warning about an account."""
    log.write("watch", {name: value for name, value in asdict(warning).items() if value is not None}, logging.WARNING)


def emit_unreadable(log: Log, account: str, reason: str) -> None:
    """Write one line for an account whose secret cannot be used."""
    log.write("watch", {"account": account, "reason": reason}, logging.WARNING)


def emit_summary(log: Log, accounts: int, silent_accounts: int, old_keys: int, unusable_secrets: int) -> None:
    """Write the line that ends a check; metric filters of observability.yaml count all numbers except the first."""
    numbers = {
        "accounts": accounts,
        "silent_accounts": silent_accounts,
        "old_keys": old_keys,
        "unusable_secrets": unusable_secrets,
    }
    log.write("watched", numbers)

"""What the settings page is made of, put together once per container."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Final

from adapters.aws import client
from adapters.clock import MonotonicDeadline
from adapters.dynamodb import DynamoDBAccount, Table
from adapters.logs.activity import Activity, FileActivity, InsightsActivity
from adapters.secrets.accounts import Accounts

_SECONDS: Final = 5.0
"""For what is asked of the table about one account."""


class SettingsParts:
    """The parts of the settings page; `ACTIVITY_FILE` stands for CloudWatch Logs on the local server."""

    @property
    def base_url(self) -> str:
        """The SCIM Connector Base URL, as template.yaml or the local server tells it."""
        return os.environ["SCIM_CONNECTOR_BASE_URL"]

    @property
    def reveals(self) -> bool:
        """Whether the page shows existing keys (parameter SettingsReveal)."""
        return os.environ.get("SETTINGS_REVEAL", "true") != "false"

    @cached_property
    def accounts(self) -> Accounts:
        """The accounts, to be looked at."""
        return self.accounts_for("unknown")

    def accounts_for(self, actor: str) -> Accounts:
        """The accounts, changed by this actor."""
        return Accounts(client("secretsmanager"), os.environ["CONNECTOR_SECRET_PREFIX"], lambda: actor)

    def account(self, name: str) -> DynamoDBAccount:
        """What an account has in the table, with little time, as the page waits."""
        return self._table.account(name, MonotonicDeadline.after(_SECONDS))

    @cached_property
    def _table(self) -> Table:
        return Table(client("dynamodb"), os.environ["TABLE_NAME"])

    @cached_property
    def activity(self) -> Activity:
        if file := os.environ.get("ACTIVITY_FILE"):
            return FileActivity(Path(file))
        return InsightsActivity(client("logs"), os.environ["LOG_GROUPS"].split(","))

    def warm(self) -> None:
        """Make the parts while the function starts, when Lambda gives it more CPU than for a request."""
        _ = self.accounts, self.activity, self._table

    def forget(self) -> None:
        """Have the parts made anew, for an environment that has changed: the local server, tests."""
        self.__dict__.clear()


SETTINGS: Final = SettingsParts()

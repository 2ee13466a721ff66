"""What the settings page is made of, put together once per container."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Final

from adapters.accounts import Accounts
from adapters.activity import Activity, FileActivity, InsightsActivity
from adapters.aws import client
from adapters.dynamodb import Table


class SettingsParts:
    """The parts of the settings page; `ACTIVITY_FILE` stands for CloudWatch Logs on the local server."""

    @property
    def base_url(self) -> str:
        """The SCIM Connector Base URL, as template.yaml or the local server tells it."""
        return os.environ["SCIM_CONNECTOR_BASE_URL"]

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(
            client("secretsmanager"), os.environ["CONNECTOR_SECRET_PREFIX"], lambda: "CloudWatch settings page"
        )

    @cached_property
    def table(self) -> Table:
        return Table(client("dynamodb"), os.environ["TABLE_NAME"])

    @cached_property
    def activity(self) -> Activity:
        if file := os.environ.get("ACTIVITY_FILE"):
            return FileActivity(Path(file))
        return InsightsActivity(client("logs"), os.environ["LOG_GROUPS"].split(","))

    def forget(self) -> None:
        """Have the parts made anew, for an environment that has changed: the local server, tests."""
        self.__dict__.clear()


SETTINGS: Final = SettingsParts()

"""The environment of the set-up page."""

from __future__ import annotations

import os
from dataclasses import dataclass

from adapters.environment import Variables, required


@dataclass(frozen=True, slots=True)
class SetupEnvironment:
    """What template.yaml sets on the set-up page."""

    table_name: str
    connector_secret_prefix: str
    log_groups: tuple[str, ...]
    base_url: str | None
    """The SCIM Connector Base URL, if it is not the one that a request shows."""

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> SetupEnvironment:
        """Raise `InvalidEnvironment` for a variable that is missing."""
        return cls(
            table_name=required(env, "TABLE_NAME"),
            connector_secret_prefix=required(env, "CONNECTOR_SECRET_PREFIX"),
            log_groups=tuple(required(env, "LOG_GROUPS").split(",")),
            base_url=env.get("BASE_URL", "").rstrip("/") or None,
        )

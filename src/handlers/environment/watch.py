"""The environment of the function that watches for silent accounts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta

from adapters.environment import Variables, number, required


@dataclass(frozen=True, slots=True)
class WatchEnvironment:
    """What template.yaml sets on the watch. `silence` is None when no account counts as silent."""

    table_name: str
    secret_prefix: str
    log_groups: tuple[str, ...]
    silence: timedelta | None
    retention: timedelta
    """How long the logs are kept."""

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> WatchEnvironment:
        """Raise `InvalidEnvironment` for a variable that is missing or malformed."""
        hours = number(env, "SILENCE_HOURS")
        return cls(
            table_name=required(env, "TABLE_NAME"),
            secret_prefix=required(env, "CONNECTOR_SECRET_PREFIX"),
            log_groups=tuple(required(env, "LOG_GROUPS").split(",")),
            silence=timedelta(hours=hours) if hours > 0 else None,
            retention=timedelta(days=number(env, "LOG_RETENTION_DAYS")),
        )

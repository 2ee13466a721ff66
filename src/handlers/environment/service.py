"""The environment of the SCIM functions."""

from __future__ import annotations

import os
from dataclasses import dataclass

from adapters.environment import Variables, number, required, switch


@dataclass(frozen=True, slots=True)
class ServiceEnvironment:
    """What template.yaml sets on every SCIM function: names and places, never a secret."""

    table_name: str
    connector_secret_prefix: str
    base_url: str | None
    """Overrides the base URL that a request shows; without a trailing slash."""
    log_personal_data: bool
    connector_cache_seconds: float

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> ServiceEnvironment:
        """Raise `InvalidEnvironment` for a variable that is missing or malformed."""
        return cls(
            table_name=required(env, "TABLE_NAME"),
            connector_secret_prefix=required(env, "CONNECTOR_SECRET_PREFIX"),
            base_url=env.get("BASE_URL", "").rstrip("/") or None,
            log_personal_data=switch(env, "LOG_PERSONAL_DATA", default=False),
            connector_cache_seconds=number(env, "CONNECTOR_CACHE_SECONDS", "60"),
        )

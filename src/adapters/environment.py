"""The functions' environment: read once, checked, frozen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Environment:
    """What template.yaml tells a function; names and places only, never a secret."""

    table_name: str
    connector_secret_prefix: str
    base_url: str | None
    log_personal_data: bool
    connector_cache_seconds: float

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Environment:
        """Raises RuntimeError naming the variable that is missing."""
        return cls(
            table_name=_required(env, "TABLE_NAME"),
            connector_secret_prefix=_required(env, "CONNECTOR_SECRET_PREFIX"),
            base_url=env.get("BASE_URL", "").rstrip("/") or None,
            log_personal_data=env.get("LOG_PERSONAL_DATA", "false").lower() == "true",
            connector_cache_seconds=float(env.get("CONNECTOR_CACHE_SECONDS", "60")),
        )


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name)
    if not value:
        raise RuntimeError(f"the environment variable {name} is not set; template.yaml sets it on every function")
    return value

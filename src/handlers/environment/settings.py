"""The environment of the settings page."""

from __future__ import annotations

import os
from dataclasses import dataclass

from adapters.environment import Variables, required, switch


@dataclass(frozen=True, slots=True)
class SettingsEnvironment:
    """What template.yaml sets on the settings page.

    `base_url` is the SCIM Connector Base URL; `reveals` is the parameter SettingsReveal: True when the page shows
    existing keys.
    """

    table_name: str
    connector_secret_prefix: str
    base_url: str
    reveals: bool
    log_groups: tuple[str, ...]
    setup_page_url: str | None = None
    """Where set-up links lead to; None where the stack has no set-up page."""

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> SettingsEnvironment:
        """Raise `InvalidEnvironment` for a variable that is missing."""
        return cls(
            table_name=required(env, "TABLE_NAME"),
            connector_secret_prefix=required(env, "CONNECTOR_SECRET_PREFIX"),
            base_url=required(env, "SCIM_CONNECTOR_BASE_URL"),
            reveals=switch(env, "SETTINGS_REVEAL", default=True),
            log_groups=tuple(required(env, "LOG_GROUPS").split(",")),
            setup_page_url=env.get("SETUP_PAGE_URL") or None,
        )

"""The environment of the function that publishes lifecycle events."""

from __future__ import annotations

import os
from dataclasses import dataclass

from adapters.environment import Variables, required, switch


@dataclass(frozen=True, slots=True)
class PublisherEnvironment:
    """What template.yaml sets on the publisher. `issuer` is the service's base URI, as security events name it."""

    table_name: str
    event_bus: str
    issuer: str
    personal_data: bool

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> PublisherEnvironment:
        """Raise `InvalidEnvironment` for a variable that is missing."""
        return cls(
            table_name=required(env, "TABLE_NAME"),
            event_bus=required(env, "EVENT_BUS_NAME"),
            issuer=required(env, "EVENT_ISSUER").rstrip("/"),
            personal_data=switch(env, "EVENT_PERSONAL_DATA", default=False),
        )

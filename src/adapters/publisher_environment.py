"""The environment of the function that publishes lifecycle events: read once, checked, frozen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublisherEnvironment:
    """What template.yaml tells the publisher. `issuer` is the service's base URI, as security events name it."""

    event_bus: str
    issuer: str
    personal_data: bool

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> PublisherEnvironment:
        """Raises RuntimeError naming the variable that is missing."""
        return cls(
            event_bus=_required(env, "EVENT_BUS_NAME"),
            issuer=_required(env, "EVENT_ISSUER").rstrip("/"),
            personal_data=env.get("EVENT_PERSONAL_DATA", "false").lower() == "true",
        )


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name)
    if not value:
        raise RuntimeError(f"the environment variable {name} is not set; template.yaml sets it on the publisher")
    return value

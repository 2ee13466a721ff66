"""The environment of the function that makes the first Connector Key."""

from __future__ import annotations

import os
from dataclasses import dataclass

from adapters.environment import Variables, required


@dataclass(frozen=True, slots=True)
class FirstKeyEnvironment:
    """What template.yaml sets on the custom resource."""

    connector_secret_prefix: str

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> FirstKeyEnvironment:
        """Raise `InvalidEnvironment` for a variable that is missing."""
        return cls(required(env, "CONNECTOR_SECRET_PREFIX"))

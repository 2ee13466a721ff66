"""The environment of the function that tries a release before it gets traffic."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.environment import InvalidEnvironment, Variables, required


@dataclass(frozen=True, slots=True)
class ReleaseEnvironment:
    """What template.yaml sets on the pre-traffic hook."""

    connector_secret_prefix: str
    new_versions: Mapping[str, str]
    """The ARN of each function's new version, by the function's logical id."""

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> ReleaseEnvironment:
        """Raise `InvalidEnvironment` for a variable that is missing or malformed."""
        try:
            versions = dict(json.loads(required(env, "NEW_VERSIONS")))
        except (TypeError, ValueError) as error:
            raise InvalidEnvironment(
                "the environment variable NEW_VERSIONS is not a JSON object; template.yaml sets it"
            ) from error
        return cls(required(env, "CONNECTOR_SECRET_PREFIX"), versions)

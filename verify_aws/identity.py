"""The names and tags of a run, by which everything that it makes can be found and removed."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

PREFIX: Final = "rollcall-verify-"
TAG: Final = "rollcall-verify"
"""Its value is the name of the run. CloudFormation puts it on whatever the stack makes."""
STARTED_TAG: Final = "rollcall-verify-started"

_NAME: Final = re.compile(rf"{PREFIX}[0-9a-f]{{8}}")


class NotARun(ValueError):
    """The name is not one that a run has; nothing of that name is touched."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run. Its name is that of its stack and of its bucket; raises `NotARun` for any other name."""

    name: str
    started: datetime

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise NotARun(f"{self.name!r} is not the name of a run: {PREFIX} and eight of 0-9 and a-f")

    @classmethod
    def new(cls) -> Run:
        """A run that starts now, with its own name."""
        return cls(PREFIX + secrets.token_hex(4), datetime.now(UTC).replace(microsecond=0))

    @property
    def tags(self) -> dict[str, str]:
        """The tags of everything that the run makes."""
        return {"application": "rollcall", TAG: self.name, STARTED_TAG: self.started.strftime("%Y-%m-%dT%H:%M:%SZ")}


def is_run(name: str) -> bool:
    """Return True for a name that a run may have."""
    return _NAME.fullmatch(name) is not None

"""What a run costs and how long it takes, before it starts: an estimate from list prices, and not a measurement.

The prices are those of docs/scale.md, which a test compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from verify_aws.plan import Sizes, Step

# US dollars.
FIXED_A_MONTH: Final = 25.0
"""At most: alarms, dashboard, metrics and the key of a stack without users."""
SECRET_A_MONTH: Final = 0.40
MILLION_REQUESTS: Final = 3.50
MILLION_WRITE_UNITS: Final = 0.625
MILLION_TRACES: Final = 5.0

HOURS_A_MONTH: Final = 730
MINUTES_TO_DELETE: Final = 5
_SECRETS: Final = 140
"""An account for each recorded request, and some more."""
_REQUESTS_OF_A_STEP: Final = 6
"""Before a recorded request, what it finds is created; afterwards the result is read."""
_UNITS_OF_A_CREATE: Final = 12
_RESERVE: Final = 1.5
"""For the parts that are too small to name: functions, logs, events, reads."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The parts of the cost in US dollars, and the minutes."""

    parts: dict[str, float]
    minutes: float

    @property
    def dollars(self) -> float:
        """The sum with a reserve, up to the next ten cents."""
        return ceil(sum(self.parts.values()) * _RESERVE * 10) / 10


def estimate(steps: Sequence[Step], sizes: Sizes) -> Estimate:
    """The estimate of a run with these steps."""
    requests = _SECRETS * _REQUESTS_OF_A_STEP + sizes.rate * (sizes.seconds + 5)
    parts = {
        "the stack for an hour": FIXED_A_MONTH / HOURS_A_MONTH,
        "secrets for an hour": _SECRETS * SECRET_A_MONTH / HOURS_A_MONTH,
        "requests, traced": requests * (MILLION_REQUESTS + MILLION_TRACES) / 1e6,
        "writes to the table": (sizes.users + requests) * _UNITS_OF_A_CREATE * MILLION_WRITE_UNITS / 1e6,
    }
    return Estimate(parts, sum(step.minutes for step in steps) + MINUTES_TO_DELETE)

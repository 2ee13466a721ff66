"""The service's own metrics, as CloudWatch takes them from a log line (embedded metric format).

The format is written here because Powertools takes six times as long for it (docs/decisions/032-composition.md).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

SERVICE: Final = "rollcall"
NAMESPACE: Final = "Rollcall"


class Metric(StrEnum):
    """The names of the service's own metrics; alarms, dashboard and queries use these and no others.

    CloudWatch charges for each name in each set of dimensions, so there are ten. What AWS counts anyway (invocations,
    durations and errors of a function, DynamoDB's throttling) has no name here. Failures of the service are Requests
    less Succeeded and ClientErrors.
    """

    REQUESTS = "Requests"
    SUCCEEDED = "Succeeded"
    CLIENT_ERRORS = "ClientErrors"
    UNIQUENESS_CONFLICTS = "UniquenessConflicts"
    AUTH_REJECTED = "AuthRejected"
    PREVIOUS_KEY_USED = "PreviousKeyUsed"
    LATENCY = "Latency"
    STORAGE_RETRIES = "StorageRetries"
    TOLERANCE_APPLIED = "ToleranceApplied"
    USERS_DEACTIVATED = "UsersDeactivated"


HOURS_OF_ENDING_GRACE: Final = 48
"""With less left of a previous key's grace period, PreviousKeyUsed also counts with the dimension grace=ending."""

Narrower = tuple[Metric, Mapping[str, str], float]
"""A metric that also counts with further dimensions, and its value."""


def embedded(environment: str, values: Mapping[Metric, float], narrower: Sequence[Narrower] = ()) -> str:
    """Return one line for all of these metrics and dimensions.

    Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".
    """
    of_all = {"service": SERVICE, "environment": environment}
    directives, dimensions = [_directive(tuple(values), tuple(of_all))], of_all
    members = dict(values)
    for metric, further, value in narrower:
        directives.append(_directive((metric,), (*of_all, *further)))
        dimensions = dimensions | dict(further)
        members[metric] = value  # the same as without the dimension, or there is none without it
    line: dict[str, Any] = {"_aws": {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": directives}}
    line |= dimensions | {metric.value: [float(value)] for metric, value in members.items()}
    return json.dumps(line, separators=(",", ":"))


@lru_cache(maxsize=128)
def _directive(metrics: tuple[Metric, ...], dimensions: tuple[str, ...]) -> dict[str, Any]:
    """The members of a line that are metrics, with their dimensions; cached, as requests have the same ones."""
    return {
        "Dimensions": [list(dimensions)],
        "Metrics": [
            {"Name": metric.value, "Unit": "Milliseconds" if metric is Metric.LATENCY else "Count"}
            for metric in metrics
        ],
        "Namespace": NAMESPACE,
    }

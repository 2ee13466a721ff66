"""What operators see of a request: one structured log line (Powertools Logger) and its metrics (EMF).

The record is an allow-list: a field that is not one of `RequestRecord` cannot reach the log, and none of its fields
holds a body, a filter value, a name, an address or a key.
"""

from __future__ import annotations

import logging
import os
import traceback
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from adapters.dynamodb import Usage

SERVICE: Final = "rollcall"
NAMESPACE: Final = "Rollcall"


class Metric(StrEnum):
    """The names of the service's own metrics; alarms, dashboard and queries use these and no others."""

    REQUESTS = "Requests"
    SUCCEEDED = "Succeeded"
    CLIENT_ERRORS = "ClientErrors"
    SERVER_ERRORS = "ServerErrors"
    UNIQUENESS_CONFLICTS = "UniquenessConflicts"
    AUTH_REJECTED = "AuthRejected"
    PREVIOUS_KEY_USED = "PreviousKeyUsed"
    LATENCY = "Latency"
    STORAGE_RETRIES = "StorageRetries"
    TOLERANCES_APPLIED = "TolerancesApplied"


@dataclass(slots=True)
class RequestRecord:
    """What is known of one request; filled while it is served."""

    operation: str
    request_id: str
    cold_start: bool
    account: str | None = None
    key_used: str | None = None
    user_id: str | None = None
    status: int = 0
    scim_type: str | None = None
    reason: str | None = None
    remedy: str | None = None
    duration_ms: float = 0.0
    usage: Usage = field(default_factory=Usage)
    tolerances: list[str] = field(default_factory=list)
    cause: str | None = None
    """For failures of the service itself: the class of the error and where it arose, never its text."""
    secret: str | None = None
    """The name of a connector's secret that is missing or unreadable; never what it holds."""

    @property
    def is_failure(self) -> bool:
        """Whether the service failed; 501 is the right answer to what it does not do."""
        return self.status >= 500 and self.status != 501

    def fields(self) -> dict[str, object]:
        """The record as the log line's fields, without those that say nothing."""
        flat = asdict(self) | {
            "dynamodb_calls": self.usage.calls,
            "dynamodb_units": self.usage.units,
            "dynamodb_retries": self.usage.retries,
        }
        del flat["usage"]
        return {name: value for name, value in flat.items() if value is not None and value != []}

    def metrics(self) -> dict[Metric, float]:
        """The values that this request adds to the metrics; Requests and Latency always, the others when they count."""
        counted = {
            Metric.SUCCEEDED: self.status < 400,
            Metric.CLIENT_ERRORS: self.status >= 400 and not self.is_failure,
            Metric.SERVER_ERRORS: self.is_failure,
            Metric.UNIQUENESS_CONFLICTS: self.scim_type == "uniqueness",
            Metric.AUTH_REJECTED: self.status == 401,
            Metric.PREVIOUS_KEY_USED: self.key_used == "previous",
            Metric.STORAGE_RETRIES: self.usage.retries,
            Metric.TOLERANCES_APPLIED: len(self.tolerances),
        }
        return {Metric.REQUESTS: 1, Metric.LATENCY: self.duration_ms} | {
            metric: value for metric, value in counted.items() if value
        }


@cache
def logger() -> Logger:
    """Writes to standard output, where Lambda takes lines from, or to ACTIVITY_FILE, as on the local server."""
    file = os.environ.get("ACTIVITY_FILE")
    return Logger(
        service=SERVICE,
        level="INFO" if file else None,
        logger_handler=logging.FileHandler(file, encoding="utf-8") if file else None,
        log_uncaught_exceptions=False,
        use_rfc3339=True,
        location=None,
    )


def forget() -> None:
    """Have the logger made anew, for an environment that has changed: the local server, tests."""
    logger.cache_clear()
    registered = logging.getLogger(SERVICE)
    for handler in registered.handlers:
        handler.close()
    registered.handlers.clear()
    for mark in ("init", "powertools_handler"):  # by which Powertools knows a logger that is set up
        registered.__dict__.pop(mark, None)


def place_of(error: Exception) -> str:
    """Where an unexpected error came from, without its text, which may hold values of the request."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place


def audit(what: str, account: str) -> None:
    """Record that somebody did or saw something at the settings page."""
    logger().info("audit", what=what, account=account)


def emit(record: RequestRecord) -> None:
    """Write the request's one line (warning for a refusal, error for a failure of the service) and its metrics."""
    fields: dict[str, Any] = record.fields()
    if record.is_failure:
        logger().error("request", **fields)
    elif record.status >= 400:
        logger().warning("request", **fields)
    else:
        logger().info("request", **fields)
    metrics = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
    metrics.add_dimension("environment", os.environ.get("ENVIRONMENT", "local"))
    for metric, value in record.metrics().items():
        unit = MetricUnit.Milliseconds if metric is Metric.LATENCY else MetricUnit.Count
        metrics.add_metric(metric.value, unit, value)
    metrics.flush_metrics()

"""Writing log lines (Powertools Logger) and metrics, on Lambda to standard output."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from aws_lambda_powertools import Logger

from adapters.environment import Variables, switch
from adapters.logs.metrics import SERVICE, Metric, Narrower, embedded


@dataclass(frozen=True, slots=True)
class Log:
    """The lines and metrics of one composition; `environment` is the deployment's name, a dimension of each metric."""

    lines: logging.Logger
    environment: str
    with_metrics: bool

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> Log:
        """Write to standard output, from where Lambda takes lines and metrics."""
        disabled = switch(env, "POWERTOOLS_METRICS_DISABLED", default=False)
        return cls(_logger(_StandardOutput()), env.get("ENVIRONMENT", "local"), not disabled)

    @classmethod
    def to_file(cls, file: str | Path) -> Log:
        """Write lines of level INFO and above to a file, without metrics, as the local server does."""
        return cls(_logger(logging.FileHandler(file, encoding="utf-8"), "INFO"), "local", with_metrics=False)

    def write(self, message: str, fields: Mapping[str, Any], level: int = logging.INFO) -> None:
        """Write a line at every log level: alarms, queries, the activity record or an audit depend on it."""
        self.lines.handle(self.lines.makeRecord(self.lines.name, level, "", 0, message, (), None, extra=dict(fields)))

    def write_by_level(self, message: str, fields: Mapping[str, Any]) -> None:
        """Write a line of level INFO that nothing depends on, so the log level may suppress it."""
        self.lines.info(message, extra=dict(fields))

    def measure(self, values: Mapping[Metric, float], narrower: Sequence[Narrower] = ()) -> None:
        """Write the metrics, unless they are switched off."""
        if self.with_metrics:
            sys.stdout.write(f"{embedded(self.environment, values, narrower)}\n")

    def close(self) -> None:
        """Close the file; nothing may be written afterwards."""
        for handler in list(self.lines.handlers):
            self.lines.removeHandler(handler)
            handler.close()


class _StandardOutput(logging.Handler):
    """Standard output as it is when a line is written."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stdout.write(f"{self.format(record)}\n")  # in one piece, as a thread may write at the same time
        sys.stdout.flush()


def _logger(handler: logging.Handler, level: str | None = None) -> logging.Logger:
    # Powertools configures one logger for each name in the process, so every composition needs a name of its own.
    name = f"{SERVICE}-{uuid4()}"
    logger = Logger(
        service=name,
        level=level,
        logger_handler=handler,
        log_uncaught_exceptions=False,
        use_rfc3339=True,
        location=None,
    )
    logger.append_keys(service=SERVICE)
    return logging.getLogger(name)

"""Writing log lines (Powertools Logger), on Lambda to standard output."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from aws_lambda_powertools import Logger

_TRACE: Final = "xray_trace_id"


@dataclass(frozen=True, slots=True)
class Log:
    """The lines of one composition; metric filters of observability.yaml count from them."""

    lines: logging.Logger

    @classmethod
    def to_output(cls) -> Log:
        """Write to standard output, from where Lambda takes lines."""
        return cls.to_lines(_to_standard_output)

    @classmethod
    def to_lines(cls, write: Callable[[str], object]) -> Log:
        """Give each line to a function, without a line end; what it raises, `write` of the log raises."""
        return cls(_logger(_Lines(write)))

    @classmethod
    def to_file(cls, file: str | Path) -> Log:
        """Write lines of level INFO and above to a file, as the local server does."""
        return cls(_logger(logging.FileHandler(file, encoding="utf-8"), "INFO"))

    def write(self, message: str, fields: Mapping[str, Any], level: int = logging.INFO) -> None:
        """Write a line at every log level: alarms, queries, the activity record or an audit depend on it."""
        self.lines.handle(self.lines.makeRecord(self.lines.name, level, "", 0, message, (), None, extra=dict(fields)))

    def write_by_level(self, message: str, fields: Mapping[str, Any]) -> None:
        """Write a line of level INFO that nothing depends on, so the log level may suppress it."""
        self.lines.info(message, extra=dict(fields))

    def close(self) -> None:
        """Close the file; nothing may be written afterwards."""
        for handler in list(self.lines.handlers):
            self.lines.removeHandler(handler)
            handler.close()


class _Lines(logging.Handler):
    """Gives lines to a function."""

    def __init__(self, write: Callable[[str], object]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        self._write(self.format(record))


def _to_standard_output(line: str) -> None:
    """Write a line to standard output as it is at that moment."""
    sys.stdout.write(f"{line}\n")  # in one piece, as a thread may write at the same time
    sys.stdout.flush()


def _line(fields: dict[str, Any]) -> str:
    """The line as text. Only one about a failure or a slow request names its trace: a trace answers why."""
    fields["timestamp"] = fields["timestamp"].replace("+00:00", "Z")
    if "invocation_id" not in fields and fields["level"] != "ERROR":
        fields.pop(_TRACE, None)
    return json.dumps(fields, default=str, separators=(",", ":"), ensure_ascii=False)


def _as_it_is(message: object) -> str:
    """The message of a line, which is a word and no JSON."""
    return str(message)


def _logger(handler: logging.Handler, level: str | None = None) -> logging.Logger:
    # Powertools configures one logger for each name in the process, so every composition needs its own name.
    name = f"rollcall-{uuid4()}"
    logger = Logger(
        service=name,
        level=level,
        logger_handler=handler,
        log_uncaught_exceptions=False,
        use_rfc3339=True,
        utc=True,
        location=None,
        json_serializer=_line,
        json_deserializer=_as_it_is,
    )
    logger.append_keys(service=None)  # a member that says the same in every line
    return logging.getLogger(name)

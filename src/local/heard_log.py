"""Hearing which log lines a request writes, so that the page and the terminal say what the log says."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from adapters.logs.log import Log

LogLine = tuple[str, Mapping[str, Any]]
"""The message of a line and its fields."""


@dataclass(frozen=True, slots=True)
class HeardLog(Log):
    """A log whose lines are also passed to `hear`."""

    hear: Callable[[str, Mapping[str, Any]], None]

    def write(self, message: str, fields: Mapping[str, Any], level: int = logging.INFO) -> None:
        """Write a line and pass it on."""
        Log.write(self, message, fields, level)
        self.hear(message, fields)


class Listener:
    """Collects the lines that are written in the thread that listens, which serves one request at a time."""

    def __init__(self) -> None:
        self._thread = threading.local()

    def hear(self, message: str, fields: Mapping[str, Any]) -> None:
        """Keep a line for the one who listens in this thread, if there is one."""
        lines = getattr(self._thread, "lines", None)
        if lines is not None:
            lines.append((message, fields))

    @contextmanager
    def listening(self) -> Iterator[list[LogLine]]:
        """Collect the lines of this thread until the end of the block."""
        self._thread.lines = lines = list[LogLine]()
        try:
            yield lines
        finally:
            self._thread.lines = None

"""Everything that functions write, as CloudWatch Logs gets it: standard output and error, and other loggers."""

from __future__ import annotations

import json
import logging
from traceback import format_exception
from typing import Any

import pytest

Json = dict[str, Any]


class Output:
    """Output since the last look, by the test itself: a fixture that made requests would tie the logger to a
    stream that pytest closes before the test begins. `raised` adds what Lambda writes of an error that leaves a
    function.
    """

    def __init__(self, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
        self._capfd = capfd
        self._caplog = caplog
        self._raised: list[str] = []
        caplog.set_level(logging.INFO)

    def raised(self, error: BaseException) -> None:
        self._raised += format_exception(error)

    def text(self) -> str:
        """All of it."""
        printed = self._capfd.readouterr()
        records = [f"{record.__dict__}" for record in self._caplog.records]
        everything = "\n".join([printed.out, printed.err, *records, *self._raised])
        self._caplog.clear()
        self._raised.clear()
        return everything

    def lines(self) -> list[Json]:
        """The log lines; fails if anything else is on standard output or anything on standard error."""
        printed = self._capfd.readouterr()
        assert printed.err == ""
        return [json.loads(line) for line in printed.out.splitlines()]

    def line(self) -> Json:
        """The one log line."""
        (line,) = self.lines()
        return line

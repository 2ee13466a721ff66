"""Everything that functions write, as CloudWatch Logs gets it: standard output and error, and other loggers."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
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

    def lines(self) -> tuple[list[Json], list[Json]]:
        """Log lines and metric blobs; fail if anything else is on standard output or anything on standard error."""
        printed = self._capfd.readouterr()
        assert printed.err == ""
        written = [json.loads(line) for line in printed.out.splitlines()]
        return [line for line in written if "_aws" not in line], [line for line in written if "_aws" in line]

    def line(self) -> Json:
        """The one log line."""
        (line,), _ = self.lines()
        return line


def samples(blob: Json) -> Iterator[tuple[str, Json, float]]:
    """The metrics of a blob as CloudWatch reads it: name, dimensions and value of each metric."""
    for directive in blob["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            for metric in directive["Metrics"]:
                values = blob[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    yield metric["Name"], {name: blob[name] for name in names}, value

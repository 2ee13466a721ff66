"""Log lines as data: reading what `adapters.logs.log` wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

Line = Mapping[str, Any]


def lines_of(text: str) -> Iterator[Line]:
    """The log lines in a text. Skips what is not a JSON object with a timestamp, such as metrics."""
    for line in text.split("\n"):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and "timestamp" in record:
            yield record


def time_of(line: Line) -> datetime:
    """When the line was written."""
    return datetime.fromisoformat(line["timestamp"])

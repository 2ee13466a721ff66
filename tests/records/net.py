"""Marked requests, and a search of everything that is logged for their marks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from records.marked import ENCODED, HEADERS, MARK, NAME, Attempt
from records.output import Output
from support.in_process import Answer, Client

_UNKNOWN = re.compile(r"""(["'])unknown_(?:user|group)_attributes\1: ?\[[^\]]*\]""")
"""Where a request's line names the attributes that no schema has."""


@dataclass
class Net:
    """Makes requests and searches all that is written for marks and keys."""

    output: Output
    keys: set[str] = field(default_factory=set)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def send(self, client: Client, attempt: Attempt, **more: Any) -> Answer:
        self.keys.add(client.key)
        return client.call(
            attempt.method,
            attempt.path,
            attempt.body,
            query=attempt.query,
            headers=HEADERS | attempt.headers,
            request_id=MARK,
            **more,
        )

    def pull(self) -> str:
        """Return everything written so far; fail if a mark or a key is in it.

        The mark of unknown attributes may be where a request's line names them.
        """
        text = self.output.text()
        found = [
            line
            for line in text.splitlines()
            if MARK in line.casefold()
            or NAME in _UNKNOWN.sub("", line).casefold()
            or ENCODED in line
            or any(key in line or key[-38:] in line for key in self.keys)
        ]
        assert found == []
        self.lines += [json.loads(line) for line in text.splitlines() if line.startswith("{") and '"message"' in line]
        return text

    def seen(self, name: str) -> set[Any]:
        """The values of a field in the lines pulled."""
        return {line[name] for line in self.lines if name in line}

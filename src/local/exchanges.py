"""The last requests and their answers, for the page: bounded in number and size, without any Connector Key."""

from __future__ import annotations

import json
import re
import shlex
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Final

from domain.documents import Json
from local.heard_log import LogLine

MOST: Final = 500
"""How many requests are kept."""
MOST_CHARACTERS: Final = 32_768
"""How much of a body is kept."""
_MOST_IN_ALL: Final = 8_000_000
"""Characters of all bodies; the oldest requests go first."""
_PATH_CHARACTERS: Final = 2_000

_KEY: Final = re.compile(r"rck_[a-z0-9][a-z0-9-]*_[0-9A-Za-z]+")
_SENT_AGAIN: Final = ("Content-Type", "Accept", "If-Match", "If-None-Match")
"""Headers that change the answer; the key is one, too, but it is never kept."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came: `path` and `query` percent-encoded, `host` and `sender` as the gateway passes them on."""

    id: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    host: str
    sender: str


@dataclass(frozen=True, slots=True)
class Body:
    """As much of a body as is kept; `size` is that of the whole in bytes."""

    text: str
    size: int
    whole: bool

    @classmethod
    def of(cls, content: bytes) -> Body:
        """Keep the beginning of a body, without keys."""
        text = content[: 4 * MOST_CHARACTERS].decode(errors="replace")
        whole = len(content) <= 4 * MOST_CHARACTERS and len(text) <= MOST_CHARACTERS
        return cls(without_keys(text[:MOST_CHARACTERS]), len(content), whole)

    def as_json(self) -> Json:
        """The body for the page."""
        return {"text": self.text, "size": self.size, "whole": self.whole}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, its answer, and the lines that the log has of it."""

    id: str
    """The gateway's id of the request, which the log line has, too."""
    at: datetime
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    request: Body
    status: int
    answer: Body
    duration_ms: float
    lines: Sequence[LogLine]

    @property
    def logged(self) -> Mapping[str, Any]:
        """The fields of the request's own log line; none of a request that got no line, as in a flood of refusals."""
        return next((fields for message, fields in self.lines if message == "request"), {})

    @property
    def reason(self) -> str | None:
        """Why it was refused, in a word."""
        return self.logged.get("reason")

    @property
    def remedy(self) -> str | None:
        """What to do about it."""
        return self.logged.get("remedy")

    def concerns(self, resource_id: str) -> bool:
        """True if it is about this user or group."""
        ids = (fields.get(name) for _, fields in self.lines for name in ("user_id", "group_id"))
        return resource_id in ids or resource_id in self.path.split("/")

    def as_json(self) -> Json:
        """What a line of the page shows."""
        logged = self.logged
        return {
            "id": self.id,
            "at": self.at.isoformat(),
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "status": self.status,
            "reason": self.reason,
            "remedy": self.remedy,
            "account": logged.get("account"),
            "durationMs": round(self.duration_ms, 1),
            "tolerances": logged.get("tolerances", []),
        }

    def with_bodies(self, address: str) -> Json:
        """What the page shows of it when it is opened. `address` is that of the server."""
        return self.as_json() | {
            "request": self.request.as_json(),
            "answer": self.answer.as_json(),
            "lines": [{"message": message, **fields} for message, fields in self.lines],
            "curl": self.curl(address),
        }

    def curl(self, address: str) -> str | None:
        """The command that sends it again, with the key as $KEY; None when its body is not known or is no JSON."""
        words = ["curl", "-i", "-X", shlex.quote(self.method)]
        url = address + self.path + (f"?{self.query}" if self.query else "")
        words += [shlex.quote(url), "-H", '"Authorization: Bearer $KEY"']
        for name in _SENT_AGAIN:
            if value := self.headers.get(name):
                words += ["-H", shlex.quote(f"{name}: {value}")]
        if self.request.size:
            body = _one_line(self.request)
            if body is None:
                return None
            words += ["--data-binary", shlex.quote(body)]
        return " ".join(words)


class Exchanges:
    """The last requests, by position: each has the next number."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: deque[tuple[int, Exchange]] = deque()
        self._position = 0
        self._size = 0

    def add(self, exchange: Exchange) -> None:
        """Keep a request; the oldest go when there are too many or they are too large."""
        with self._lock:
            self._position += 1
            self._kept.append((self._position, exchange))
            self._size += _characters(exchange)
            while len(self._kept) > MOST or (self._size > _MOST_IN_ALL and len(self._kept) > 1):
                self._size -= _characters(self._kept.popleft()[1])

    def after(self, position: int) -> tuple[int, list[Exchange]]:
        """The present position, and the requests that came after another one, oldest first."""
        with self._lock:
            return self._position, [exchange for number, exchange in self._kept if number > position]

    def find(self, request_id: str) -> Exchange | None:
        """The request of that id, while it is kept."""
        with self._lock:
            return next((exchange for _, exchange in self._kept if exchange.id == request_id), None)

    def about(self, resource_id: str) -> list[Exchange]:
        """The requests about a user or group, oldest first."""
        return [exchange for exchange in self.after(0)[1] if exchange.concerns(resource_id)]

    def clear(self) -> None:
        """Forget all of them; positions continue."""
        with self._lock:
            self._kept.clear()
            self._size = 0


def exchange_of(
    incoming: Incoming, status: int, answer: bytes, duration_ms: float, lines: Sequence[LogLine]
) -> Exchange:
    """Make an exchange of a request, the status and body of its answer, and its log lines; without keys."""
    return Exchange(
        id=incoming.id,
        at=datetime.now(UTC),
        method=incoming.method[:20],
        path=without_keys(incoming.path[:_PATH_CHARACTERS]),
        query=without_keys(incoming.query[:_PATH_CHARACTERS]),
        headers={name: without_keys(incoming.headers[name][:200]) for name in _SENT_AGAIN if name in incoming.headers},
        request=Body.of(incoming.body),
        status=status,
        answer=Body.of(answer),
        duration_ms=duration_ms,
        lines=[(message, dict(fields)) for message, fields in lines[:_MOST_LINES]],
    )


_MOST_LINES: Final = 50


def without_keys(text: str) -> str:
    """The text with each Connector Key in it hidden.

    >>> without_keys("key=rck_acme_0123abc&a=1")
    'key=rck_...&a=1'
    """
    return _KEY.sub("rck_...", text)


def _characters(exchange: Exchange) -> int:
    return len(exchange.request.text) + len(exchange.answer.text)


def _one_line(body: Body) -> str | None:
    """A JSON body without line breaks and control characters, which a terminal would act on; None for another."""
    if not body.whole:
        return None
    try:
        return json.dumps(json.loads(body.text), ensure_ascii=True)
    except (ValueError, RecursionError):
        return None

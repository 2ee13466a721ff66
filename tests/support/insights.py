"""Queries of CloudWatch Logs Insights: which fields and messages they name, and the answer that the hourly check gets.

No query is run here. The words of the language are those of "Logs Insights QL" in the CloudWatch Logs User Guide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.accounts.silence import Heard, LastRequest

COMMANDS = {"SOURCE", "fields", "filter", "limit", "sort", "stats", "unnest"}
_QUOTED = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|(?<=like )/(?:[^/\\]|\\.)+/""")
_ALIAS = re.compile(r"\b(?:as|into) (\w+)")
_NAME = re.compile(r"(?<![\w@.])[A-Za-z_@][\w@.]*(?![\w@.]*\s*\()")
_WORDS = {"and", "asc", "by", "desc", "in", "like", "not", "or"}


def fields_read(query: str) -> set[str]:
    """The fields of log lines that a query names. Raises ValueError for a command that no query of ours uses.

    >>> sorted(fields_read('filter message = "x" | stats max(age) as oldest by account | sort oldest desc'))
    ['account', 'age', 'message']
    >>> sorted(fields_read("fields jsonParse(@message) as line | unnest line.reasons into reason | sort reason"))
    ['@message', 'reasons']
    """
    read: set[str] = set()
    made: set[str] = set()
    for part in _QUOTED.sub("", query).split("|"):
        command, _, rest = part.strip().partition(" ")
        if command not in COMMANDS:
            raise ValueError(f"not a command: {command}")
        for name in set(_NAME.findall(_ALIAS.sub("", rest))) - _WORDS - made:
            first, _, member = name.partition(".")
            read.add(member if first in made else name)
        made |= set(_ALIAS.findall(rest))
    return read


def passes(query: str, line: Mapping[str, Any]) -> bool:
    """True if a line passes the first filter of a query, of values and of fields that are there, joined by `and`.

    >>> passes('filter message = "x" and ispresent(y) | limit 1', {"message": "x", "y": 0})
    True
    >>> passes('filter message = "x" and ispresent(y) | limit 1', {"message": "x"})
    False
    """
    [condition] = re.findall(r"^\s*filter (.+?)\s*(?:\||$)", query, re.MULTILINE)[:1]
    for term in condition.split(" and "):
        if found := re.fullmatch(r"ispresent\((\w+)\)", term):
            holds = found[1] in line
        elif found := re.fullmatch(r'(\w+) = "(\w+)"', term):
            holds = line.get(found[1]) == found[2]
        else:
            raise ValueError(f"not a term of ours: {term}")
        if not holds:
            return False
    return True


def messages(query: str) -> set[str]:
    """The values of `message` that a query filters by; empty when it does not.

    >>> sorted(messages('filter message in ["request", "audit"] and status >= 400'))
    ['audit', 'request']
    """
    found = re.search(r'\bmessage (?:= ("[^"]+")|in (\[[^\]]+\]))', query)
    if not found:
        return set()
    return {found[1].strip('"')} if found[1] else set(json.loads(found[2]))


@dataclass(frozen=True)
class Request:
    """A request that an identity provider made: of which account, when, and with which of its keys."""

    account: str
    at: datetime
    key_used: str = "current"


@dataclass
class Remembered:
    """What the hourly check remembers, in memory (`domain.accounts.silence.Memory`)."""

    heard: Heard = field(default_factory=lambda: Heard(None, {}))

    def read(self) -> Heard:
        return self.heard

    def remember(self, upto: datetime, heard: Mapping[str, LastRequest], forgotten: Collection[str]) -> None:
        kept = {name: last for name, last in self.heard.last_requests.items() if name not in forgotten}
        self.heard = Heard(upto, kept | dict(heard))


@dataclass
class LastRequests:
    """CloudWatch Logs as the hourly check asks it: for the last request of each account within a period."""

    requests: Sequence[Request] = ()
    periods: list[timedelta] = field(default_factory=list)
    """The length of each requested period."""
    status: str = "Complete"
    query: str = ""
    """The text of the last one."""

    def start_query(self, *, startTime: int, endTime: int, queryString: str, **_: Any) -> dict[str, str]:
        self.query = queryString
        self.periods.append(timedelta(seconds=endTime - startTime))
        self._start = startTime
        return {"queryId": "1"}

    def get_query_results(self, queryId: str) -> dict[str, Any]:
        last = {
            request.account: {
                "account": request.account,
                "last": str(request.at.timestamp() * 1000),
                "key": request.key_used,
            }
            for request in sorted(self.requests, key=lambda request: request.at)
            if request.at.timestamp() >= self._start
        }
        rows = [[{"field": name, "value": value} for name, value in row.items()] for row in last.values()]
        return {"status": self.status, "results": rows}

"""CloudWatch Logs Insights in small: reads and runs what our queries use of its language, as AWS documents it.

Source: CloudWatch Logs User Guide, "Logs Insights QL" (commands, functions). Anything else in a query is an error.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import ceil
from typing import Any

Event = dict[str, Any]
"""A log event: the fields of its JSON, `@message`, and `@timestamp` in milliseconds."""

_TOKEN = re.compile(
    r'\s*("(?:[^"\\]|\\.)*"|/(?:[^/\\]|\\.)+/|[@A-Za-z_][\w.@]*|\d+(?:\.\d+)?|!=|<=|>=|[=<>(),\[\]*+-])'
)
_WORDS = {"and", "or", "not", "in"}
_AT = "at__"

_SCALARS: dict[str, Callable[..., Any]] = {
    "ispresent": lambda value: value is not None,
    "toMillis": lambda value: value,
    "jsonParse": json.loads,
    "like": lambda value, pattern: re.search(pattern, str(value)) is not None,
}


def percentile(values: Iterable[float], percent: float) -> float | None:
    """The smallest value that so many percent of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)] if ordered else None


_AGGREGATES: dict[str, Callable[..., Any]] = {
    "count": len,
    "sum": sum,
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
    "earliest": lambda values: values[0] if values else None,
    "latest": lambda values: values[-1] if values else None,
    "pct": percentile,
}


@dataclass(frozen=True)
class Term:
    """An expression and the name of its column."""

    tree: ast.expr
    name: str

    @classmethod
    def parse(cls, text: str) -> Term:
        expression, _, alias = text.partition(" as ")
        return cls(_tree(expression), alias.strip() or expression.strip())

    @property
    def reads(self) -> set[str]:
        """The names in it that are not functions; those of members with the dots between."""
        nodes = list(ast.walk(self.tree))
        members = {node: f"{_name(node.value)}.{node.attr}" for node in nodes if _is_member(node)}
        others = {_name(node) for node in nodes if isinstance(node, ast.Name)}
        called = {node.func.id for node in nodes if _is_call(node)}
        return others - called - {_name(node.value) for node in members} | set(members.values())


@dataclass(frozen=True)
class Query:
    """A query: its commands in order, each a word and the rest."""

    commands: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> Query:
        parts = [part.strip() for part in _split(text, "|")]
        commands = tuple((part.partition(" ")[0], part.partition(" ")[2].strip()) for part in parts)
        unknown = {word for word, _ in commands} - {"SOURCE", "fields", "filter", "stats", "sort", "limit", "unnest"}
        assert not unknown, f"not a command: {unknown}"
        return cls(commands)

    @property
    def sources(self) -> list[str]:
        """The log groups that it names itself, as a dashboard's widget does."""
        return [rest.strip("'") for word, rest in self.commands if word == "SOURCE"]

    @cached_property
    def reads(self) -> set[str]:
        """The fields of events that it names."""
        made: set[str] = set()
        read: set[str] = set()
        for word, rest in self.commands:
            terms = self._terms(word, rest)
            # Of `line.tolerances`, where `line` was made of an event's JSON, it is the field `tolerances`.
            names = {name for term in terms for name in term.reads} - made
            read |= {name.partition(".")[2] if name.partition(".")[0] in made else name for name in names}
            made |= {term.name for term in terms if term.name not in term.reads}
            if word == "unnest":
                made.add(rest.partition(" into ")[2])
        return read

    def run(self, events: Iterable[Event]) -> list[Event]:
        """The rows of the answer; events in order of time."""
        rows = list(events)
        shown: list[str] = []
        for word, rest in self.commands:
            terms = self._terms(word, rest)
            if word == "filter":
                rows = [row for row in rows if _value(terms[0].tree, row)]
            elif word == "fields":
                rows = [row | {term.name: _value(term.tree, row) for term in terms} for row in rows]
                shown += [term.name for term in terms]
            elif word == "unnest":
                name, _, item = rest.partition(" into ")
                rows = [row | {item: each} for row in rows for each in _value(_tree(name), row) or ()]
            elif word == "stats":
                rows, shown = _stats(rows, rest), []
            elif word == "sort":
                name, _, order = rest.partition(" ")
                rows = sorted(rows, key=lambda row: _sortable(row.get(name)), reverse=order == "desc")
            elif word == "limit":
                rows = rows[: int(rest)]
        return [{name: row[name] for name in shown or row if row.get(name) is not None} for row in rows]

    @staticmethod
    def _terms(word: str, rest: str) -> list[Term]:
        if word in ("SOURCE", "limit"):
            return []
        if word == "unnest":
            return [Term.parse(rest.partition(" into ")[0])]
        if word == "sort":
            return [Term.parse(rest.partition(" ")[0])]
        return (
            [Term.parse(part) for part in _split(rest.replace(" by ", ", "), ",")]
            if word != "filter"
            else [Term(_tree(rest), "")]
        )


def event(line: str) -> Event:
    """A written line as CloudWatch Logs has it; "@timestamp" from the line itself."""
    fields: Event = json.loads(line)
    moment = fields.get("timestamp")
    millis = datetime.fromisoformat(moment).timestamp() * 1000 if moment else fields["_aws"]["Timestamp"]
    return {name: value for name, value in fields.items() if name != "timestamp"} | {
        "@message": line,
        "@timestamp": millis,
    }


class LogsClient:
    """What of boto3's client for CloudWatch Logs Insights needs, over events that a test gives."""

    def __init__(self, events: Sequence[Event], groups: Sequence[str] = ()) -> None:
        self._events = events
        self._groups = groups
        self._asked: dict[str, Any] = {}

    def get_paginator(self, operation: str) -> LogsClient:
        assert operation == "describe_log_groups"
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"logGroups": [{"logGroupName": group} for group in self._groups]}]

    def start_query(self, **asked: Any) -> dict[str, str]:
        self._asked = asked
        return {"queryId": "1"}

    def get_query_results(self, queryId: str) -> dict[str, Any]:
        start, end = self._asked["startTime"] * 1000, (self._asked["endTime"] + 1) * 1000
        rows = Query.parse(self._asked["queryString"]).run(e for e in self._events if start <= e["@timestamp"] < end)
        cells = [[{"field": name, "value": _text(value)} for name, value in row.items()] for row in rows]
        return {"status": "Complete", "results": cells}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _stats(rows: list[Event], rest: str) -> list[Event]:
    wanted, _, by = rest.partition(" by ")
    groups: dict[tuple[Any, ...], list[Event]] = {}
    keys = [part.strip() for part in _split(by, ",")] if by else []
    for row in rows:
        groups.setdefault(tuple(_value(_tree(key), row) for key in keys), []).append(row)
    return [
        dict(zip(keys, group, strict=True)) | {term.name: _aggregate(term.tree, members) for term in _columns(wanted)}
        for group, members in groups.items()
    ]


def _columns(text: str) -> Iterator[Term]:
    yield from (Term.parse(part) for part in _split(text, ","))


def _aggregate(tree: ast.expr, rows: list[Event]) -> Any:
    assert isinstance(tree, ast.Call)
    assert isinstance(tree.func, ast.Name)
    if not tree.args:
        return len(rows)
    values = [value for row in rows if (value := _value(tree.args[0], row)) is not None]
    return _AGGREGATES[tree.func.id](values, *(ast.literal_eval(each) for each in tree.args[1:]))


def _value(tree: ast.expr, row: Event) -> Any:
    match tree:
        case ast.Constant(value):
            return value
        case ast.Name():
            return row.get(_name(tree))
        case ast.Attribute(value=ast.Name() as holder, attr=attribute):
            held = row.get(_name(holder))
            return held.get(attribute) if isinstance(held, dict) else row.get(f"{_name(holder)}.{attribute}")
        case ast.List(elements):
            return [_value(each, row) for each in elements]
        case ast.BoolOp(op, values):
            return (all if isinstance(op, ast.And) else any)(bool(_value(each, row)) for each in values)
        case ast.UnaryOp(ast.Not(), operand):
            return not _value(operand, row)
        case ast.Compare(left, [op], [right]):
            return _compare(op, _value(left, row), _value(right, row))
        case ast.Call(ast.Name(id=name), arguments):
            return _SCALARS[name](*(_value(each, row) for each in arguments))
    raise AssertionError(f"not of the query language: {ast.dump(tree)}")


def _compare(op: ast.cmpop, left: Any, right: Any) -> bool:
    if left is None:
        return False
    if isinstance(op, ast.In):
        return left in right
    if isinstance(right, int | float):  # a number in a JSON string compares as a number
        left = float(left)
    found: bool = {
        ast.Eq: lambda: left == right,
        ast.NotEq: lambda: left != right,
        ast.Lt: lambda: left < right,
        ast.LtE: lambda: left <= right,
        ast.Gt: lambda: left > right,
        ast.GtE: lambda: left >= right,
    }[type(op)]()
    return found


def _tree(text: str) -> ast.expr:
    """The expression, as Python would parse it: the two languages differ in a few tokens only."""
    tokens: list[str] = []
    place = 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        assert found, f"not of the query language: {text[place:]}"
        place, token = found.end(), found[1]
        if token == "=":
            tokens.append("==")
        elif token == "*" and tokens[-1] == "(":
            continue
        elif token.startswith("/"):
            assert tokens[-1] == "like"
            tokens[-2:] = ["like", "(", tokens[-2], ",", repr(token[1:-1]), ")"]
        else:
            tokens.append(token.replace("@", _AT) if token[0] != '"' else token)
    return ast.parse(" ".join(tokens), mode="eval").body


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that stand in no string, regular expression or brackets."""
    parts, depth = [""], 0
    for piece in re.findall(r'"(?:[^"\\]|\\.)*"|(?<=like )/(?:[^/\\]|\\.)+/|.', text, flags=re.DOTALL):
        depth += (piece in "([") - (piece in ")]")
        if piece == separator and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _name(node: ast.Name) -> str:
    return node.id.replace(_AT, "@")


def _is_call(node: Any) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


def _is_member(node: Any) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)


def _sortable(value: Any) -> tuple[bool, Any]:
    return value is not None, value if value is not None else 0

"""The metrics that CloudWatch makes of a log line, by the metric filters of the template.

Source: Amazon CloudWatch Logs User Guide, "Filter pattern syntax for metric filters", as far as our patterns use it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from support.stack_template import of_type

Line = Mapping[str, Any]
_TERM: Final = re.compile(r'\$\.(\w+) (?:(=|<|>=|>) ("[^"]*"|[\d.]+)|(IS TRUE|NOT EXISTS))')


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a metric."""

    metric: str
    dimensions: Mapping[str, str]
    value: float


def samples(line: Line, log: str = "RequestsLog") -> Iterator[Sample]:
    """Every value that the filters of a log, given by its name in the template, find in a line."""
    for pattern, made in _filters(log):
        if matches(pattern, line):
            value = made["MetricValue"]
            yield Sample(
                made["MetricName"],
                {one["Key"]: line[one["Value"].removeprefix("$.")] for one in made.get("Dimensions", ())},
                float(line[value.removeprefix("$.")] if value.startswith("$.") else value),
            )


def totals(lines: Iterable[Line]) -> dict[str, float]:
    """The sums of the metrics without dimensions, except Latency."""
    found: dict[str, float] = {}
    for line in lines:
        for one in samples(line):
            if not one.dimensions and one.metric != "Latency":
                found[one.metric] = found.get(one.metric, 0) + one.value
    return found


def matches(pattern: str, line: Line) -> bool:
    """True if a line matches a pattern; raises SyntaxError for one in other words than ours.

    >>> matches('{ $.status >= 400 && ($.status < 500 || $.status = 501) }', {"status": 501})
    True
    >>> matches('{ $.account = "*" && $.secret NOT EXISTS }', {"account": "acme", "secret": "name"})
    False
    >>> matches("{ $.cold IS TRUE }", {"cold": 1}), matches("{ $.late > 0 }", {"late": "5"})
    (False, False)
    """
    terms = _TERM.sub(lambda found: str(_holds(found, line)), pattern.strip().removeprefix("{").removesuffix("}"))
    rest = re.sub("True|False|&&|\\|\\||[() ]", "", terms)
    if rest:
        raise SyntaxError(f"{rest} in {pattern}")
    return bool(eval(terms.replace("&&", "and").replace("||", "or").strip(), {}))


def _holds(term: re.Match[str], line: Line) -> bool:
    name, comparison, literal, state = term.groups()
    value = line.get(name)
    if state:
        return value is True if state == "IS TRUE" else name not in line
    if literal.startswith('"'):
        return isinstance(value, str) and (literal == '"*"' or value == literal[1:-1])
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    number = float(literal)
    return {"=": value == number, "<": value < number, ">": value > number, ">=": value >= number}[comparison]


@cache
def _filters(log: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The patterns of a log's filters, each with its one transformation."""
    found = [one for one in of_type("AWS::Logs::MetricFilter").values() if one["LogGroupName"] == {"Ref": log}]
    return tuple((one["FilterPattern"], made) for one in found for made in one["MetricTransformations"])

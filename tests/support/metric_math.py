"""Metric math of CloudWatch: which metrics an expression names, and its value for given figures.

Source: Amazon CloudWatch User Guide, "Using math expressions with CloudWatch metrics".
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Any


def named(expression: str, ids: Collection[str]) -> set[str]:
    """The ids that an expression names, by name or by `METRICS("part of names")`.

    Raises KeyError for a name that is no id and a part that is in none, SyntaxError for what is no expression.

    >>> sorted(named('100 * FILL(errors, 0) / count + SUM(METRICS("time"))', {"count", "errors", "time1", "other"}))
    ['count', 'errors', 'time1']
    """
    nodes = list(ast.walk(ast.parse(expression, mode="eval")))
    functions = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    names = {node.id for node in nodes if isinstance(node, ast.Name)} - functions
    parts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    found = {part: {one for one in ids if part in one} for part in parts} | {name: {name} & set(ids) for name in names}
    for name, some in found.items():
        if not some:
            raise KeyError(name)
    return set().union(*found.values())


def evaluate(expression: str, **values: float | None) -> float:
    """The value of an expression for one period; None stands for a metric without data.

    >>> evaluate("100 * FILL(failed, 0) / requests", failed=5, requests=10)
    50.0
    """
    functions: dict[str, Any] = {
        "FILL": lambda value, missing: missing if value is None else value,
        "IF": lambda condition, yes, no: yes if condition else no,
        "MAX": max,
        "SUM": sum,
    }
    result: float = eval(expression, {"__builtins__": {}}, functions | values)
    return result

"""CloudWatch's statistics and metric math in small: what our dashboard and alarms use of them, as AWS documents it.

Source: Amazon CloudWatch User Guide, "Statistics definitions" and "Using math expressions with CloudWatch metrics".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from math import ceil
from operator import add, mul, sub

Series = dict[float, float]
"""Values by the time that their period begins; periods without data have none."""
Value = Series | float

_OPERATORS = {ast.Add: add, ast.Sub: sub, ast.Mult: mul}


def statistic(name: str, values: Sequence[float]) -> float:
    """That statistic of the values of one period; there is at least one."""
    if name == "SampleCount":
        return len(values)
    if name in ("Sum", "Maximum", "Minimum"):
        return {"Sum": sum, "Maximum": max, "Minimum": min}[name](values)
    if found := re.fullmatch(r"p(\d+(?:\.\d+)?)", name):
        return sorted(values)[max(0, ceil(len(values) * float(found[1]) / 100) - 1)]
    if found := re.fullmatch(r"PR\(:(\d+)\)", name):
        return 100 * sum(value <= float(found[1]) for value in values) / len(values)
    raise ValueError(f"no statistic: {name}")


def names_in(expression: str) -> set[str]:
    """The ids that it names, without those that METRICS finds."""
    tree = ast.parse(expression, mode="eval")
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - called


def evaluate(expression: str, series: Mapping[str, Series], periods: Sequence[float]) -> Series:
    """The expression over the series by id; `periods` are the times to fill. KeyError for an id that is not there."""
    value = _value(ast.parse(expression, mode="eval").body, series, periods)
    assert isinstance(value, dict), "an expression must give a time series"
    return value


def _value(node: ast.expr, series: Mapping[str, Series], periods: Sequence[float]) -> Value:
    match node:
        case ast.Constant(int() | float() as number):
            return float(number)
        case ast.Name(name):
            return series[name]
        case ast.BinOp(left, operator, right):
            return _calculate(operator, _value(left, series, periods), _value(right, series, periods))
        case ast.Call(ast.Name("FILL"), [filled, ast.Constant(int() | float() as number)]):
            known = _value(filled, series, periods)
            assert isinstance(known, dict)
            return dict.fromkeys(periods, float(number)) | known
        case ast.Call(ast.Name("SUM"), [ast.Call(ast.Name("METRICS"), [ast.Constant(str() as part)])]):
            added = [one for name, one in series.items() if part in name]
            times = sorted({time for one in added for time in one})
            return {time: sum(one.get(time, 0.0) for one in added) for time in times}
    raise ValueError(f"not of metric math: {ast.dump(node)}")


def _calculate(operator: ast.operator, left: Value, right: Value) -> Value:
    if isinstance(left, dict) and isinstance(right, dict):
        both = [time for time in left if time in right]
        return _present({time: _apply(operator, left[time], right[time]) for time in both})
    if isinstance(left, dict):
        assert isinstance(right, float)
        return _present({time: _apply(operator, value, right) for time, value in left.items()})
    if isinstance(right, dict):
        return _present({time: _apply(operator, left, value) for time, value in right.items()})
    return _apply(operator, left, right) or 0.0


def _present(values: dict[float, float | None]) -> Series:
    return {time: value for time, value in values.items() if value is not None}


def _apply(operator: ast.operator, left: float, right: float) -> float | None:
    """None for a division by zero, where CloudWatch has no value."""
    if isinstance(operator, ast.Div):
        return left / right if right else None
    return float(_OPERATORS[type(operator)](left, right))

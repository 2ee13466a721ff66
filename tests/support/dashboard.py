"""The dashboard as CloudWatch gets it, with the names of resources left in as `${Name}`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from support.stack_template import of_type

Widget = dict[str, Any]


@dataclass(frozen=True)
class Metric:
    """One of a widget's metrics: what CloudWatch is asked for, and how it is shown."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    options: dict[str, Any]


@dataclass(frozen=True)
class Expression:
    """One of a widget's expressions of metric math."""

    text: str
    options: dict[str, Any]


def prices() -> dict[str, str]:
    """The values that the body takes from the list below it: prices in USD, and what they are multiplied by."""
    (dashboard,) = of_type("AWS::CloudWatch::Dashboard").values()
    return {name: value for name, value in dashboard["DashboardBody"]["Fn::Sub"][1].items() if isinstance(value, str)}


def widgets(*, own_key: bool = True) -> list[Widget]:
    """The widgets in a stack with or without the operator's KMS key."""
    (dashboard,) = of_type("AWS::CloudWatch::Dashboard").values()
    text, values = dashboard["DashboardBody"]["Fn::Sub"]
    body = re.sub(
        r"\$\{(\w+)\}", lambda found: _text(values[found[1]], own_key) if found[1] in values else found[0], text
    )
    found: list[Widget] = json.loads(body)["widgets"]
    return found


def _text(value: Any, own_key: bool) -> str:
    match value:
        case {"Fn::If": [_, with_key, without]}:
            return _text(with_key if own_key else without, own_key)
        case {"Fn::Sub": text}:
            return str(text)
        case {"Ref": name}:
            return f"${{{name}}}"
    return str(value)


def contents(widget: Widget) -> Iterator[Metric | Expression]:
    """The metrics and expressions of a widget."""
    for entry in widget["properties"]["metrics"]:
        *names, options = entry if isinstance(entry[-1], dict) else [*entry, {}]
        if names:
            yield Metric(names[0], names[1], dict(zip(names[2::2], names[3::2], strict=True)), options)
        else:
            yield Expression(options["expression"], options)

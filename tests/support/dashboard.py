"""The dashboard of template.yaml as CloudWatch gets it: the body with its substitutions made."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from support.stack_template import PARAMETERS, RESOURCES, of_type

Widget = dict[str, Any]

STACK = "rollcall"
REGION = "eu-central-1"
ENVIRONMENT = "prod"
PSEUDO = {"AWS::Region": REGION, "AWS::StackName": STACK, "Environment": ENVIRONMENT}


@dataclass(frozen=True)
class Metric:
    """One of a widget's metrics: what CloudWatch is asked for, and how it is shown."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    options: dict[str, Any]

    @cached_property
    def key(self) -> tuple[str, str, frozenset[tuple[str, str]]]:
        """By which CloudWatch tells it apart."""
        return self.namespace, self.name, frozenset(self.dimensions.items())


@dataclass(frozen=True)
class Expression:
    """One of a widget's expressions of metric math."""

    text: str
    options: dict[str, Any]


def template_text() -> tuple[str, dict[str, Any]]:
    """The body before substitution, and the values that stand beside it."""
    text, values = of_type("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    return text, values


def body(*, own_key: bool = True) -> dict[str, Any]:
    """The body after substitution, in a stack with a KMS key of its own or without; KeyError for an unknown name."""
    text, values = template_text()
    made: dict[str, Any] = json.loads(_substituted(text, {name: _value(one, own_key) for name, one in values.items()}))
    return made


def _substituted(text: str, values: dict[str, str]) -> str:
    def replaced(found: re.Match[str]) -> str:
        name = found[1]
        if name.startswith("!"):
            return "${" + name[1:] + "}"
        return values[name] if name in values else physical(name)

    return re.sub(r"\$\{([^}]+)\}", replaced, text)


def _value(value: Any, own_key: bool) -> str:
    match value:
        case {"Fn::If": ["HasEncryptionKey", with_key, without]}:
            return _value(with_key if own_key else without, own_key)
        case {"Fn::Sub": str() as text}:
            return _substituted(text, {})
    return str(value)


def physical(name: str) -> str:
    """What `${name}` becomes in a deployment, as far as it matters: log groups by name, all else by logical id."""
    if name in PSEUDO:
        return PSEUDO[name]
    logical, _, attribute = name.partition(".")
    if logical in PARAMETERS:
        return str(PARAMETERS[logical]["Default"])
    if RESOURCES[logical]["Type"] == "AWS::Logs::LogGroup":
        return str(RESOURCES[logical]["Properties"]["LogGroupName"]["Fn::Sub"]).replace("${AWS::StackName}", STACK)
    return f"arn:aws:lambda:{REGION}:123456789012:function:{logical}" if attribute == "Arn" else logical


def contents(widget: Widget) -> Iterator[Metric | Expression]:
    """The metrics and expressions of a widget."""
    for entry in widget["properties"]["metrics"]:
        *names, options = entry if isinstance(entry[-1], dict) else [*entry, {}]
        if names:
            dimensions = dict(zip(names[2::2], names[3::2], strict=True))
            yield Metric(names[0], names[1], dimensions, options)
        else:
            yield Expression(options["expression"], options)

"""The policies of docs/deploy-policy, and what they allow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

from botocore.model import OperationModel

from support.repository import ROOT
from support.resolved_template import ACCOUNT, REGION, STACK

FOLDER: Final = ROOT / "docs" / "deploy-policy"
NAMES: Final = ("stack", "service", "options")

_PREFIXES: Final = {"monitoring": "cloudwatch"}
"""The prefix of a service's actions, where it is not the name that requests are signed with."""
_ALWAYS: Final = frozenset({"sts:GetCallerIdentity"})
"""What no policy needs to allow."""


@cache
def statements(name: str) -> list[dict[str, Any]]:
    """The statements of a policy, with the placeholders filled in."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    for placeholder, value in (("ACCOUNT", ACCOUNT), ("REGION", REGION), ("STACK", STACK)):
        text = re.sub(rf"\b{placeholder}\b", value, text)
    document = json.loads(text)
    assert document.keys() == {"Version", "Statement"}
    found: list[dict[str, Any]] = document["Statement"]
    return found


def listed(value: Any) -> list[str]:
    """One value or several, as a policy may write either."""
    return value if isinstance(value, list) else [value]


def granted(*names: str) -> Iterator[tuple[str, str]]:
    """Each action of some policies with each of the resources it is for."""
    for name in names:
        for statement in statements(name):
            for action in listed(statement["Action"]):
                for resource in listed(statement["Resource"]):
                    yield action, resource


@cache
def allowed() -> frozenset[str]:
    """The actions that the policies allow together."""
    return frozenset(action for action, _ in granted(*NAMES))


def action_of(operation: OperationModel) -> str:
    """The action that a call of an operation needs. API Gateway has one for each method of HTTP."""
    signed_as = str(operation.service_model.signing_name)
    name = operation.http["method"] if signed_as == "apigateway" else operation.name
    return f"{_PREFIXES.get(signed_as, signed_as)}:{name}"


def not_allowed(actions: Iterable[str]) -> set[str]:
    """Which of the actions the policies do not allow."""
    return set(actions) - allowed() - _ALWAYS

"""The templates without what the emulator of AWS lacks.

`Reduced.left_out` counts that by type; a test compares it with the list in the repository, and `make prove` prints it.
A route for ANY method is written as a route for each method, as the emulator reads it.
"""

from __future__ import annotations

import json
import logging
import sys
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from support.stack_template import Document, templates

UNSUPPORTED: Final = frozenset(
    {
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::CodeDeploy::Application",
        "AWS::CodeDeploy::DeploymentGroup",
        "AWS::Events::Archive",
        "AWS::Events::EventBusPolicy",
        "AWS::Logs::QueryDefinition",
        "AWS::WAFv2::WebACLAssociation",
    }
)
"""The types of resources that the emulator refuses."""
METRIC_MATH: Final = "AWS::CloudWatch::Alarm (metric math)"
"""Alarms with an expression, which it refuses too."""

_ANY: Final = "x-amazon-apigateway-any-method"
_METHODS: Final = ("get", "post", "put", "patch", "delete", "head", "options")


def _is_unsupported(resource: Mapping[str, Any]) -> str | None:
    """The name under which a resource is counted as left out, None for one that is deployed."""
    if resource["Type"] in UNSUPPORTED:
        return str(resource["Type"])
    if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]:
        return METRIC_MATH
    return None


@dataclass(frozen=True)
class Reduced:
    """Templates without what the emulator lacks, and what that is, by type."""

    documents: dict[str, Document]
    left_out: Counter[str]


def reduced(documents: Mapping[str, Document]) -> Reduced:
    """Leave out what the emulator lacks, with all that refers to it."""
    left_out: Counter[str] = Counter()
    kept: dict[str, Document] = {}
    for stack, document in documents.items():
        kept[stack], gone = _reduced(deepcopy(document))
        left_out += gone
    return Reduced(kept, left_out)


def _reduced(document: Document) -> tuple[Document, Counter[str]]:
    resources = document["Resources"]
    gone = {name: reason for name, one in resources.items() if (reason := _is_unsupported(one)) is not None}
    for name in gone:
        del resources[name]
    for resource in resources.values():
        # How an alias shifts its traffic is CodeDeploy's.
        resource.pop("UpdatePolicy", None)
        needed = resource.pop("DependsOn", [])
        needed = [name for name in ([needed] if isinstance(needed, str) else needed) if name not in gone]
        if needed:
            resource["DependsOn"] = needed
        if resource["Type"] == "AWS::ApiGateway::RestApi":
            for operations in resource["Properties"]["Body"]["paths"].values():
                served = operations.pop(_ANY, None)
                for method in _METHODS if served else ():
                    operations.setdefault(method, served)
    outputs = document.get("Outputs", {})
    for name in [name for name, output in outputs.items() if _refers(output, gone)]:
        del outputs[name]
    return document, Counter(gone.values())


def _refers(value: Any, names: Mapping[str, str]) -> bool:
    text = json.dumps(value)
    return any(f'"{name}"' in text or f"${{{name}}}" in text or f"${{{name}." in text for name in names)


def main() -> None:
    """Print what the emulator lacks, by type."""
    logging.disable()  # what the SAM translator says about itself
    sys.stdout.write("The emulator lacks these, so they are neither created nor tried:\n")
    for kind, count in sorted(reduced(templates()).left_out.items()):
        sys.stdout.write(f"{count:4} {kind}\n")


if __name__ == "__main__":
    main()

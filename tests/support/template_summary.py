"""A template in short, to compare two of them: what each resource is, and what each function may do.

Ids that SAM makes from a hash lose it. Descriptions and Sids, which are for people, are left out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from support.stack_template import Document, Resource

PROSE = {"AlarmDescription", "Description", "Sid"}
LONGEST = 30
"""Characters of a value that is shown as it is; of a longer one the summary has a hash."""

Summary = dict[str, dict[str, Any]]


def summary(document: Document) -> Summary:
    """The resources of an expanded template by property, and the permissions of its functions in the clear."""
    resources: dict[str, Resource] = json.loads(
        re.sub(r"(Deployment|Version)[0-9a-f]{10}\b", r"\1", json.dumps(document["Resources"]))
    )
    return {
        "resources": {name: _properties(resource) for name, resource in sorted(resources.items())},
        "permissions": _functions_by_permission(resources),
    }


def _functions_by_permission(resources: dict[str, Resource]) -> dict[str, list[str]]:
    functions: dict[str, set[str]] = {}
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Lambda::Function":
            for permission in permissions(resources, resource["Properties"]["Role"]["Fn::GetAtt"][0]):
                functions.setdefault(permission, set()).add(name)
    return {permission: sorted(names) for permission, names in sorted(functions.items())}


def _properties(resource: Resource) -> dict[str, Any]:
    found = dict(resource)
    properties = found.pop("Properties", {})
    found.pop("Metadata", None)
    body = properties.pop("Body", {})
    parts = {
        **{key: value for key, value in body.items() if key not in ("paths", "x-amazon-apigateway-gateway-responses")},
        **body.get("paths", {}),
        **body.get("x-amazon-apigateway-gateway-responses", {}),
    }
    variables = properties.pop("Environment", {}).get("Variables", {})
    parts |= {f"${name}": value for name, value in variables.items()}
    return {name: _short(value) for name, value in {**found, **properties, **parts}.items() if name not in PROSE}


def _short(value: Any) -> Any:
    value = _without_prose(value)
    text = json.dumps(value, sort_keys=True)
    return value if len(text) <= LONGEST else "# " + hashlib.sha256(text.encode()).hexdigest()[:6]


def _without_prose(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_prose(inner) for key, inner in value.items() if key not in PROSE}
    return [_without_prose(inner) for inner in value] if isinstance(value, list) else value


def permissions(resources: dict[str, Resource], role: str) -> Iterator[str]:
    """The permissions of a role, one action on one resource at a time; a condition as JSON behind it."""
    properties = resources[role]["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", ())]
    documents += [
        resources[arn["Ref"]]["Properties"]["PolicyDocument"] for arn in properties.get("ManagedPolicyArns", ())
    ]
    for document in documents:
        for statement in document["Statement"]:
            parameter, one = statement.get("Fn::If", [None, statement])[:2]
            assert one["Effect"] == "Allow"
            behind = f" with {json.dumps(one['Condition'], sort_keys=True)}" if "Condition" in one else ""
            behind += f" if {parameter}" if parameter else ""
            for action in _listed(one["Action"]):
                for resource in _listed(one["Resource"]):
                    yield f"{action} on {_name(resource)}{behind}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name(resource: Any) -> str:
    match resource:
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{name}.{attribute}"
        case {"Fn::Sub": str() as text}:
            return text.removeprefix("arn:${AWS::Partition}:").replace(":${AWS::Region}:${AWS::AccountId}", "")
        case {"Ref": str() as name}:
            return name
    return str(resource)

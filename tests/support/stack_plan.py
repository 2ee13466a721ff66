"""What CloudFormation does with each resource of a template, by its documented rules, without asking it.

- An update replaces a resource when a property changes that its schema calls create-only; cfn-lint has the schemas.
  What names a replaced resource in such a property is replaced with it.
- A new resource is created before an old one is deleted, so it cannot have the old one's name.
- DeletionPolicy decides what a deletion, and the roll-back of a failed creation, leave behind.

Documents are templates after the SAM transform, nested stacks included (`wires.together`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from support.stack_template import Document, Resource

LOST_WITH: Final = {
    "AWS::ApiGateway::RestApi": "the Base URL",
    "AWS::DynamoDB::Table": "users and groups",
    "AWS::Events::EventBus": "the rules of applications",
    "AWS::KMS::Key": "what it encrypts",
    "AWS::SecretsManager::Secret": "keys and settings",
    "AWS::SNS::Topic": "subscriptions",
    "AWS::SQS::Queue": "events that are not published yet",
}
"""What a deployment loses when it loses a resource of a type."""
_GONE_WITH_THEIR_FUNCTION: Final = "AWS::Lambda::Version"
_KEEPING: Final = ("Retain", "RetainExceptOnCreate")


@dataclass(frozen=True)
class _Schema:
    create_only: tuple[tuple[str, ...], ...]
    """Paths of properties with which a resource is replaced."""


@cache
def _schema(kind: str) -> _Schema:
    kind = "AWS::CloudFormation::CustomResource" if kind.startswith("Custom::") else kind
    # Read as files: the import of cfn-lint takes seconds.
    spec = find_spec("cfnlint")
    assert spec
    assert spec.origin
    schemas = Path(spec.origin).parent / "data" / "schemas"
    by_type = json.loads((schemas / "providers" / "us-east-1.json").read_text(encoding="utf-8"))
    schema = json.loads((schemas / "resources" / f"{by_type[kind]}.json").read_text(encoding="utf-8"))
    pointers = [*schema.get("createOnlyProperties", []), *schema.get("conditionalCreateOnlyProperties", [])]
    return _Schema(tuple(tuple(pointer.removeprefix("/properties/").split("/")) for pointer in pointers))


def _value(resource: Resource, path: tuple[str, ...]) -> Any:
    found: Any = resource.get("Properties", {})
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found


def references(value: Any) -> set[str]:
    """The logical ids and parameters that a value names, `AWS::...` excluded.

    >>> sorted(references([{"Ref": "A"}, {"Fn::GetAtt": ["B", "Arn"]}, {"Fn::Sub": "${C.Arn}/${AWS::Region}/${D}"}]))
    ['A', 'B', 'C', 'D']
    """
    match value:
        case {"Ref": str() as name}:
            found = {name}
        case {"Fn::GetAtt": [str() as name, *_]}:
            found = {name}
        case {"Fn::Sub": text}:
            [written, named] = text if isinstance(text, list) else [text, {}]
            names = {name.split(".")[0] for name in re.findall(r"\$\{([\w:.]+)\}", written)}
            found = (names - named.keys()) | references(named)
        case dict():
            found = references(list(value.values()))
        case list():
            found = set().union(*map(references, value))
        case _:
            found = set()
    return {name for name in found if not name.startswith("AWS::")}


def replacements(before: Document, after: Document) -> dict[str, list[str]]:
    """The properties for which an update replaces a resource, by its logical id."""
    old, new = before["Resources"], after["Resources"]
    found: dict[str, list[str]] = {}
    while True:
        more = {
            name: causes
            for name in old.keys() & new.keys() - found.keys()
            if (causes := list(_causes(old[name], new[name], found)))
        }
        if not more:
            return found
        found |= more


def _causes(before: Resource, after: Resource, replaced: Collection[str]) -> Iterator[str]:
    if before["Type"] != after["Type"]:
        yield "Type"
        return
    for path in _schema(after["Type"]).create_only:
        value = _value(after, path)
        if _value(before, path) != value or references(value) & set(replaced):
            yield ".".join(path)


def create_only(resource: Resource) -> dict[str, Any]:
    """The properties of a resource with which CloudFormation replaces it, of those that it has."""
    paths = [path for path in _schema(resource["Type"]).create_only if len(path) == 1]
    return {path[0]: value for path in paths if (value := _value(resource, path)) is not None}


def fixed_name(resource: Resource) -> dict[str, Any]:
    """The properties that name a resource, with those that say of what it is a part; empty where its name is generated.

    >>> fixed_name({"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "requests"}})
    {'LogGroupName': 'requests'}
    >>> fixed_name({"Type": "AWS::DynamoDB::Table", "Properties": {}})
    {}
    """
    named = {name: value for name, value in create_only(resource).items() if name.endswith("Name")}
    return {} if all(_is_reference(value) for value in named.values()) else named


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() <= {"Ref", "Fn::GetAtt"}


def objections(before: Document, after: Document) -> list[str]:
    """Why an update from one template to the other, or back, would fail or lose something; a line for each reason."""
    return [*_losses(before, after), *_taken_names(before, after), *_left_in_the_way(before, after)]


def _losses(before: Document, after: Document) -> Iterator[str]:
    old, new = before["Resources"], after["Resources"]
    for name, causes in sorted(replacements(before, after).items()):
        kind, why = old[name]["Type"], ", ".join(causes)
        if kind in LOST_WITH:
            yield f"{name} would be replaced ({why}), and with it {LOST_WITH[kind]}"
    for name in sorted(old.keys() - new.keys()):
        if lost := LOST_WITH.get(old[name]["Type"]):
            yield f"{name} would leave the stack, and with it {lost}"
    for name in sorted(old.keys() & new.keys()):
        if old[name]["Type"] in LOST_WITH and _condition(before, name) != _condition(after, name):
            yield f"{name} would have another condition, and may leave the stack with {LOST_WITH[old[name]['Type']]}"


def _condition(document: Document, name: str) -> Any:
    condition = document["Resources"][name].get("Condition")
    return condition and (condition, document["Conditions"][condition])


def _taken_names(before: Document, after: Document) -> Iterator[str]:
    old, new = before["Resources"], after["Resources"]
    made = (new.keys() - old.keys()) | replacements(before, after).keys()
    names = {_identity(one): name for name, one in old.items() if fixed_name(one)}
    for name in sorted(made):
        # The same name in another API or table is no conflict.
        if fixed_name(new[name]) and not references(fixed_name(new[name])) & made:
            owner = names.get(_identity(new[name]))
            if owner is not None:
                yield f"{name} would be created under a name that {owner} still has, which CloudFormation refuses"


def _identity(resource: Resource) -> str:
    return json.dumps([resource["Type"], fixed_name(resource)], sort_keys=True)


def _left_in_the_way(before: Document, after: Document) -> Iterator[str]:
    added = after["Resources"].keys() - before["Resources"].keys()
    for name in sorted(added & set(blocking(after, left_after_deletion(after)))):
        yield f"{name} would be left when the release before is deployed again, and block the next update by its name"


def left_after_deletion(document: Document) -> list[str]:
    """The resources that stay when the stack is deleted."""
    return _with_policy(document, _KEEPING)


def left_after_a_failed_creation(document: Document) -> list[str]:
    """The resources that may stay when the first deployment is rolled back."""
    return _with_policy(document, ("Retain",))


def _with_policy(document: Document, policies: Collection[str]) -> list[str]:
    return sorted(
        name
        for name, one in document["Resources"].items()
        if one.get("DeletionPolicy") in policies and one["Type"] != _GONE_WITH_THEIR_FUNCTION
    )


def blocking(document: Document, names: Collection[str]) -> list[str]:
    """Those of the resources that no new stack of the same name can create while they exist."""
    resources = document["Resources"]
    return sorted(
        name for name in names if (named := fixed_name(resources[name])) and not references(named) & resources.keys()
    )


def undeletable(document: Document) -> list[str]:
    """The resources with which the roll-back of a failed creation would fail: protected, and to be deleted by it."""
    return sorted(
        name
        for name, one in document["Resources"].items()
        if one.get("Properties", {}).get("DeletionProtectionEnabled") and one.get("DeletionPolicy") != "Retain"
    )

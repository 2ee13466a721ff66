"""The templates for tests, both stacks together: as written, and as CloudFormation gets them from the SAM translator.

The nested stack's resources are shown as if they were written in template.yaml: each of its parameters is replaced by
what template.yaml gives it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from support.repository import ROOT

Document = dict[str, Any]
Resource = dict[str, Any]

PATH = ROOT / "template.yaml"
NESTED_STACK = "AWS::CloudFormation::Stack"


class _NoManagedPolicies(ManagedPolicyLoader):  # type: ignore[misc]  # the base class has no type information
    """No function names a managed policy, so the translator needs no list of their ARNs."""

    def __init__(self) -> None:
        """Load nothing."""

    def load(self) -> dict[str, str]:
        return {}


def written(text: str) -> Document:
    """A template as a document; `!Ref X` is read as `{"Ref": "X"}`."""
    document: Document = yaml_parse(text)
    return document


def expanded(document: Document, **given: str) -> Document:
    """The document after the SAM transform, which fills in parameters: those given, else their defaults."""
    document = deepcopy(document)
    # `sam deploy` puts the place of the uploaded artifact here; the templates of a release have one.
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function" and isinstance(resource["Properties"]["CodeUri"], str):
            resource["Properties"]["CodeUri"] = "s3://bucket/artifact"
    # The translator looks for a region, and would for a profile that is set here and may not exist.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with mock.patch.dict(os.environ, kept | {"AWS_DEFAULT_REGION": "eu-central-1"}, clear=True):
        result: Document = transform(document, given, _NoManagedPolicies())
    return result


def nested(document: Document) -> dict[str, Path]:
    """The files of the nested stacks of a document, by logical id."""
    return {
        name: ROOT / resource["Properties"]["TemplateURL"]
        for name, resource in document["Resources"].items()
        if resource["Type"] == NESTED_STACK
    }


def flattened(root: Document, inner: Document, given: Mapping[str, Any]) -> Document:
    """`root` with the resources and conditions of a nested stack that gets the parameters `given`."""
    values = {name: parameter.get("Default") for name, parameter in inner["Parameters"].items()} | dict(given)
    conditions = _substituted(inner.get("Conditions", {}), values)
    resources = _substituted(inner["Resources"], values)
    assert not root["Resources"].keys() & resources.keys()
    assert all(root["Conditions"].get(name, condition) == condition for name, condition in conditions.items())
    return {
        **root,
        "Conditions": root["Conditions"] | conditions,
        "Resources": {name: one for name, one in root["Resources"].items() if one["Type"] != NESTED_STACK} | resources,
    }


def _substituted(value: Any, values: Mapping[str, Any]) -> Any:
    match value:
        case {"Ref": str() as name} if name in values:
            return values[name]
        case {"Fn::Sub": str() as text}:
            return _text(text, {}, values)
        case {"Fn::Sub": [str() as text, dict() as named]}:
            return _text(text, _substituted(named, values), values)
        case dict():
            return {key: _substituted(inner, values) for key, inner in value.items()}
        case list():
            return [_substituted(inner, values) for inner in value]
    return value


def _text(text: str, named: dict[str, Any], values: Mapping[str, Any]) -> Any:
    named = dict(named)

    def replaced(found: re.Match[str]) -> str:
        name = found[1]
        match values.get(name) if name not in named else None:
            case None:
                return found[0]
            case {"Ref": str() as reference}:
                return f"${{{reference}}}"
            case {"Fn::GetAtt": [resource, attribute]}:
                return f"${{{resource}.{attribute}}}"
            case str() as literal:
                return literal
            case other:
                named[name] = other
                return found[0]

    text = re.sub(r"\$\{([^}]+)\}", replaced, text)
    return {"Fn::Sub": [text, named] if named else text}


@cache
def _files() -> dict[str, Document]:
    """The nested stacks as written, by logical id."""
    return {name: written(path.read_text(encoding="utf-8")) for name, path in nested(TEMPLATE).items()}


def _together(root: Document, documents: Mapping[str, Document]) -> Document:
    for name, inner in documents.items():
        root = flattened(root, inner, TEMPLATE["Resources"][name]["Properties"]["Parameters"])
    return root


TEMPLATE: Document = written(PATH.read_text(encoding="utf-8"))
TEXTS: dict[Path, str] = {path: path.read_text(encoding="utf-8") for path in (PATH, *nested(TEMPLATE).values())}
"""Every template file of the service."""
TEXT = "".join(TEXTS.values())
RESOURCES: dict[str, Resource] = _together(TEMPLATE, _files())["Resources"]
PARAMETERS: dict[str, Any] = TEMPLATE["Parameters"]
FUNCTIONS = [name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::Serverless::Function"]
SETUP_PAGE = "ServeSetupPage"
"""The function behind the API that serves people, who open it with a link, and no identity provider."""
OF_THE_API = [name for name in FUNCTIONS if RESOURCES[name]["Properties"].get("Events") and name != SETUP_PAGE]
"""The functions that serve SCIM."""


@cache
def templates() -> dict[str, Document]:
    """The templates that CloudFormation gets, by stack; the root's name is empty."""
    return {"": expanded(TEMPLATE)} | {name: expanded(document) for name, document in _files().items()}


@cache
def template() -> Document:
    """Both stacks as one template."""
    root, *_ = templates().values()
    return _together(root, {name: document for name, document in templates().items() if name})


def translated() -> dict[str, Resource]:
    """The resources that CloudFormation gets, by logical id."""
    resources: dict[str, Resource] = template()["Resources"]
    return resources


def of_type(resource_type: str) -> dict[str, Resource]:
    """The properties of the translated resources of a type, by logical id."""
    return {name: found["Properties"] for name, found in translated().items() if found["Type"] == resource_type}


def reserved_executions(each: int) -> int:
    """The executions that all functions reserve with `ReservedConcurrency=each`."""
    reserved = [function["ReservedConcurrentExecutions"] for function in of_type("AWS::Lambda::Function").values()]
    assert all(value["Fn::If"][0] == "ReservesConcurrency" for value in reserved)
    return sum(own if isinstance(own := value["Fn::If"][1], int) else each for value in reserved) if each else 0

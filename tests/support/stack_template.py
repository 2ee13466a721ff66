"""template.yaml for tests: as written, and as CloudFormation gets it from the SAM translator."""

from __future__ import annotations

import os
from copy import deepcopy
from functools import cache
from typing import Any
from unittest import mock

from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from support.repository import ROOT

Resource = dict[str, Any]

PATH = ROOT / "template.yaml"
TEXT = PATH.read_text(encoding="utf-8")
TEMPLATE: dict[str, Any] = yaml_parse(TEXT)
RESOURCES: dict[str, Resource] = TEMPLATE["Resources"]
PARAMETERS: dict[str, Any] = TEMPLATE["Parameters"]
FUNCTIONS = [name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::Serverless::Function"]
OF_THE_API = [name for name in FUNCTIONS if RESOURCES[name]["Properties"].get("Events")]


class _NoManagedPolicies(ManagedPolicyLoader):
    """The template names no managed policy on a function, so nobody needs to be asked for their ARNs."""

    def __init__(self) -> None:
        """Asks nobody."""

    def load(self) -> dict[str, str]:
        return {}


@cache
def template() -> dict[str, Any]:
    """The template that CloudFormation gets."""
    document = deepcopy(TEMPLATE)
    # `sam deploy` puts the place of the uploaded artifact here.
    document["Globals"]["Function"]["CodeUri"] = "s3://bucket/artifact"
    with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": "eu-central-1"}):
        expanded: dict[str, Any] = transform(document, {}, _NoManagedPolicies())
    return expanded


def translated() -> dict[str, Resource]:
    """The resources that CloudFormation gets, by logical id."""
    resources: dict[str, Resource] = template()["Resources"]
    return resources


def of_type(resource_type: str) -> dict[str, Resource]:
    """The properties of the translated resources of a type, by logical id."""
    return {name: found["Properties"] for name, found in translated().items() if found["Type"] == resource_type}

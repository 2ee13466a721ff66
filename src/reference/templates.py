"""The CloudFormation templates as documents: parameters, outputs, alarms and metric filters as they are written."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from reference.paths import ROOT

Template = dict[str, Any]


@cache
def template(name: str) -> Template:
    """A template of the repository's root, by the name of its file; do not change it, as it is read once."""
    return template_of((ROOT / name).read_text(encoding="utf-8"))


def template_of(text: str) -> Template:
    """The document of a text; `!Ref X` is read as `{"Ref": "X"}`.

    >>> template_of("Value: !Sub '${Name}/x'")
    {'Value': {'Fn::Sub': '${Name}/x'}}
    """
    document: Template = yaml.load(text, _CloudFormationLoader)  # noqa: S506 - a SafeLoader
    return document


class _CloudFormationLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the faster one, where it is built in
    """Knows the short forms of the intrinsic functions."""


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)  # noqa: S101 - YAML has no fourth kind of node
    return {name: loader.construct_mapping(node, deep=True)}


_CloudFormationLoader.add_multi_constructor("!", _intrinsic)

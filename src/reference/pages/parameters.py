"""docs/reference/parameters.md: the parameters and outputs of the stack, from template.yaml and samconfig.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from reference.markdown import code, codes, page, prose, table
from reference.paths import ROOT
from reference.templates import Template, template

Settings = Mapping[str, Mapping[str, str]]

_INTRODUCTION = """
Set a parameter in `samconfig.toml`, in `parameter_overrides` of the section that you deploy: [how to set
parameters](../deploy.md#parameters). CloudFormation shows the same descriptions and the same groups in its console.
"""

_OUTPUTS = """
`aws cloudformation describe-stacks --stack-name rollcall --query 'Stacks[0].Outputs'` shows them, and so does the
console, tab *Outputs* of the stack.
"""

_NESTED = """
Alarms, metrics, saved queries and the dashboard are a nested stack, `observability.yaml`. It gets its parameters from
`template.yaml`, so you never set them:
"""


def parameter_page(
    root: Template | None = None, nested: Template | None = None, overrides: Settings | None = None
) -> str:
    """The page about the two templates and the sections of samconfig.toml; those of the repository if not given."""
    root = template("template.yaml") if root is None else root
    nested = template("observability.yaml") if nested is None else nested
    overrides = _overrides() if overrides is None else overrides
    groups = root["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    names = (f"[{name}](#{name.lower()})" for name in sorted(root["Parameters"]))
    parts = [prose(_INTRODUCTION), "By name: " + ", ".join(names) + "."]
    if lost := root["Parameters"].keys() - {name for group in groups for name in group["Parameters"]}:
        raise LookupError(f"template.yaml has {sorted(lost)} in no ParameterGroup of its Metadata: add each to one")
    for group in groups:
        parts += [f"## {group['Label']['default']}"]
        parts += [_parameter(name, root["Parameters"][name], overrides) for name in group["Parameters"]]
    outputs = ([code(name), _text(output["Description"])] for name, output in root["Outputs"].items())
    parts += ["## Outputs", prose(_OUTPUTS), table(["Output", "What it is"], outputs)]
    given = root["Resources"]["Observability"]["Properties"]["Parameters"]
    rows = ([code(name), one["Type"], _source(given[name])] for name, one in nested["Parameters"].items())
    parts += ["## The nested stack", prose(_NESTED), table(["Parameter", "Type", "Comes from"], rows)]
    parts += ["It has these outputs:", table(["Output"], ([code(name)] for name in nested["Outputs"]))]
    return page("Parameters and outputs", "`template.yaml`, `observability.yaml` and `samconfig.toml`", *parts)


def _parameter(name: str, parameter: Mapping[str, Any], overrides: Settings) -> str:
    facts = [["Type", parameter["Type"]], ["Default", code(str(parameter["Default"])) or "empty"]]
    facts += [["Allowed", allowed] for allowed in _allowed(parameter)]
    facts += [
        [f"In section `{section}`", code(values[name]) if values[name] else "empty"]
        for section, values in overrides.items()
        if name in values
    ]
    return f"### {name}\n\n{_text(parameter['Description'])}\n\n" + "\n".join(
        f"- {fact}: {text}" for fact, text in facts
    )


def _allowed(parameter: Mapping[str, Any]) -> Iterator[str]:
    if "AllowedValues" in parameter:
        yield codes(map(str, parameter["AllowedValues"]))
    low, high = parameter.get("MinValue"), parameter.get("MaxValue")
    if low is not None or high is not None:
        yield f"{low} or more" if high is None else f"{low} to {high}"
    if "ConstraintDescription" in parameter:
        yield parameter["ConstraintDescription"]
    if "MaxLength" in parameter:
        yield f"at most {parameter['MaxLength']} characters"


def _text(description: str) -> str:
    return " ".join(description.split())


def _source(value: Any) -> str:
    """Where a nested parameter's value comes from: `Ref`, `GetAtt` or an expression of template.yaml."""
    match value:
        case {"Ref": str() as name}:
            return code(name)
        case {"Fn::GetAtt": target}:
            return code(target if isinstance(target, str) else ".".join(target))
        case {"Fn::If": [str() as condition, *_]}:
            return f"depends on the condition `{condition}`"
        case {"Fn::Sub": str() as text}:
            return code(text)
        case _:
            return code(str(value))


def _overrides() -> Settings:
    """The parameters that each section of samconfig.toml sets for a deployment."""
    sections = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    return {
        name: dict(pair.split("=", 1) for pair in section["deploy"]["parameters"]["parameter_overrides"].split())
        for name, section in sections.items()
        if isinstance(section, dict) and "deploy" in section
    }

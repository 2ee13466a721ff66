"""What a deployment asks for: a section of samconfig.toml, and the defaults of template.yaml."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3

from operations.deployment import DeploymentError, aws_session

_PARAMETERS: Final = re.compile(r"^Parameters:\n(.*?)^\S", re.MULTILINE | re.DOTALL)
_PARAMETER: Final = re.compile(r"^  (\w+):\n((?:    .*\n|\n)+)", re.MULTILINE)
_DEFAULT: Final = re.compile(r"^    Default: *(.*?) *$", re.MULTILINE)


@dataclass(frozen=True)
class DeploymentSettings:
    """What `make deploy` gives the SAM CLI."""

    section: str
    stack_name: str
    given: Mapping[str, str]
    """The parameters of the section, with those of the command line."""
    defaults: Mapping[str, str]
    """The template's default of every parameter."""
    built_for: str
    """The processor that the same section builds for."""
    region: str | None
    """The region that the section names, which the SAM CLI prefers to the environment's."""
    profile: str | None
    stacks: Mapping[str, str]
    """The stack that each section of the file deploys, by section."""
    at_once_is_asked_for: bool
    """True if Rollout=at-once comes from the command line, for one deployment."""

    def value(self, parameter: str) -> str:
        """The value that a new stack gets."""
        return self.given.get(parameter, self.defaults.get(parameter, ""))

    @property
    def rollout(self) -> str:
        """How the release gets its traffic. It is named in every deployment: `at-once` must not stay for the next."""
        return self.value("Rollout")

    def parameters(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """The parameters that the SAM CLI is given: these, with those that the check chose.

        What they leave out keeps its present value in the stack, so Rollout is always among them.
        """
        return {"Rollout": self.rollout, **self.given, **chosen}

    def session(self, region: str | None, profile: str | None) -> boto3.Session:
        """A session as the SAM CLI chooses it: the section's region and profile, then the environment's."""
        return aws_session(region or self.region, profile or self.profile)


def read_settings(directory: Path, section: str, more: str = "") -> DeploymentSettings:
    """Read a section of samconfig.toml and the template in that directory.

    `more` are further parameters, as `Name=value Name=value`, which go before those of the section.
    Raises `DeploymentError` when there is no such file, section or parameter.
    """
    sections = _sections(directory / "samconfig.toml")
    deploy = _part(sections, section, "deploy")
    if "stack_name" not in deploy:
        known = ", ".join(name for name in sections if "stack_name" in _part(sections, name, "deploy"))
        raise DeploymentError(f"samconfig.toml has no section {section!r} to deploy; it has: {known or 'none'}.")
    asked = _pairs(more, "the command line")
    given = _pairs(deploy.get("parameter_overrides", ""), "samconfig.toml") | asked
    defaults = _template_defaults(directory / "template.yaml")
    if unknown := given.keys() - defaults.keys():
        raise DeploymentError(f"The template has no parameter {', '.join(sorted(unknown))}: docs/deploy.md lists them.")
    building = _pairs(_part(sections, section, "build").get("parameter_overrides", ""), "samconfig.toml")
    return DeploymentSettings(
        section=section,
        stack_name=deploy["stack_name"],
        given=given,
        defaults=defaults,
        built_for=building.get("Architecture", defaults.get("Architecture", "")),
        region=deploy.get("region"),
        profile=deploy.get("profile"),
        stacks={
            name: part["stack_name"] for name in sections if "stack_name" in (part := _part(sections, name, "deploy"))
        },
        at_once_is_asked_for=asked.get("Rollout") == "at-once",
    )


def overrides(parameters: Mapping[str, str]) -> str:
    """The value of the SAM CLI's option `--parameter-overrides`, which replaces the section's own list.

    Quoted, as the SAM CLI leaves out a parameter with nothing behind the sign.
    """
    return " ".join(f"{name}={shlex.quote(value)}" for name, value in parameters.items())


def _sections(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DeploymentError(
            f"The file {path.name} is not in this directory: run the command in the directory of Rollcall."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeploymentError(f"{path.name} cannot be read: {error}") from error


def _part(sections: Mapping[str, Any], section: str, command: str) -> dict[str, Any]:
    """The parameters of one command of the SAM CLI in a section; empty where there are none."""
    found: Any = sections
    for name in (section, command, "parameters"):
        found = found.get(name, {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict) else {}


def _pairs(written: str | list[str], place: str) -> dict[str, str]:
    """The parameters that a text or a list gives; the SAM CLI knows both forms."""
    texts = [written] if isinstance(written, str) else written
    pairs: dict[str, str] = {}
    try:
        words = [word for text in texts for word in shlex.split(text)]
    except ValueError as error:
        raise DeploymentError(f"The parameters in {place} cannot be read: {error}.") from error
    for pair in words:
        name, equals, value = pair.partition("=")
        if not equals:
            raise DeploymentError(f"{place} has {pair!r}, which is not Name=value.")
        pairs[name] = value
    return pairs


def _template_defaults(path: Path) -> dict[str, str]:
    """The default of each parameter of the template. The command has no reader of YAML; a test compares with one."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise DeploymentError(
            f"The file {path.name} is not in this directory: run the command in the directory of Rollcall."
        ) from error
    parameters = _PARAMETERS.search(text)
    found: dict[str, str] = {}
    for name, body in _PARAMETER.findall(parameters[1] if parameters else ""):
        default = _DEFAULT.search(body)
        found[name] = default[1].strip("'\"") if default else ""
    return found

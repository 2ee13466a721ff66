"""Commands of the AWS CLI, judged by the service models that it is made from: services, operations, options, queries.

>>> fault("dynamodb delete-table --table-name users --output text".split())
>>> fault("dynamodb delete-table --table users".split())
'aws dynamodb delete-table has no option --table'
>>> fault("dynamodb delete-table".split())
'aws dynamodb delete-table needs --table-name'
>>> fault("dynamodb describe-table --table-name users --query Table.ItemCounts".split())
'no ItemCounts in what aws dynamodb describe-table answers'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import botocore.session
import jmespath
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.model import ListShape, OperationModel, Shape, StructureShape

from support.repository import ROOT

OF_EVERY_COMMAND: Final = {"--query", "--output", "--region", "--profile", "--no-cli-pager", "--endpoint-url"}
_OUTPUTS: Final = {"json", "text", "table", "yaml", "yaml-stream", "off"}
# Commands that the CLI has beyond the operations of a service: their options, those that they need, and their words.
# From the AWS CLI's command reference.
_OWN: Final[Mapping[tuple[str, str], tuple[set[str], set[str], int]]] = {
    ("cloudformation", "deploy"): (
        {
            *("--template-file", "--stack-name", "--s3-bucket", "--s3-prefix", "--kms-key-id", "--parameter-overrides"),
            *("--capabilities", "--no-execute-changeset", "--role-arn", "--notification-arns", "--tags"),
            *("--no-fail-on-empty-changeset", "--disable-rollback", "--force-upload"),
        },
        {"--template-file", "--stack-name"},
        0,
    ),
    ("logs", "tail"): ({"--since", "--follow", "--format", "--filter-pattern", "--log-stream-names"}, set(), 1),
    ("s3", "cp"): ({"--recursive", "--exclude", "--include", "--dryrun", "--quiet"}, set(), 2),
    ("s3", "mb"): (set(), set(), 1),
}


class Wrong(Exception):
    """What is wrong with a command."""


def fault(words: list[str], *, whole: bool = True) -> str | None:
    """What is wrong with the words after `aws`; with `whole=False` options may be missing."""
    try:
        _check(words, whole)
    except Wrong as wrong:
        return str(wrong)
    return None


def _check(words: list[str], whole: bool) -> None:
    service, operation, *rest = [*words, "", ""]
    name = f"aws {service} {operation}"
    given, plain = _options([word for word in rest if word])
    _check_common(name, given)
    if own := _OWN.get((service, operation)):
        options, needed, count = own
        _check_names(name, given, options, needed if whole else set())
        if whole and len(plain) != count:
            raise Wrong(f"{name} takes {count} words, not {plain}")
        return
    try:
        model = _session().get_service_model(service)
    except UnknownServiceError:
        raise Wrong(f"aws has no service {service}") from None
    if operation == "wait":
        if plain[:1] and plain[0] not in {xform_name(each, "-") for each in _waiters(service)}:
            raise Wrong(f"{name} has no {plain[0]}")
        operation, plain = xform_name(_waiters(service)[_pascal(plain[0])], "-"), plain[1:]
    names = {xform_name(each, "-"): each for each in model.operation_names}
    if operation not in names:
        raise Wrong(f"aws {service} has no operation {operation}")
    _check_call(name, model.operation_model(names[operation]), given, plain, whole)


def _options(words: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Each option with the words after it; the words before the first."""
    given: dict[str, list[str]] = {}
    plain: list[str] = []
    after = plain
    for word in words:
        if word.startswith("--"):
            after = given.setdefault(word, [])
        else:
            after.append(word)
    return given, plain


def _check_common(name: str, given: Mapping[str, list[str]]) -> None:
    if not set(given.get("--output", ())) <= _OUTPUTS:
        raise Wrong(f"{name}: no such output {given['--output']}")
    try:
        for query in given.get("--query", ()):
            jmespath.compile(query)
    except jmespath.exceptions.JMESPathError as error:
        raise Wrong(f"{name}: {str(error).splitlines()[0]}") from None
    for value in (value for values in given.values() for value in values):
        path = value.removeprefix("file://")
        if path != value and not path.startswith("/") and not (ROOT / path).is_file():
            raise Wrong(f"{name}: no file {path}")


def _check_names(name: str, given: Mapping[str, list[str]], options: set[str], needed: set[str]) -> None:
    for option in given.keys() - options - OF_EVERY_COMMAND:
        raise Wrong(f"{name} has no option {option}")
    if missing := sorted(needed - given.keys()):
        raise Wrong(f"{name} needs {' '.join(missing)}")


def _check_call(
    name: str, operation: OperationModel, given: Mapping[str, list[str]], plain: list[str], whole: bool
) -> None:
    shape = operation.input_shape
    members: dict[str, Shape] = {}
    for member, its in shape.members.items() if isinstance(shape, StructureShape) else ():
        members[f"--{xform_name(member, '-')}"] = its
        if its.type_name == "boolean":
            members[f"--no-{xform_name(member, '-')}"] = its
    needed = {f"--{xform_name(member, '-')}" for member in getattr(shape, "required_members", ())}
    negated = {f"--{option.removeprefix('--no-')}" for option in given if option.startswith("--no-")}
    _check_names(name, given, set(members), needed - negated if whole else set())
    if plain:
        raise Wrong(f"{name} takes no words, but {plain}")
    for option, values in given.items():
        if option in members:
            _check_values(f"{name} {option}", members[option], values)
    for query in given.get("--query", ()):
        _selected(name, jmespath.compile(query).parsed, operation.output_shape)


def _check_values(name: str, shape: Shape, values: list[str]) -> None:
    if isinstance(shape, ListShape):
        for value in values:
            _check_values(name, shape.member, [value])
        return
    if shape.type_name != "boolean" and len(values) != 1:
        raise Wrong(f"{name} takes one value, not {values}")
    enum = getattr(shape, "enum", None)
    for value in values:
        if "$" in value or (not enum and re.fullmatch(r"[A-Z-]+|\.\.\.", value)):
            continue
        if enum and value not in enum:
            raise Wrong(f"{name}: {value} is none of {', '.join(enum)}")
        if shape.type_name in ("integer", "long") and not value.isdigit():
            raise Wrong(f"{name}: {value} is no number")
        if isinstance(shape, StructureShape) and not value.startswith(("{", "[")):
            for part in re.split(r",(?=[A-Za-z]+=)", value):
                if part.partition("=")[0] not in shape.members:
                    raise Wrong(f"{name}: no {part.partition('=')[0]} in {value}")


def _selected(name: str, node: Any, shape: Any) -> Any:
    """The shape that an expression of JMESPath selects of another; None where only its values say."""
    children = node["children"]
    match node["type"]:
        case "field":
            if not isinstance(shape, StructureShape):
                return None
            if node["value"] not in shape.members:
                raise Wrong(f"no {node['value']} in what {name} answers")
            return shape.members[node["value"]]
        case "subexpression" | "pipe" | "index_expression":
            for child in children:
                shape = _selected(name, child, shape)
            return shape
        case "index" | "identity" | "current" | "flatten" | "slice":
            inner = _selected(name, children[0], shape) if children else shape
            return inner.member if isinstance(inner, ListShape | _Many) and node["type"] == "index" else inner
        case "projection" | "filter_projection":
            listed = _selected(name, children[0], shape)
            each = listed.member if isinstance(listed, ListShape | _Many) else None
            for child in children[2:]:
                _selected(name, child, each)
            return _Many(_selected(name, children[1], each))
        case _:
            for child in children:
                _selected(name, child, shape)
            return None


@dataclass(frozen=True)
class _Many:
    """The list that a projection makes: of values of this shape."""

    member: Any


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


@cache
def _waiters(service: str) -> dict[str, str]:
    """The operation that each waiter asks."""
    model = _session().get_waiter_model(service)
    return {name: model.get_waiter(name).operation for name in model.waiter_names}


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))

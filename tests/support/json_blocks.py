"""What JSON in a document is, and what is wrong with it: policies, events, their patterns, bodies, extensions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from jsonschema import ValidationError

from domain.errors import ScimError
from domain.events.kinds import EventKind
from domain.resources.body import attributes_of
from domain.resources.extension_documents import InvalidExtension, extension_of
from domain.resources.user_schema import user_type
from support.declared import ACME_SCHEMA
from support.documents import Piece
from support.event_schemas import file_of, validate

_ELEMENTS: Final = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
_VERSION: Final = "2012-10-17"


def json_fault(block: Piece) -> str | None:
    """What is wrong with a block: one value, or one on each line."""
    try:
        values = _values(block.text)
    except ValueError as error:
        return f"no JSON: {error}"
    return next((wrong for value in values if (wrong := _fault(value))), None)


def _values(text: str) -> list[Any]:
    try:
        return [json.loads(text)]
    except ValueError:
        lines = text.strip().splitlines()
        if len(lines) < 2 or not all(line.startswith("{") and line.endswith("}") for line in lines):
            raise
        return [json.loads(line) for line in lines]


def _fault(value: Any) -> str | None:
    match value:
        case {"Version": version, "Statement": list(statements)}:
            return f"no version {version}" if version != _VERSION else _first(_statement, statements)
        case {"Effect": _}:
            return _statement(value)
        case [{"Effect": _}, *_]:
            return _first(_statement, value)
        case {"source": ["rollcall"]}:
            return _pattern(value)
        case {"idempotencyId": _}:
            return _event(value)
        case {"id": str(), "attributes": list()}:
            return _extension(value)
        case {"schemas": list()}:
            return _user(value)
        case {"allowed": bool()}:
            return None  # what the log-in of the examples prints: their tests compare it
        case _:
            return "no test knows what this JSON is"


def _first(check: Callable[[Any], str | None], values: list[Any]) -> str | None:
    return next((wrong for value in values if (wrong := check(value))), None)


def _statement(statement: dict[str, Any]) -> str | None:
    if unknown := statement.keys() - _ELEMENTS:
        return f"a statement has no {sorted(unknown)}"
    if statement["Effect"] not in ("Allow", "Deny"):
        return f"no effect {statement['Effect']!r}"
    if not {"Action"} <= statement.keys() or not statement.keys() & {"Resource", "Principal"}:
        return "a statement needs an action, and a resource or a principal"
    listed = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    return next((f"no action {action}" for action in listed if not _exists(action)), None)


def _exists(action: str) -> bool:
    service, _, name = action.partition(":")
    return any(fnmatchcase(known, name.lower()) for known in _actions().get(service, ()))


@cache
def _actions() -> dict[str, list[str]]:
    """The actions of each service in lower case, from the list that cfn-lint has of them."""
    found = find_spec("cfnlint")  # to import it would take seconds
    assert found is not None
    assert found.origin is not None
    listed = json.loads(Path(found.origin).with_name("data").joinpath("AdditionalSpecs", "Policies.json").read_bytes())
    return {service: list(its["Actions"]) for service, its in listed.items()}


def _pattern(pattern: dict[str, Any]) -> str | None:
    if unknown := pattern.keys() - {"source", "detail-type", "detail"}:
        return f"no event has {sorted(unknown)}"
    for kind in pattern.get("detail-type", ()):
        if kind not in {kind.value for kind in EventKind}:
            return f"no event {kind}"
    for name, wanted in pattern.get("detail", {}).items():
        if name not in {member for kind in EventKind for member in _members(kind)}:
            return f"no event has {name} in its detail"
        if not isinstance(wanted, list):
            return f"{name}: a pattern has a list of values"
    return None


def _members(kind: EventKind) -> Iterator[str]:
    yield from json.loads(file_of(kind).read_text(encoding="utf-8"))["properties"]


def _event(detail: dict[str, Any]) -> str | None:
    found = []
    for kind in EventKind:
        try:
            validate(kind, detail)
        except ValidationError as error:
            found.append(error.message)
        else:
            return None
    return f"is no event: {found[0]}"


def _extension(document: dict[str, Any]) -> str | None:
    try:
        extension_of(json.dumps(document), "schemas/of-the-document.json")
    except InvalidExtension as error:
        return str(error)
    return None


def _user(body: dict[str, Any]) -> str | None:
    """The body of a create, for a service that has the extension of schemas/README.md."""
    try:
        attributes_of(body, user_type((ACME_SCHEMA,)))
    except ScimError as error:
        return str(error)
    return None

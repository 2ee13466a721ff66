"""The JSON schemas of docs/events, against which tests hold every event."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from domain.documents import Json
from domain.events.lifecycle import EventKind
from support.repository import ROOT

FOLDER = ROOT / "docs" / "events"
SUFFIX = ".schema.json"


def file_of(kind: EventKind) -> Path:
    """The schema of a kind of event: `UserUpdated` is in user-updated.schema.json."""
    return FOLDER / (kind.value.replace("User", "user-").lower() + SUFFIX)


def validate(kind: EventKind, detail: Json) -> None:
    """Raises when the detail is not what the documentation promises."""
    _validator(kind).validate(detail)


@cache
def _validator(kind: EventKind) -> Draft202012Validator:
    files = {path.name: json.loads(path.read_text()) for path in FOLDER.glob("*" + SUFFIX)}
    resources = [(name, DRAFT202012.create_resource(schema)) for name, schema in files.items()]
    return Draft202012Validator(
        files[file_of(kind).name],
        registry=Registry().with_resources(resources),
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )

"""The JSON schemas of docs/events, against which tests validate every event."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator

from domain.documents import Json
from domain.events.kinds import EventKind
from operations.event_schemas import file_name
from support.repository import ROOT

FOLDER = ROOT / "docs" / "events"
SUFFIX = ".schema.json"


def file_of(kind: EventKind) -> Path:
    """The schema of a kind of event: `UserUpdated` is in user-updated.schema.json."""
    return FOLDER / file_name(kind)


def validate(kind: EventKind, detail: Json) -> None:
    """Raises when the detail is not what the documentation promises."""
    _validator(kind).validate(detail)


@cache
def _validator(kind: EventKind) -> Draft202012Validator:
    return Draft202012Validator(
        json.loads(file_of(kind).read_text()), format_checker=Draft202012Validator.FORMAT_CHECKER
    )

"""The JSON schemas in docs/events are those that the models generate."""

from __future__ import annotations

import doctest
import json

from jsonschema import Draft202012Validator

from operations import event_schemas
from support.event_schemas import FOLDER, SUFFIX


def test_the_published_schemas_are_those_of_the_models() -> None:
    published = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*" + SUFFIX)}

    assert published == event_schemas.schemas(), "run make events"


def test_every_schema_is_valid() -> None:
    for path in FOLDER.glob("*" + SUFFIX):
        Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


def test_the_example_of_a_file_name_is_right() -> None:
    assert doctest.testmod(event_schemas).failed == 0

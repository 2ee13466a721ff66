"""The published schema of the command's JSON answers is the one that the models generate."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator

from operations.answers.schema import schema
from support.repository import ROOT

PUBLISHED = ROOT / "docs" / "command-answers.schema.json"


def test_the_published_schema_is_that_of_the_models() -> None:
    text = PUBLISHED.read_text(encoding="utf-8")

    assert text == schema(), "run make events"
    Draft202012Validator.check_schema(json.loads(text))


def test_every_answer_says_which_command_gives_it() -> None:
    described = [
        model.get("description", "") for model in json.loads(PUBLISHED.read_text(encoding="utf-8"))["$defs"].values()
    ]
    commands = {text for text in described if text.startswith("`rollcall ")}

    assert len(commands) == 34

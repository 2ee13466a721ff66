"""`events/`: what is in the repository is what the generator makes of the recorded requests."""

from __future__ import annotations

import pytest

from domain.accounts.connector_key import ConnectorKey
from local.sample_events import EXAMPLE_KEY, EXAMPLES, as_text, events
from support.repository import ROOT
from support.stack_template import FUNCTIONS

MADE = events()


def test_there_is_a_file_for_every_event_and_no_other() -> None:
    assert {path.name for path in (ROOT / "events").iterdir()} == MADE.keys()


@pytest.mark.parametrize("name", MADE)
def test_a_file_has_not_drifted_from_the_generator(name: str) -> None:
    assert (ROOT / "events" / name).read_text(encoding="utf-8") == as_text(MADE[name]), "run: make events"


def test_every_function_has_an_event() -> None:
    examples = {example.file_name: example.function for example in EXAMPLES}
    others = {name: name.partition(".")[0].title().replace("_", "") for name in MADE.keys() - examples.keys()}

    assert set((examples | others).values()) == set(FUNCTIONS)


def test_every_event_is_used_in_the_tests_of_the_real_runtime() -> None:
    others = MADE.keys() - {example.file_name for example in EXAMPLES}
    text = (ROOT / "tests" / "sam_local" / "test_invoke.py").read_text(encoding="utf-8")

    # Each of EXAMPLES is a parameter there; the others are named.
    assert {name for name in others if f'"{name}"' not in text} == set()


def test_the_key_in_the_events_is_well_formed() -> None:
    key = ConnectorKey.parse(EXAMPLE_KEY)

    assert key is not None
    assert key.account == "default"

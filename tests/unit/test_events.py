"""`events/`: what is in the repository is what the generator makes of the recorded requests."""

from __future__ import annotations

import pytest

from cli.events import EXAMPLE_KEY, ROOT, as_text, events
from domain.connector_key import ConnectorKey
from stack_template import FUNCTIONS

MADE = events()


def test_there_is_a_file_for_every_event_and_no_other() -> None:
    assert {path.name for path in (ROOT / "events").iterdir()} == MADE.keys()


@pytest.mark.parametrize("name", MADE)
def test_a_file_has_not_drifted_from_the_generator(name: str) -> None:
    assert (ROOT / "events" / name).read_text(encoding="utf-8") == as_text(MADE[name]), "run: make events"


def test_every_function_has_an_event() -> None:
    assert {name.partition(".")[0].title().replace("_", "") for name in MADE} == set(FUNCTIONS)


def test_the_key_in_the_events_is_well_formed() -> None:
    key = ConnectorKey.parse(EXAMPLE_KEY)

    assert key is not None
    assert key.account == "default"

"""Values of declared extensions: kept as sent, and by every later declaration of the same extension."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events.lifecycle import attribute_changes
from domain.resources.attributes import ResourceType
from domain.resources.body import attributes_of, checked
from domain.resources.later_release import is_shown_whole, known_part, shown_part, with_unknown_part
from domain.resources.paths import resolve
from domain.resources.user_schema import USER, user_type
from domain.tolerances import Tolerant
from support.declared import OTHER, declared
from support.declared_strategies import DOCUMENTS, VERSIONS, values_of
from support.examples import examples
from support.people import CORE, user

Json = dict[str, Any]


@settings(max_examples=examples(30, thorough=1000))
@given(st.data())
def test_valid_values_are_kept_as_sent_by_both_readers_and_named_by_events(data: st.DataObject) -> None:
    schema = declared(data.draw(DOCUMENTS))
    of_users, values = user_type((schema,)), data.draw(values_of(schema))
    body = user("ada", **{schema.id: values})

    kept = attributes_of(body, of_users)

    assert kept[schema.id] == values
    assert kept["schemas"] == [CORE, schema.id]
    changes = attribute_changes(user("ada", schemas=kept["schemas"]), kept, of_users)
    assert {change.path.removeprefix(f"{schema.id}:").partition(".")[0] for change in changes} == values.keys()
    assert all(resolve(change.path, of_users) is not None for change in changes)
    reader = Tolerant(of_users)
    assert attributes_of(reader.resource(json.loads(json.dumps(body))), of_users) is not None


@settings(max_examples=examples(30, thorough=1000))
@given(st.data())
def test_another_declaration_blocks_no_write_loses_nothing_and_shows_what_fits(data: st.DataObject) -> None:
    first, second = (user_type((declared(data.draw(VERSIONS)),)) for _ in range(2))
    stored = attributes_of(user("ada", **{OTHER: data.draw(values_of(first.extensions[-1]))}), first)
    own = data.draw(values_of(second.extensions[-1]))

    for later in (second, USER):
        known = known_part(stored, later)
        assert with_unknown_part(checked(known, later), stored, later) == stored
        assert with_unknown_part(checked(known | {"title": "T"}, later), stored, later) == stored | {"title": "T"}
        assert _without_empty(known.get(OTHER, {})) == _without_empty(shown_part(stored, later).get(OTHER, {}))
        if OTHER in shown_part(stored, later):
            assert later is second
            assert not is_shown_whole(json.dumps(stored), later)
    changed = with_unknown_part(_with(second, known_part(stored, second), own), stored, second)
    assert shown_part(changed, second)[OTHER].items() >= own.items()
    hidden = {name for name, value in stored[OTHER].items() if name not in known_part(stored, second).get(OTHER, {})}
    assert hidden - own.keys() <= changed[OTHER].keys()


def _with(of_users: ResourceType, known: Json, own: Json) -> Json:
    return checked(known | {OTHER: known.get(OTHER, {}) | own}, of_users)


def _without_empty(values: Json) -> Json:
    return {name: value for name, value in values.items() if value not in ({}, [])}

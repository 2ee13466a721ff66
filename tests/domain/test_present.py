"""Events that state what a user or group is now, and how they relate to those of the writes that made it so."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.documents import Json
from domain.events.event_detail import detail
from domain.events.kinds import GROUP_KINDS, USER_KINDS, EventKind
from domain.events.lifecycle import LifecycleEvent, ResourceChange, events_of, write_name
from domain.events.present import present_state, present_state_events
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser
from support.event_schemas import validate

ISSUER = "https://scim.example.com/scim/v2"
NOW = "2030-02-01T08:30:00.250Z"
AT = datetime(2030, 2, 1, 8, 30, 1, tzinfo=UTC)
STATES = st.fixed_dictionaries(
    {"userName": st.sampled_from(["ann", "bob"])},
    optional={
        "active": st.booleans(),
        "title": st.sampled_from(["Guide", "Head"]),
        "name": st.just({"givenName": "A"}),
    },
)
MEMBERS = st.sets(st.integers(0, 999).map(lambda number: f"u{number:03}"), max_size=250)


def lived(states: list[Json]) -> list[StoredUser]:
    """The versions of a user who had these states one after the other."""
    versions = [StoredUser.new("u1", states[0], NOW)]
    for state in states[1:]:
        changed = versions[-1].changed_to(state, NOW)
        if changed is not versions[-1]:
            versions.append(changed)
    return versions


def originals(versions: list[StoredUser]) -> list[LifecycleEvent]:
    """The events of the writes; each has the id of its version."""
    first = ResourceChange(USER_KINDS, write_name("write-1", "u1"), "acme", None, versions[0], AT)
    changes = [
        ResourceChange(USER_KINDS, write_name(f"write-{after.version}", "u1"), "acme", before, after, AT)
        for before, after in pairwise(versions)
    ]
    return [event for change in (first, *changes) for event in events_of(change)]


def replayed(user: StoredUser) -> tuple[LifecycleEvent, ...]:
    return present_state_events(present_state(USER_KINDS, "acme", user, f"write-{user.version}"))


@given(st.lists(STATES, min_size=1, max_size=6))
def test_a_replayed_version_has_the_ids_of_its_original_events_and_always_the_same(states: list[Json]) -> None:
    versions = lived(states)
    known = {(event.kind, event.resource.version): event.id for event in originals(versions)}
    others = set(known.values())

    for user in versions:
        events = replayed(user)
        assert [event.id for event in replayed(user)] == [event.id for event in events]
        for event in events:
            original = known.get((event.kind, user.version))
            assert event.id == original if original else event.id not in others


@given(STATES, st.integers(1, 9))
def test_a_replayed_user_states_everything_once_and_ends_access_first(state: Json, version: int) -> None:
    new = StoredUser.new("u1", state, NOW)
    user = StoredUser(new.id, version, NOW, NOW, new.document)
    events = replayed(user)
    kinds = [event.kind for event in events]

    if version == 1:
        wanted = [EventKind.PROVISIONED, *([] if user.active else [EventKind.DEACTIVATED])]
    elif user.active:
        wanted = [EventKind.UPDATED, EventKind.REACTIVATED]
    else:
        wanted = [EventKind.DEACTIVATED, EventKind.UPDATED]
    assert kinds == wanted
    named = [path for event in events for path in event.changed_attributes]
    assert {path.partition(".")[0] for path in named} == set(user.attributes)
    for personal_data in (False, True):
        for event in events:
            found = json.loads(json.dumps(detail(event, ISSUER, personal_data)))
            validate(event.kind, found)
            assert found["replay"] is True
            assert (found["version"], found["occurredAt"]) == (version, NOW)
            assert found.get("previousVersion") == (version - 1 or None)


@given(MEMBERS, st.integers(1, 3))
def test_a_replayed_group_names_all_members_however_they_are_divided(members: set[str], version: int) -> None:
    new = StoredGroup.new("g1", {"displayName": "Guides"}, NOW)
    group = StoredGroup(new.id, version, NOW, NOW, new.document)
    ordered = sorted(members)
    whole = present_state_events(present_state(GROUP_KINDS, "acme", group, "write", ordered))
    slices = [ordered[first : first + 100] for first in range(0, len(ordered), 100)] or [[]]
    parts = [
        event
        for number, some in enumerate(slices)
        for event in present_state_events(present_state(GROUP_KINDS, "acme", group, "write", some), number)
    ]

    assert [(event.kind, event.id, event.members) for event in parts] == [
        (event.kind, event.id, event.members) for event in whole
    ]
    assert whole[0].kind is (EventKind.GROUP_PROVISIONED if version == 1 else EventKind.GROUP_UPDATED)
    assert [each for event in whole for each in event.members] == ordered
    for event in whole:
        validate(event.kind, json.loads(json.dumps(detail(event, ISSUER, personal_data=False))))


def test_replayed_members_are_no_repetition_of_those_who_joined_last() -> None:
    group = StoredGroup.new("g1", {"displayName": "Guides"}, NOW)
    write = write_name("write-2", "g1")
    later = group.touched(NOW)
    joined = events_of(ResourceChange(GROUP_KINDS, write, "acme", group, later, AT, joined=["u2"]))

    replay = present_state_events(present_state(GROUP_KINDS, "acme", later, "write-2", ["u1", "u2"]))

    assert {event.id for event in joined}.isdisjoint(event.id for event in replay)


def test_an_item_without_a_write_id_has_ids_of_its_version() -> None:
    users = [StoredUser.new("u1", {"userName": "ann"}, NOW), StoredUser.new("u2", {"userName": "bob"}, NOW)]

    first, other = (present_state(USER_KINDS, "acme", user, None).id for user in users)

    assert first == present_state(USER_KINDS, "acme", users[0], None).id != other

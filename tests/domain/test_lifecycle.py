"""Events of a write of a user, and their contents."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import ValidationError

from domain.documents import Json
from domain.events.event_detail import detail, without_values
from domain.events.kinds import USER_KINDS, EventKind
from domain.events.lifecycle import AttributeChange, ResourceChange, attribute_changes, events_of
from domain.resources.attributes import Attribute, Type
from domain.resources.paths import resolve
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_USER, ENTERPRISE_URN, ENTERPRISE_USER, USER
from support.event_schemas import FOLDER, SUFFIX, file_of, validate
from support.table_stream import CHANGED, RECORDED, user

ISSUER = "https://scim.example.com/scim/v2"
CANARY = "canary-7f3a"
AT = datetime.fromtimestamp(RECORDED, UTC)


def change(before: StoredUser | None, after: StoredUser | None, adopted: bool = False) -> ResourceChange:
    return ResourceChange(USER_KINDS, "write-1", "acme", before, after, AT, adopted)


def events_between(
    before: StoredUser | None, after: StoredUser | None, adopted: bool = False
) -> list[tuple[str, list[str]]]:
    """The events by kind, with the attributes that each names."""
    return [(event.kind.value, event.changed_attributes) for event in events_of(change(before, after, adopted))]


def details(before: StoredUser | None, after: StoredUser | None, personal_data: bool = False) -> list[Json]:
    """The details, each held against its schema as it would be read from the bus."""
    found = []
    for event in events_of(change(before, after)):
        found.append(json.loads(json.dumps(detail(event, ISSUER, personal_data))))
        validate(event.kind, found[-1])
    return found


def _values(attribute: Attribute) -> st.SearchStrategy[Any]:
    """Values of an attribute in which every text carries the canary."""
    if attribute.type is Type.COMPLEX:
        one: st.SearchStrategy[Any] = st.fixed_dictionaries(
            {}, optional={sub.name: _values(sub) for sub in attribute.sub_attributes}
        )
    elif attribute.type is Type.BOOLEAN:
        one = st.booleans()
    else:
        one = st.integers(0, 3).map(lambda number: f"{CANARY}-{number}")
    return st.lists(one, max_size=2) if attribute.multi_valued else one


STORED = [attribute for attribute in CORE_USER.attributes if attribute.name not in ("userName", "password", "groups")]
DOCUMENTS = st.fixed_dictionaries(
    {"userName": st.just(CANARY), "schemas": st.lists(st.sampled_from([CORE_USER.id, ENTERPRISE_URN]), unique=True)},
    optional={attribute.name: _values(attribute) for attribute in STORED}
    | {"externalId": st.just(CANARY)}
    | {ENTERPRISE_URN: st.fixed_dictionaries({}, optional={a.name: _values(a) for a in ENTERPRISE_USER.attributes})},
)


def applied(document: Json, changes: tuple[AttributeChange, ...]) -> Json:
    """The document with the changes made to it, found by their paths alone."""
    result = deepcopy(document)
    for one in changes:
        path = resolve(one.path, USER)
        assert path is not None, one.path
        place = result
        for step in path.steps[:-1]:
            place = place.setdefault(step.name, {})
        assert assigned({"it": place.get(path.attribute.name)}) == assigned({"it": one.before})
        place[path.attribute.name] = one.after
    return result


def assigned(value: Any) -> Any:
    """The value without what is unassigned: null, empty arrays and empty objects, but not inside arrays."""
    if not isinstance(value, dict):
        return value
    kept = {name: assigned(inner) for name, inner in value.items()}
    return {name: inner for name, inner in kept.items() if inner not in (None, [], {})}


@given(DOCUMENTS, DOCUMENTS)
def test_the_changes_of_a_write_are_exactly_what_leads_from_the_old_user_to_the_new(old: Json, new: Json) -> None:
    changes = attribute_changes(old, new, USER)

    assert assigned(applied(old, changes)) == assigned(new)
    assert all(one.before != one.after for one in changes)


@given(DOCUMENTS, DOCUMENTS)
def test_each_changed_attribute_is_named_by_exactly_one_event(old: Json, new: Json) -> None:
    before, after = user(old), user(new, version=2)

    named = [path for event in events_of(change(before, after)) for path in event.changed_attributes]

    assert sorted(named) == sorted(one.path for one in attribute_changes(before.attributes, after.attributes, USER))


@given(DOCUMENTS)
def test_a_write_that_changed_nothing_gives_no_event(document: Json) -> None:
    assert events_of(change(user(document), user(deepcopy(document), version=2))) == ()


@given(DOCUMENTS, DOCUMENTS)
def test_no_event_carries_a_personal_value_unless_asked(old: Json, new: Json) -> None:
    before, after = user(old), user(new, version=2)

    for pair in ((before, after), (None, after), (before, None)):
        assert CANARY not in json.dumps(details(*pair))
    assert CANARY in json.dumps(details(None, after, personal_data=True))


@given(DOCUMENTS, DOCUMENTS)
def test_the_values_are_there_for_all_changed_attributes_when_asked(old: Json, new: Json) -> None:
    for one in details(user(old), user(new, version=2), personal_data=True):
        assert sorted(one["values"]) == sorted(one["changedAttributes"])


def test_attributes_are_named_by_their_paths() -> None:
    before = user({"name": {"givenName": "Babs", "familyName": "Jensen"}, ENTERPRISE_URN: {"department": "A"}})
    after = user(
        {
            "name": {"givenName": "Barbara", "familyName": "Jensen"},
            "emails": [{"value": "b@example.com"}],
            ENTERPRISE_URN: {"department": "B", "manager": {"value": "m1"}},
        },
        version=2,
    )

    assert events_between(before, after) == [
        (
            "UserUpdated",
            [
                "name.givenName",
                "emails",
                f"{ENTERPRISE_URN}:department",
                f"{ENTERPRISE_URN}:manager.value",
            ],
        )
    ]


def test_an_attribute_of_no_schema_is_named_last_as_it_is() -> None:
    assert events_between(user({"shoeSize": 41}), user({"shoeSize": 42, "title": "Guide"}, 2)) == [
        ("UserUpdated", ["title", "shoeSize"])
    ]


def test_a_new_user_is_provisioned_with_every_attribute_it_has() -> None:
    assert events_between(None, user({"active": False, "title": "Guide"})) == [
        ("UserProvisioned", ["userName", "title", "active"])
    ]


def test_a_removed_user_is_deprovisioned_with_every_attribute_it_had() -> None:
    assert events_between(user({"title": "Guide"}), None) == [("UserDeprovisioned", ["userName", "title", "active"])]


def test_a_deactivation_is_published_before_the_other_changes() -> None:
    before, after = user({"active": True, "title": "Guide"}), user({"active": False}, 2)

    assert events_between(before, after) == [("UserDeactivated", ["active"]), ("UserUpdated", ["title"])]


def test_a_reactivation_is_published_after_the_other_changes() -> None:
    before, after = user({"active": False, "title": "Guide"}), user({}, 2)

    assert events_between(before, after) == [("UserUpdated", ["title"]), ("UserReactivated", ["active"])]


def test_a_deactivation_alone_is_no_update() -> None:
    assert events_between(user({}), user({"active": False}, 2)) == [("UserDeactivated", ["active"])]


def test_setting_active_on_an_active_user_is_no_change() -> None:
    assert events_between(user({}), user({"active": True}, 2)) == []


def test_an_adoption_replaces_the_update_event() -> None:
    before, after = user({"active": False}), user({"active": True, "externalId": "e1"}, 2)

    assert events_between(before, after, adopted=True) == [
        ("UserAdopted", ["externalId"]),
        ("UserReactivated", ["active"]),
    ]


def test_an_adoption_that_changed_no_attribute_is_published() -> None:
    events = events_of(change(user({}), user({}, 2), adopted=True))

    assert [event.kind for event in events] == [EventKind.ADOPTED]
    validate(EventKind.ADOPTED, detail(events[0], ISSUER, personal_data=False))


def test_no_user_before_and_after_is_no_event() -> None:
    assert events_of(change(None, None)) == ()


def test_an_event_detail_names_the_user_and_both_versions() -> None:
    [update] = details(user({}, 3), user({"title": "Guide"}, 4))

    assert update["account"] == "acme"
    assert update["userId"] == "u1"
    assert (update["previousVersion"], update["version"]) == (3, 4)
    assert update["occurredAt"] == CHANGED
    assert update["active"] is True


def test_a_removal_happened_when_the_table_recorded_it_and_left_no_version() -> None:
    [removal] = details(user({}, 3), None)

    assert removal["occurredAt"] == "2030-02-01T08:30:01.000Z"
    assert removal["previousVersion"] == 3
    assert "version" not in removal
    assert "active" not in removal


def test_the_values_of_a_change_are_those_before_and_after() -> None:
    [update] = details(user({"title": "Guide"}), user({"nickName": "Babs"}, 2), personal_data=True)

    assert update["values"] == {
        "title": {"before": "Guide", "after": None},
        "nickName": {"before": None, "after": "Babs"},
    }


def test_a_detail_without_its_values_says_so_and_still_fits_its_schema() -> None:
    [event] = events_of(change(user({}), user({"title": CANARY}, 2)))

    bare = without_values(detail(event, ISSUER, personal_data=True))

    validate(EventKind.UPDATED, bare)
    assert bare["valuesOmitted"] is True
    assert CANARY not in json.dumps(bare)


def test_the_ids_of_a_change_are_the_same_each_time_it_is_published() -> None:
    before, after = user({"active": True}), user({"active": False, "title": "Guide"}, 2)

    first, again = details(before, after), details(before, after)

    assert first == again
    assert len({one["idempotencyId"] for one in first}) == 2


def test_another_write_has_other_ids() -> None:
    one = events_of(ResourceChange(USER_KINDS, "write-1", "acme", None, user({}), AT))[0]
    other = events_of(ResourceChange(USER_KINDS, "write-2", "acme", None, user({}), AT))[0]

    assert one.id != other.id


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        (None, {}, {"prov:create:notice": {"version": 'W/"2"', "attributes": ["id", "userName", "active"]}}),
        ({}, {"title": "x"}, {"prov:patch:notice": {"version": 'W/"2"', "attributes": ["title"]}}),
        ({}, {"active": False}, {"prov:deactivate": {}}),
        ({"active": False}, {}, {"prov:activate": {}}),
        ({}, None, {"prov:delete": {}}),
    ],
)
def test_the_same_event_is_there_as_a_scim_security_event(before: Json | None, after: Json | None, event: Json) -> None:
    [one] = details(
        None if before is None else user(before),
        None if after is None else user(after, 2),
    )

    claims = one["securityEvent"]
    assert claims["events"] == {f"urn:ietf:params:scim:event:{uri}": payload for uri, payload in event.items()}
    assert claims["sub_id"] == {"format": "scim", "uri": "/Users/u1"}
    assert claims["iss"] == ISSUER
    assert claims["jti"] == one["idempotencyId"]
    assert claims["iat"] == int(RECORDED)
    assert "sub" not in claims


def test_a_replacement_is_published_as_a_put_and_the_next_change_as_a_patch() -> None:
    first = user({"title": "Guide"})
    put = first.changed_to(first.attributes | {"title": "Head"}, CHANGED, replaced=True)
    patched = put.changed_to(put.attributes | {"title": "Chief"}, CHANGED)
    adopted = put.adopted(put.attributes | {"title": "Chief"}, CHANGED, "adoption")

    def uris(before: StoredUser, after: StoredUser, adopted: bool = False) -> list[str]:
        found = []
        for event in events_of(change(before, after, adopted)):
            one = detail(event, ISSUER, personal_data=False)
            validate(event.kind, one)
            found += [uri.rpartition("prov:")[2] for uri in one["securityEvent"]["events"]]
        return found

    assert uris(first, put) == ["put:notice"]
    assert uris(put, patched) == ["patch:notice"]
    assert uris(put, adopted, adopted=True) == ["patch:notice"]
    off = put.changed_to(put.attributes | {"active": False, "title": "Chief"}, CHANGED, replaced=True)
    assert uris(put, off) == ["deactivate", "put:notice"]


def test_the_security_events_of_one_write_share_their_transaction() -> None:
    one, other = details(user({"active": True}), user({"active": False, "title": "Guide"}, 2))

    assert one["securityEvent"]["txn"] == other["securityEvent"]["txn"]
    assert one["securityEvent"]["jti"] != other["securityEvent"]["jti"]


def test_the_subject_has_its_external_id_only_with_personal_data_switched_on() -> None:
    after = user({"externalId": "e1"})

    assert "externalId" not in details(None, after)[0]["securityEvent"]["sub_id"]
    assert details(None, after, personal_data=True)[0]["securityEvent"]["sub_id"]["externalId"] == "e1"


def test_every_kind_of_event_has_its_schema_and_every_schema_its_kind() -> None:
    assert {file_of(kind) for kind in EventKind} == set(FOLDER.glob("*" + SUFFIX))


@pytest.mark.parametrize("kind", sorted(set(EventKind) - {EventKind.UPDATED, EventKind.ADOPTED}))
def test_the_schema_of_a_kind_refuses_an_update(kind: EventKind) -> None:
    [update] = details(user({}), user({"title": "Guide"}, 2))

    with pytest.raises(ValidationError):
        validate(kind, update)


@pytest.mark.parametrize("unknown", [{"email": "b@example.com"}, {"valuesOmitted": True, "values": {}}])
def test_the_schema_refuses_what_no_event_says(unknown: Json) -> None:
    [update] = details(user({}), user({"title": "Guide"}, 2))

    with pytest.raises(ValidationError):
        validate(EventKind.UPDATED, update | unknown)


@pytest.mark.parametrize("kind", EventKind)
def test_the_example_in_the_reference_is_such_an_event(kind: EventKind) -> None:
    page = (FOLDER.parent / "reference" / "events.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## {kind}\n")[2].partition("\n## ")[0]
    [example] = re.findall(r"```json\n(.*?)```", section, re.DOTALL)

    validate(kind, json.loads(example))

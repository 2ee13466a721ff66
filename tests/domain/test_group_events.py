"""Events of a write of a group, and their contents."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import ValidationError

from domain.documents import Json
from domain.events.event_detail import detail
from domain.events.kinds import GROUP_KINDS, EventKind
from domain.events.lifecycle import LifecycleEvent, ResourceChange, events_of
from domain.resources.stored_group import StoredGroup
from support.event_schemas import validate
from support.membership import MembershipConsumer
from support.table_stream import CHANGED, RECORDED, group

ISSUER = "https://scim.example.com/scim/v2"
CANARY = "canary-7f3a"
AT = datetime.fromtimestamp(RECORDED, UTC)


def change(
    before: StoredGroup | None,
    after: StoredGroup | None,
    joined: Sequence[str] = (),
    left: Sequence[str] = (),
    write: str = "write-1",
) -> ResourceChange:
    return ResourceChange(GROUP_KINDS, write, "acme", before, after, AT, joined=joined, left=left)


def said(one: ResourceChange) -> list[tuple[str, list[str]]]:
    """The events by kind, with the members that each names, or the attributes."""
    return [(event.kind.value, list(event.members) or event.changed_attributes) for event in events_of(one)]


def details(one: ResourceChange, personal_data: bool = False) -> list[Json]:
    """The details as a consumer reads them, each valid by its schema."""
    found = []
    for event in events_of(one):
        found.append(json.loads(json.dumps(detail(event, ISSUER, personal_data))))
        validate(event.kind, found[-1])
    return found


def users(count: int) -> list[str]:
    return [f"u{number:04}" for number in range(count)]


def test_a_new_group_is_provisioned_before_its_members_join() -> None:
    assert said(change(None, group({"externalId": "e1"}), joined=["u2", "u1"])) == [
        ("GroupProvisioned", ["externalId", "displayName"]),
        ("GroupMembersAdded", ["u1", "u2"]),
    ]


def test_members_leave_before_attributes_change_and_join_after() -> None:
    renamed = group({"displayName": "Scouts"}, 2)

    assert said(change(group({}), renamed, joined=["u1"], left=["u2"])) == [
        ("GroupMembersRemoved", ["u2"]),
        ("GroupUpdated", ["displayName"]),
        ("GroupMembersAdded", ["u1"]),
    ]


def test_members_alone_are_no_update() -> None:
    assert said(change(group({}), group({}, 2), joined=["u1"])) == [("GroupMembersAdded", ["u1"])]


def test_a_write_without_ids_and_attributes_gives_no_event() -> None:
    assert said(change(group({}, 2, under_way=True), group({}, 2, under_way=True))) == []
    assert said(change(group({}, 2, under_way=True), group({}, 2))) == []


def test_the_removal_of_a_group_ends_all_memberships_by_itself() -> None:
    removed = change(group({}, 7), None)

    assert said(removed) == [("GroupDeprovisioned", ["displayName"])]
    [one] = details(removed)
    assert (one["previousVersion"], one["occurredAt"]) == (7, "2030-02-01T08:30:01.000Z")
    assert "version" not in one


def test_a_hundred_members_are_named_by_one_event_at_most() -> None:
    for count, sizes in ((100, [100]), (101, [100, 1]), (250, [100, 100, 50])):
        events = events_of(change(group({}), group({}, 2), joined=users(count)))

        assert [len(event.members) for event in events] == sizes
        assert [member for event in events for member in event.members] == users(count)


@pytest.mark.parametrize("kind", [EventKind.MEMBERS_ADDED, EventKind.MEMBERS_REMOVED])
def test_a_schema_refuses_more_members_than_an_event_names(kind: EventKind) -> None:
    joined, left = (users(100), []) if kind is EventKind.MEMBERS_ADDED else ([], users(100))
    [full] = details(change(group({}), group({}, 2), joined, left))

    for members in ([*full["members"], "u9"], []):
        with pytest.raises(ValidationError):
            validate(kind, full | {"members": members})


def test_the_ids_of_events_are_the_same_whatever_order_the_members_come_in() -> None:
    ids = users(350)
    shuffled = random.Random(5).sample(ids, len(ids))

    def events(members: Sequence[str]) -> list[tuple[str, Sequence[str]]]:
        one = change(group({}), group({"displayName": "Scouts"}, 2), members[:200], members[200:])
        return [(event.id, event.members) for event in events_of(one)]

    assert events(ids) == events([*sorted(ids[:200], reverse=True), *sorted(ids[200:], reverse=True)])
    assert len({event_id for event_id, _ in events(shuffled)}) == 5


def test_parts_of_one_large_change_have_its_version_and_ids_of_their_own() -> None:
    before = group({}, 7, under_way=True)
    parts = [
        details(change(before, group({}, 7, under_way=True), joined=[user], write=f"write-{user}"))[0]
        for user in ("u1", "u2")
    ]

    assert [(one["version"], one["members"]) for one in parts] == [(7, ["u1"]), (7, ["u2"])]
    assert parts[0]["idempotencyId"] != parts[1]["idempotencyId"]
    assert "previousVersion" not in parts[0]


def test_an_event_detail_names_the_group_and_both_versions() -> None:
    [update] = details(change(group({}, 3), group({"displayName": "Scouts"}, 4)))

    assert (update["account"], update["groupId"], update["occurredAt"]) == ("acme", "g1", CHANGED)
    assert (update["previousVersion"], update["version"]) == (3, 4)
    assert "userId" not in update
    assert "active" not in update


def test_names_are_on_the_bus_only_with_personal_data_switched_on_and_ids_always() -> None:
    named = group({"displayName": CANARY, "externalId": CANARY}, 2)
    one = change(group({}), named, joined=["u1"], left=["u2"])

    plain, full = details(one), details(one, personal_data=True)

    assert CANARY not in json.dumps(plain)
    assert [found.get("members") for found in plain] == [["u2"], None, ["u1"]]
    assert full[1]["values"]["displayName"] == {"before": "Guides", "after": CANARY}
    assert [found["securityEvent"]["sub_id"]["externalId"] for found in full] == [CANARY] * 3
    assert "values" not in full[0]


def tokens(one: ResourceChange) -> list[tuple[str, Json]]:
    """The URI and payload of each event as a SCIM security event."""
    found: list[tuple[str, Json]] = []
    for claims in (each["securityEvent"] for each in details(one)):
        assert claims["sub_id"] == {"format": "scim", "uri": "/Groups/g1"}
        assert claims["txn"] == "write-1"
        found += [(uri.rpartition("prov:")[2], payload) for uri, payload in claims["events"].items()]
    return found


def test_the_same_events_are_there_as_scim_security_events() -> None:
    assert tokens(change(None, group({}), joined=["u1"])) == [
        ("create:notice", {"version": 'W/"1"', "attributes": ["id", "displayName"]}),
        ("patch:notice", {"version": 'W/"1"', "attributes": ["members"]}),
    ]
    assert tokens(change(group({}), group({"displayName": "Scouts"}, 2), left=["u1"])) == [
        ("patch:notice", {"version": 'W/"2"', "attributes": ["members"]}),
        ("patch:notice", {"version": 'W/"2"', "attributes": ["displayName"]}),
    ]
    assert tokens(change(group({}), None)) == [("delete", {})]


def test_a_replacement_of_a_group_is_published_as_a_put() -> None:
    put = group({}).changed_to({"displayName": "Scouts"}, CHANGED, replaced=True)

    assert [uri for uri, _ in tokens(change(group({}), put, joined=["u1"]))] == ["put:notice"] * 2


GROUPS, USERS = ("g1", "g2"), tuple(f"u{number}" for number in range(5))


@given(
    st.lists(st.tuples(st.sampled_from(GROUPS), st.sets(st.sampled_from(USERS)) | st.none()), max_size=12),
    st.integers(1, 3),
    st.randoms(use_true_random=False),
)
def test_a_consumer_has_exactly_the_members_of_the_table_in_any_order(
    writes: list[tuple[str, set[str] | None]], size: int, order: random.Random
) -> None:
    """A write replaces a group's members, in parts of that size with one version; None removes the group."""
    table: dict[str, set[str]] = {}
    versions: dict[str, int] = {}
    events: list[LifecycleEvent] = []
    removed: set[str] = set()
    for number, (group_id, wanted) in enumerate(writes):
        if group_id in removed:
            continue
        version = versions.get(group_id, 0)
        before = group({}, version, group_id) if version else None
        if wanted is None:
            events += events_of(change(before, None, write=f"{number}"))
            if before is not None:
                removed.add(group_id)
                table.pop(group_id, None)
            continue
        members = table.get(group_id, set())
        moves = [(user, user in wanted) for user in sorted(members ^ wanted)]
        versions[group_id] = version + 1
        after = group({}, version + 1, group_id)
        for start in range(0, max(1, len(moves)), size):
            part = moves[start : start + size]
            joined, left = ([user for user, joins in part if joins is way] for way in (True, False))
            events += events_of(change(before if start == 0 else after, after, joined, left, f"{number}/{start}"))
        table[group_id] = set(wanted)

    consumer = MembershipConsumer()
    for event in order.sample([*events, *events], 2 * len(events)):
        consumer.read(event.kind, detail(event, ISSUER, personal_data=False))

    assert consumer.members == {group_id: members for group_id, members in table.items() if members}

"""Records of the table's stream."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.events.stream import MalformedRecord, change_of, sequence_number
from domain.events.lifecycle import events_of, write_name
from support.table_stream import RECORDED, group, group_record, index_record, record, user

CANARY = "canary-7f3a"


def test_an_insert_gives_the_new_user() -> None:
    change = change_of(record(7, None, user({"title": "Guide"})))

    assert change is not None
    assert (change.id, change.account) == (write_name("write-1", "u1"), "acme")
    assert change.before is None
    assert change.after == user({"title": "Guide"})
    assert change.recorded_at == datetime.fromtimestamp(RECORDED, UTC)


def test_a_write_has_the_same_name_however_often_and_in_which_record_it_comes() -> None:
    first, again = change_of(record(7, None, user({}))), change_of(record(8, None, user({})))
    other_of_the_transaction = change_of(record(9, None, user({}, user_id="u2")))

    assert first is not None
    assert again is not None
    assert other_of_the_transaction is not None
    assert first.id == again.id != other_of_the_transaction.id


def test_the_parts_of_a_large_change_have_names_of_their_own() -> None:
    parts = [
        change_of(
            group_record(number, group({}, 2, under_way=True), group({}, 2, under_way=True), joined=[f"u{number}"])
        )
        for number in (1, 2)
    ]

    assert len({part.id for part in parts if part is not None}) == 2


def test_a_modification_gives_both_versions() -> None:
    change = change_of(record(7, user({}, 2), user({"title": "Guide"}, 3)))

    assert change is not None
    assert change.before == user({}, 2)
    assert change.after == user({"title": "Guide"}, 3)


def test_a_removal_gives_the_removed_user() -> None:
    change = change_of(record(7, user({}, 2), None))

    assert change is not None
    assert change.before == user({}, 2)
    assert change.after is None


@pytest.mark.parametrize("collection", ["EMAIL", "USERNAME", "EXTERNALID", "RANK", "GONE"])
def test_an_index_item_gives_no_change(collection: str) -> None:
    assert change_of(index_record(7, collection)) is None


def test_a_test_user_of_a_release_gives_no_change() -> None:
    created = record(7, None, user({}))
    created["dynamodb"]["Keys"]["pk"]["S"] = "rollcall-check#USER"

    assert change_of(created) is None


def test_a_user_is_adopted_when_the_mark_is_new() -> None:
    plain = record(7, user({}), user({}, 2))
    marked = record(7, user({}), user({}, 2), adoption="2030-02-01T08:30:00.250Z")
    kept = copy.deepcopy(marked)
    kept["dynamodb"]["OldImage"]["adoption"] = kept["dynamodb"]["NewImage"]["adoption"]
    created = record(7, None, user({}), adoption="2030-02-01T08:30:00.250Z")

    found = [change_of(one) for one in (plain, marked, kept, created)]

    assert [one is not None and one.adopted for one in found] == [False, True, False, False]


def _without(*path: str) -> dict[str, Any]:
    broken = record(7, user({"title": CANARY}), user({}, 2))
    place = broken
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return broken


def _with(value: object, *path: str) -> dict[str, Any]:
    broken = record(7, user({"title": CANARY}), user({}, 2))
    place = broken
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return broken


@pytest.mark.parametrize(
    "broken",
    [
        {},
        _without("eventID"),
        _without("dynamodb", "Keys"),
        _without("dynamodb", "NewImage"),
        _without("dynamodb", "OldImage"),
        _without("dynamodb", "ApproximateCreationDateTime"),
        _without("dynamodb", "NewImage", "document"),
        _without("dynamodb", "NewImage", "version"),
        _with("SHUFFLE", "eventName"),
        _with(None, "dynamodb"),
        _with({"S": f'{{"title":"{CANARY}'}, "dynamodb", "NewImage", "document"),
        _with({"S": f'["{CANARY}"]'}, "dynamodb", "NewImage", "document"),
        _with({"S": "[" * 100_000}, "dynamodb", "NewImage", "document"),
        _with({"N": CANARY}, "dynamodb", "NewImage", "version"),
        _with({"S": CANARY}, "dynamodb", "NewImage", "lastModified"),
        _with({"S": "2030-02-01T08:30:00"}, "dynamodb", "NewImage", "lastModified"),
        _with("soon", "dynamodb", "ApproximateCreationDateTime"),
    ],
)
def test_a_record_of_another_form_is_malformed_and_the_reason_quotes_nothing_of_it(broken: dict[str, Any]) -> None:
    with pytest.raises(MalformedRecord) as caught:
        change_of(broken)

    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_record_has_its_place_in_the_shard_or_none() -> None:
    assert sequence_number(record(7, None, user({}))) == "700000000000000000001"
    assert sequence_number({}) is None
    assert sequence_number({"dynamodb": {"SequenceNumber": ""}}) is None


def test_a_record_of_a_group_gives_both_versions_and_who_joined_and_left() -> None:
    change = change_of(
        group_record(7, group({}), group({"displayName": "Scouts"}, 2), joined=["u3", "u1"], left=["u2"])
    )

    assert change is not None
    assert (change.account, change.before, change.after) == ("acme", group({}), group({"displayName": "Scouts"}, 2))
    assert (list(change.joined), list(change.left)) == (["u1", "u3"], ["u2"])


def test_a_removed_group_leaves_nobody_whatever_its_last_write_did() -> None:
    removed = group_record(7, group({}), None)
    removed["dynamodb"]["OldImage"]["left"] = {"SS": ["u1"]}

    change = change_of(removed)

    assert change is not None
    assert (list(change.joined), list(change.left)) == ([], [])


@pytest.mark.parametrize("collection", ["GROUPNAME", "GROUPEXTERNALID", "GROUPRANK", "MEMBER", "GROUPOF", "GROUPJOB"])
def test_items_about_groups_that_are_no_groups_give_no_change(collection: str) -> None:
    assert change_of(index_record(7, collection)) is None


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("joined", {"S": CANARY}),
        ("joined", CANARY),
        ("left", {"SS": [1]}),
        ("left", {"SS": None}),
        ("document", {"S": f"[{CANARY}"}),
    ],
)
def test_a_group_of_another_form_is_malformed_and_the_reason_quotes_nothing_of_it(attribute: str, value: Any) -> None:
    broken = group_record(7, group({}), group({}, 2))
    broken["dynamodb"]["NewImage"][attribute] = value

    with pytest.raises(MalformedRecord) as caught:
        change_of(broken)

    assert CANARY not in str(caught.value)


def test_versions_without_the_id_of_their_write_have_ids_of_their_own() -> None:
    """As an older release, or somebody by hand, writes them."""
    first = record(1, None, user({}))
    second = record(2, user({}), user({"title": "Guide"}, version=2))
    third = record(3, user({"title": "Guide"}, version=2), user({"title": "Lead"}, version=3))
    second["dynamodb"]["OldImage"]["writeId"] = first["dynamodb"]["NewImage"]["writeId"] = {"S": "write-1"}
    second["dynamodb"]["NewImage"]["writeId"] = third["dynamodb"]["OldImage"]["writeId"] = {"S": "write-2"}
    third["dynamodb"]["NewImage"].pop("writeId", None)

    ids = [event.id for one in (first, second, third) if (change := change_of(one)) for event in events_of(change)]

    assert len(ids) == len(set(ids)) == 3

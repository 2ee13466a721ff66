"""Two releases at work on one table, as in every deployment: items recorded from 0.1.0, and as a later release may add.

The later release of the recording has form 2: attributes of its own on every kind of item, a collection of its own, and
in the documents an attribute, a sub-attribute and an extension that this release does not know.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.dynamodb import Table, items
from adapters.dynamodb.keys import Collection
from domain.changes.users import Users
from domain.errors import UniquenessConflict
from domain.resources import body as resource
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import EXTERNAL_ID, USER, USER_NAME
from domain.tolerances import Strict, Tolerant
from support.invariants import assert_sound
from support.samples import LATER, Patience, ids

RECORDED: dict[str, list[items.Item]] = json.loads(
    (Path(__file__).parents[1] / "data" / "recorded-items.json").read_text(encoding="utf-8")
)
ADA, GRACE, LONG = (
    "2819c223-7f76-453a-919d-413861904646",
    "902c246b-6245-4190-8e05-00816be7344a",
    "0b6c9dcb-6f2e-4a3f-9d0e-3f7c1d2e4a5b",
)
SOMEBODY_NEW = "5d3f0a4e-1c55-4d0c-9a43-0c7d5f6b8e21"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
BADGE = "urn:example:params:scim:schemas:extension:badge:2.0:User"
PATCH = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
UNKNOWN = {"pronouns", BADGE}
"""Top-level members of the later release's documents that this release does not know."""


@pytest.fixture(params=RECORDED)
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def recorded(table: Table, release: str) -> Table:
    """A table with the items of a release in account `default`."""
    for item in RECORDED[release]:
        table.client.put_item(TableName=table.table_name, Item=item)
    return table


def users_of(table: Table, *, strict: bool = False) -> Users:
    """The store through which requests of this release work."""
    deadline = Patience()
    return Users(
        table.account("default", deadline).users,
        deadline,
        lambda: LATER,
        lambda: SOMEBODY_NEW,
        Strict(USER) if strict else Tolerant(USER),
    )


def stored_item(table: Table, user_id: str) -> items.Item:
    key = {"pk": {"S": "default#USER"}, "sk": {"S": user_id}}
    found: items.Item = table.client.get_item(TableName=table.table_name, Key=key, ConsistentRead=True)["Item"]  # type: ignore[assignment]  # the stubs have a wider type for values
    return found


def patched(users: Users, **values: Any) -> StoredUser:
    operations = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
    return users.patch(ADA, PATCH | {"Operations": operations})


def put(users: Users, **values: Any) -> StoredUser:
    return users.replace(ADA, {"schemas": [CORE], "userName": "ada@example.com", "active": True, **values})


def test_every_user_is_read_listed_and_found(recorded: Table) -> None:
    store = recorded.account("default", Patience()).users

    assert store.total() == 3
    assert [user.id for user in store.page(1, 10).resources] == sorted([ADA, GRACE, LONG])
    assert {user.id for user in store.scan()} == {ADA, GRACE, LONG}
    for found in (
        store.get(ADA),
        store.find_by_user_name("ADA@example.com"),
        store.find_by_email("ada@HOME.example"),
        *store.find(EXTERNAL_ID, "ada-1"),
    ):
        assert found is not None
        assert (found.id, found.version, found.attributes["title"]) == (ADA, 2, "Countess")
    assert ids(store.entries_starting(USER_NAME, "x" * 949)) == [LONG]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("change", [patched, put])
def test_a_changed_user_is_found_only_under_the_new_values(
    recorded: Table, change: Callable[..., StoredUser], strict: bool
) -> None:
    users = users_of(recorded, strict=strict)

    changed = change(users, displayName="Ada", emails=[{"value": "new@example.com"}])

    assert users.store.get(ADA) == changed
    assert (changed.version, changed.attributes["displayName"]) == (3, "Ada")
    assert users.store.find_by_email("new@example.com") == changed
    assert users.store.find_by_email("ada@example.com") is None
    assert_sound(recorded)


@pytest.mark.parametrize("change", [patched, put])
def test_unknown_parts_of_a_user_are_kept(recorded: Table, release: str, change: Callable[..., StoredUser]) -> None:
    before = users_of(recorded).store.get(ADA)
    assert before is not None

    after = change(users_of(recorded), displayName="Ada")

    unknown = {name: value for name, value in before.attributes.items() if name in UNKNOWN}
    assert {name: value for name, value in after.attributes.items() if name in UNKNOWN} == unknown
    assert (BADGE in after.attributes["schemas"]) is (release == "later")
    assert after.attributes["emails"] == before.attributes["emails"]


def test_a_changed_value_drops_unknown_members_that_may_no_longer_match(recorded: Table) -> None:
    after = patched(users_of(recorded), emails=[{"value": "new@example.com"}])

    assert after.attributes["emails"] == [{"value": "new@example.com"}]


def test_a_change_that_changes_nothing_writes_nothing(recorded: Table) -> None:
    before = stored_item(recorded, ADA)

    after = patched(users_of(recorded), title="Countess")

    assert after.version == 2
    assert stored_item(recorded, ADA) == before


def test_an_item_names_the_form_of_its_last_write_and_has_no_stale_attributes(recorded: Table) -> None:
    patched(users_of(recorded), title="Lady")

    item = stored_item(recorded, ADA)
    assert item["schemaVersion"] == {"N": "1"}
    assert item.keys() == next(
        one.keys() for one in RECORDED["0.1.0"] if one["sk"]["S"] == ADA and one["pk"]["S"] == "default#USER"
    )


def test_a_deleted_user_frees_its_values(recorded: Table) -> None:
    users = users_of(recorded)

    users.delete(ADA)
    made = users.create({"schemas": [CORE], "userName": "ada@example.com", "emails": [{"value": "ada@home.example"}]})

    assert users.store.find_by_email("ADA@home.example") == made
    assert_sound(recorded)


def test_taken_values_are_refused(recorded: Table) -> None:
    users = users_of(recorded)

    with pytest.raises(UniquenessConflict):
        users.create({"schemas": [CORE], "userName": "GRACE"})
    with pytest.raises(UniquenessConflict):
        patched(users, emails=[{"value": "Grace@Example.com"}])


def test_attributes_of_a_later_release_are_left_alone(table: Table) -> None:
    known = {f"default#{collection.value}" for collection in Collection}
    additional = [item for item in RECORDED["later"] if item["pk"]["S"] not in known]
    for item in RECORDED["later"]:
        table.client.put_item(TableName=table.table_name, Item=item)

    users_of(table).delete(ADA)

    assert additional
    for item in additional:
        key = {name: item[name] for name in ("pk", "sk")}
        assert table.client.get_item(TableName=table.table_name, Key=key)["Item"] == item


def test_items_have_every_attribute_of_release_0_1_0(table: Table) -> None:
    """So that 0.1.0 can serve at the same time. The recording is not to be renewed: add one of the next release."""
    store = table.account("default", Patience()).users
    for item in RECORDED["0.1.0"]:
        if item["pk"]["S"] != "default#USER":
            continue
        user = items.user_of(item)
        # Recorded after a change: the counters and the items are those of a creation and one change.
        created = StoredUser(user.id, 1, user.created, user.created, user.document)
        store.create(created)
        if user.version == 2:
            store.replace(created, user)

    for item in RECORDED["0.1.0"]:
        key = {name: item[name] for name in ("pk", "sk")}
        written = table.client.get_item(TableName=table.table_name, Key=key)["Item"]
        assert {name: written[name] for name in item if name != "writeId"} == {
            name: value for name, value in item.items() if name != "writeId"
        }


def test_the_recording_is_of_attributes_that_are_stored_as_sent() -> None:
    for item in RECORDED["0.1.0"]:
        if "document" in item:
            attributes = json.loads(item["document"]["S"])
            assert resource.attributes_of(attributes, USER) == attributes

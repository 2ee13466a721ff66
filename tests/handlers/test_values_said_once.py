"""Values of multi-valued attributes: none is stored twice, and nothing of a removed value stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.in_process import Client, in_process
from support.made_users import Json, created, patched, read
from support.people import CORE, ENTERPRISE, user

MANAGER = f"{ENTERPRISE}:manager"
ROLE = {"primary": False, "type": "WindowsAzureActiveDirectoryRole", "display": "Admin", "value": "Admin"}
TYPED = {"type": "a", "value": "A"}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with in_process() as service:
        yield service.account("acme", deprovisioning_limit=None)


# The same value again


@pytest.mark.parametrize(
    ("present", "added", "result"),
    [
        ([ROLE], [{"value": "Admin", "display": "Admin"}], [ROLE]),
        ([{"value": "Admin", "display": "Admin"}], [{"value": "Admin"}], [{"value": "Admin", "display": "Admin"}]),
        ([{"value": "Admin", "display": "Admin"}], ["ADMIN"], [{"value": "Admin", "display": "Admin"}]),
        ([{"value": "Admin"}], [{"value": "admin", "display": "D"}], [{"value": "Admin", "display": "D"}]),
        ([{"value": "A", "display": "x"}], [{"value": "A", "display": "y"}], [{"value": "A", "display": "y"}]),
        ([TYPED], [{"type": "b", "value": "A"}], [TYPED, {"type": "b", "value": "A"}]),
        ([{"value": "A", "display": "D"}], [{"type": "a", "value": "a"}], [TYPED | {"display": "D"}]),
        ([{"value": "A"}], [{"type": t, "value": "A"} for t in "ab"], [TYPED, {"type": "b", "value": "A"}]),
        ([TYPED], [{"type": "A", "value": "a", "primary": False}], [TYPED]),
        ([], [{"value": "A"}, {"value": "A", "display": "D"}, {"value": "a"}], [{"value": "A", "display": "D"}]),
        ([{"value": "B"}], [{"value": "A"}, {"value": "B"}], [{"value": "B"}, {"value": "A"}]),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("attribute", ["roles", "phoneNumbers", "entitlements", "ims"])
def test_a_value_that_is_there_is_not_added_again(
    client: Client, attribute: str, present: list[Json], added: list[Any], result: list[Json]
) -> None:
    for operations in (
        [{"op": "Add", "path": attribute, "value": added}],
        [{"op": "add", "value": {attribute: added}}],
        [{"op": "add", "path": attribute, "value": [each]} for each in added],
    ):
        made = created(client, **{attribute: present})

        once = patched(client, made, *operations)
        twice = patched(client, made, *operations, *operations)

        assert once.status == 200, once.text
        assert once.body[attribute] == result
        assert twice.body == once.body
        if result == present:
            assert once.body["meta"]["version"] == made["meta"]["version"]


def test_a_role_as_json_text_that_is_there_is_not_added_again(client: Client) -> None:
    made = created(client, roles=[ROLE])
    text = '{"id":"r-1","value":"Admin","displayName":"Admin"}'

    for value in ([{"value": text}], [text], {"value": text}, text):
        assert patched(client, made, {"op": "Add", "path": "roles", "value": value}).body == made


def test_the_mark_of_the_primary_value_moves_to_one_that_is_there(client: Client) -> None:
    numbers = [{"type": "home", "value": "2", "primary": True}, {"type": "work", "value": "1"}]
    made = created(client, phoneNumbers=numbers)

    after = patched(
        client, made, {"op": "add", "path": "phoneNumbers", "value": [{"type": "work", "value": "1", "primary": True}]}
    )

    assert after.body["phoneNumbers"] == [
        {"type": "home", "value": "2", "primary": False},
        {"type": "work", "value": "1", "primary": True},
    ]


def test_an_address_that_is_there_stays_one_and_primary(client: Client) -> None:
    made = created(client)
    address = made["emails"][0]["value"]

    for value in ([{"type": "work", "value": address}], {"value": address}, [address.upper()], address):
        assert patched(client, made, {"op": "add", "path": "emails", "value": value}).body == made


def test_the_same_postal_address_stays_one(client: Client) -> None:
    made = created(client, addresses=[{"type": "work", "locality": "Bern"}])

    after = patched(
        client,
        made,
        {"op": "add", "path": "addresses", "value": [{"locality": "Bern", "type": "work", "primary": True}]},
    )

    assert after.body["addresses"] == [{"type": "work", "locality": "Bern", "primary": True}]


def test_a_body_that_repeats_a_value_has_it_once(client: Client) -> None:
    roles = [{"value": "A"}, {"value": "a", "display": "D"}, {"value": "A", "type": "x"}]
    expected = [{"value": "A", "display": "D"}, {"value": "A", "type": "x"}]
    made = created(client, roles=roles)

    assert made["roles"] == expected
    assert client.call("PUT", f"/Users/{made['id']}", made | {"roles": roles}).body == made


# Entries that say nothing


NOTHING = [
    [{"type": "work", "value": None, "primary": True}],
    [{"type": "work", "value": "", "primary": True}],
    [{"type": "work", "primary": True}],
    [{"type": "work", "value": None, "display": "Noor"}],
    [{"type": "work", "value": []}],
    [{"value": None}],
    {"value": None},
    {"value": ""},
    [{}],
    [None],
    [[]],
    [""],
    [{"verified": True}],
    {},
    [],
    None,
    "",
    [{"type": "work", "value": None}, None, {}],
]
WITHOUT_ADDRESS = [
    [{"type": "work", "display": "Noor"}],
    {"display": "Noor"},
    [{"display": "Noor", "primary": True}, {"type": "home", "value": None}],
]


@pytest.mark.parametrize("emails", NOTHING + WITHOUT_ADDRESS, ids=str)
def test_a_put_with_entries_without_an_address_keeps_the_address_and_its_uniqueness(
    client: Client, emails: object
) -> None:
    made = created(client)

    answer = client.call("PUT", f"/Users/{made['id']}", made | {"emails": emails})

    assert (answer.status, answer.body["emails"]) == (200, made["emails"])
    other = user("other") | {"userName": f"other-{made['id']}", "emails": made["emails"]}
    assert client.call("POST", "/Users", other).status == 409


@pytest.mark.parametrize("attribute", ["phoneNumbers", "roles", "emails", "photos", "x509Certificates"])
@pytest.mark.parametrize("value", NOTHING, ids=str)
def test_an_empty_entry_is_gone(client: Client, attribute: str, value: object) -> None:
    empty = created(client, emails=None)

    posted = client.call("POST", "/Users", user(f"p-{empty['id']}") | {"emails": None, attribute: value})
    put = client.call("PUT", f"/Users/{empty['id']}", empty | {attribute: value})
    for operation in (
        {"op": "add", "path": attribute, "value": value},
        {"op": "replace", "path": attribute, "value": value},
        {"op": "add", "value": {attribute: value}},
    ):
        answer = patched(client, empty, operation, {"op": "add", "path": "title", "value": "T"})
        assert answer.status == 200
        assert attribute not in answer.body
    assert (posted.status, put.status) == (201, 200)
    assert attribute not in posted.body
    assert attribute not in put.body


def test_a_nulled_entry_is_no_primary_value(client: Client) -> None:
    numbers = [{"type": "work", "value": None, "primary": True}, {"type": "mobile", "value": "1", "primary": True}]

    assert created(client, phoneNumbers=numbers)["phoneNumbers"] == [numbers[1]]


def test_a_postal_address_of_nulls_is_gone(client: Client) -> None:
    made = created(client, addresses=[{"type": "work", "locality": None, "country": "", "formatted": None}])

    assert "addresses" not in made
    kept = created(client, addresses=[{"type": "work", "locality": "Bern", "country": None}])
    assert kept["addresses"] == [{"type": "work", "locality": "Bern"}]


def test_the_first_of_two_primary_values_stays_primary(client: Client) -> None:
    emails = [
        {"value": "first@example.org", "primary": True},
        {"value": "second@example.org", "primary": "True"},
        {"value": "third@example.org", "primary": True},
    ]
    expected = [True, False, False]
    made = created(client, emails=emails)
    assert [each["primary"] for each in made["emails"]] == expected

    put = client.call("PUT", f"/Users/{made['id']}", made | {"emails": emails})
    replaced = patched(client, made, {"op": "replace", "path": "emails", "value": emails})

    for answer in (put, replaced):
        assert [each["primary"] for each in answer.body["emails"]] == expected
    marked = patched(client, made, {"op": "replace", "path": "emails[value pr].primary", "value": True})
    assert [each["primary"] for each in marked.body["emails"]].count(True) == 1


# A value that is taken away


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Remove", "path": f"{MANAGER}.value"},
        {"op": "remove", "path": MANAGER},
        {"op": "remove", "path": "manager.value"},
        {"op": "remove", "path": f"{ENTERPRISE}.manager.value"},
        {"op": "Replace", "path": MANAGER, "value": {"value": None}},
        {"op": "Add", "path": "manager", "value": {"value": None, "$ref": "https://app.example.com/Users/m-1"}},
        {"op": "Replace", "path": MANAGER, "value": {"value": ""}},
        {"op": "Replace", "path": MANAGER, "value": [{"value": None}]},
        {"op": "Replace", "path": MANAGER, "value": None},
        {"op": "Replace", "path": f"{MANAGER}.value", "value": ""},
        {"op": "Replace", "path": f"{MANAGER}.value", "value": None},
        {"op": "Add", "path": f"{MANAGER}.value", "value": []},
        {"op": "Replace", "value": {MANAGER: {"value": None}}},
        {"op": "Replace", "value": {f"{MANAGER}.value": ""}},
        {"op": "Replace", "value": {ENTERPRISE: {"manager": {"value": None}}}},
        {"op": "Replace", "path": ENTERPRISE, "value": {"manager": {"value": ""}}},
    ],
    ids=str,
)
def test_nothing_stays_of_a_manager_whose_value_was_removed(client: Client, operation: Json) -> None:
    manager = {"value": "m-1", "$ref": "https://app.example.com/Users/m-1"}
    made = created(client, **{ENTERPRISE: {"manager": manager, "division": "D"}})

    assert patched(client, made, operation).body[ENTERPRISE] == {"division": "D"}


@pytest.mark.parametrize("manager", [{"value": None, "$ref": "https://app.example.com/Users/m-1"}, {"value": ""}, None])
def test_a_put_of_a_manager_without_value_has_none(client: Client, manager: object) -> None:
    made = created(client, **{ENTERPRISE: {"manager": {"value": "m-1"}, "division": "D"}})

    put = client.call("PUT", f"/Users/{made['id']}", made | {ENTERPRISE: {"manager": manager, "division": "D"}})

    assert put.body[ENTERPRISE] == {"division": "D"}


@pytest.mark.parametrize("attribute", ["emails", "phoneNumbers", "roles"])
@pytest.mark.parametrize(
    "operation",
    [{"op": "Remove"}, {"op": "Replace", "value": None}, {"op": "Replace", "value": ""}, {"op": "Add", "value": None}],
    ids=str,
)
def test_removing_the_value_of_all_values_leaves_none(client: Client, attribute: str, operation: Json) -> None:
    values = [{"type": "work", "value": "a@example.net", "primary": True}, {"type": "home", "value": "b@example.net"}]
    made = created(client, **{"emails": None, attribute: values})

    answer = patched(client, made, operation | {"path": f"{attribute}.value"})

    assert answer.status == 200, answer.text
    assert attribute not in answer.body


def test_removing_a_part_of_all_addresses_leaves_those_that_say_more(client: Client) -> None:
    made = created(
        client, addresses=[{"type": "work", "locality": "Bern"}, {"type": "home", "locality": "B", "country": "CH"}]
    )

    answer = patched(client, made, {"op": "remove", "path": "addresses.locality"})

    assert answer.body["addresses"] == [{"type": "home", "country": "CH"}]


# A whole value that a filter found


@pytest.mark.parametrize(
    ("path", "value", "result"),
    [
        ('phoneNumbers[type eq "work"]', {"value": "3"}, {"type": "work", "value": "3"}),
        ("phoneNumbers[type eq 'work']", {"value": "3", "type": "fax"}, {"type": "fax", "value": "3"}),
        ('phoneNumbers[value eq "1"]', {"display": "One"}, {"value": "1", "display": "One"}),
        ('phoneNumbers[value eq "1" and type eq "a"]', {"display": "D"}, {"type": "a", "value": "1", "display": "D"}),
        ('phoneNumbers[value sw "1"]', {"value": "3"}, {"value": "3"}),
    ],
)  # fmt: skip
def test_a_replaced_value_keeps_what_it_was_found_by(client: Client, path: str, value: Json, result: Json) -> None:
    kind = "a" if '"a"' in path else "work"
    made = created(client, phoneNumbers=[{"type": kind, "value": "1", "primary": True}])

    assert patched(client, made, {"op": "Replace", "path": path, "value": value}).body["phoneNumbers"] == [result]


def test_a_strict_account_applies_the_rfc_literally(client: Client) -> None:
    with in_process() as service:
        strict = service.account("strict", mode="strict", deprovisioning_limit=None)
        manager = {"value": "m-1", "$ref": "https://app.example.com/Users/m-1"}
        made = created(strict, roles=[{"value": "A", "display": "D"}], **{ENTERPRISE: {"manager": manager}})

        after = patched(
            strict,
            made,
            {"op": "add", "path": "roles", "value": [{"value": "A"}]},
            {"op": "remove", "path": f"{MANAGER}.value"},
            {"op": "replace", "path": 'emails[type eq "work"]', "value": {"value": "a@example.net"}},
        )

        assert after.body["roles"] == [{"value": "A", "display": "D"}, {"value": "A"}]
        assert after.body[ENTERPRISE] == {"manager": {"$ref": manager["$ref"]}}
        assert after.body["emails"] == [{"value": "a@example.net"}]
        two = {"schemas": [CORE], "userName": "two", "roles": [{"value": v, "primary": True} for v in "ab"]}
        assert strict.call("POST", "/Users", two).body["scimType"] == "invalidValue"
        assert read(strict, made) == after.body

"""Attributes that a client names and no schema has: a request's line names them, once a day for an account."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.patch import Op, Operation
from domain.resources.group_schema import CORE_URN as GROUP_URN
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER
from domain.tolerances.names import collect_unknown
from handlers.container.repetitions import MOST_IN_A_DAY, MOST_IN_A_LINE, Named
from records.output import Json, Output
from records.people import create
from support.in_process import Client, InProcess
from support.people import bulk, patch, person

CUSTOM = "urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User"
USERS, GROUPS = "unknown_user_attributes", "unknown_group_attributes"


def named(output: Output) -> list[tuple[Any, Any]]:
    """What each line since the last look names of users and of groups."""
    return [(line.get(USERS), line.get(GROUPS)) for line in output.lines()]


BODIES: list[tuple[Json, list[str] | None]] = [
    ({}, None),
    ({"shoeSize": 44, "hat": {"size": 7}}, ["hat", "shoeSize"]),
    ({CUSTOM: {"tag": "x", "costs": [1]}, "schemas": [CORE_URN, CUSTOM]}, [f"{CUSTOM}:costs", f"{CUSTOM}:tag"]),
    ({f"{CUSTOM}:tag": "x"}, [f"{CUSTOM}:tag"]),
    ({"name": {"givenName": "a", "nick": "b"}, "emails": [{"value": "a@b.c", "x-y": 1}]}, ["emails.x-y", "name.nick"]),
    ({ENTERPRISE_URN: {"department": "d", "desk": "7"}}, [f"{ENTERPRISE_URN}:desk"]),
    ({ENTERPRISE_URN: {"manager": {"value": "1", "mood": "good"}}}, [f"{ENTERPRISE_URN}:manager.mood"]),
    ({CORE_URN: {"title": "x", "shoeSize": 44}, f"{CORE_URN}:hat": 1}, ["hat", "shoeSize"]),
    ({'emails[type eq "work"].note': "x"}, ["emails.note"]),
    ({'pets[kind eq "cat"].name': "y"}, ["pets.name"]),
    # Known under another spelling, readOnly or kept apart: nothing is missing.
    ({"department": "d", "name.givenName": "x", "NICKNAME": "n", "groups": [{"x": 1}], "meta": {"x": 1}}, None),
    # No name in form, and what may be a value.
    ({"a@example.com": 1, "Ada Lovelace": 2, "rck_acme_x": 3, "x" * 101: 4, "1st": 5, "": 6, "é": 7}, None),
]  # fmt: skip


@pytest.mark.parametrize(("members", "names"), BODIES)
@pytest.mark.parametrize("mode", ["tolerant", "strict"])
def test_a_body_with_attributes_that_no_schema_has(
    service: InProcess, output: Output, mode: str, members: Json, names: list[str] | None
) -> None:
    client = service.account("acme", mode=mode)

    client.call("POST", "/Users", person("ada") | members)

    assert named(output) == [(names, None)]


@pytest.mark.parametrize(
    ("operation", "names"),
    [
        ({"op": "add", "path": f"{CUSTOM}:tag", "value": "x"}, [f"{CUSTOM}:tag"]),
        ({"op": "add", "path": CUSTOM, "value": {"tag": "x"}}, [f"{CUSTOM}:tag"]),
        ({"op": "Replace", "path": f'{CUSTOM}:tags[type eq "a"].value', "value": "x"}, [f"{CUSTOM}:tags.value"]),
        ({"op": "remove", "path": "shoeSize"}, ["shoeSize"]),
        ({"op": "add", "path": 'emails[type eq "work"].note', "value": "x"}, ["emails.note"]),
        ({"op": "add", "path": "name", "value": {"nick": "x"}}, ["name.nick"]),
        ({"op": "add", "path": 'emails[type eq "work"]', "value": {"note": "x"}}, ["emails.note"]),
        ({"op": "add", "path": f"{ENTERPRISE_URN}:desk", "value": "7"}, [f"{ENTERPRISE_URN}:desk"]),
        ({"op": "add", "value": {"shoeSize": 44, CUSTOM: {"tag": 1}, "title": "x"}}, ["shoeSize", f"{CUSTOM}:tag"]),
        ({"op": "add", "value": {f"{CUSTOM}:tag": 1, "name.nick": 2}}, ["name.nick", f"{CUSTOM}:tag"]),
        ({"op": "add", "path": "name.givenName", "value": "x"}, None),
        ({"op": "add", "path": 'pets[name eq "].secret', "value": "x"}, None),
        ({"op": "add", "path": 'pets[name eq "].secret"].kind', "value": "x"}, ["pets.kind"]),
    ],
)
@pytest.mark.parametrize("mode", ["tolerant", "strict"])
def test_a_patch_with_attributes_that_no_schema_has(
    service: InProcess, output: Output, mode: str, operation: Json, names: list[str] | None
) -> None:
    """Whether it is done or refused."""
    client = service.account("acme", mode=mode)
    user = create(client, "ada", emails=[{"value": "a@b.c", "type": "work"}])
    output.lines()

    client.call("PATCH", f"/Users/{user}", patch(operation))

    assert named(output) == [(names, None)]


def test_what_requests_about_groups_and_of_a_bulk_request_name(service: InProcess, output: Output) -> None:
    client = service.account("acme", groups=True)
    user = create(client, "ada")
    output.lines()
    team = {"schemas": [GROUP_URN], "displayName": "Team", "members": [{"value": user, "since": "x"}], "colour": "red"}

    group = client.call("POST", "/Groups", team).body["id"]
    client.call("PATCH", f"/Groups/{group}", patch({"op": "add", "path": "motto", "value": "x"}))
    operations: list[Json] = [
        {"method": "PUT", "path": f"/Users/{user}", "data": person("ada", motto="x", colour="blue")},
        {"method": "PATCH", "path": f"/Groups/{group}", "data": patch({"op": "add", "value": {"size": 2, "motto": 1}})},
        {"method": "POST", "path": "/Users", "bulkId": "1", "data": {"hat": 1}},
    ]
    client.call("POST", "/Bulk", bulk(*operations))

    request, patched, of_bulk, *_ = named(output)
    assert request == (None, ["colour", "members.since"])
    assert patched == (None, ["motto"])
    assert of_bulk == (["colour", "hat", "motto"], ["size"])


def test_a_container_names_an_attribute_once_a_day_for_each_account(service: InProcess, output: Output) -> None:
    days = [date(2030, 1, 1)]
    service.change(named=Named(today=lambda: days[-1]))
    acme, globex = service.account("acme"), service.account("globex")

    create(acme, "ada", shoeSize=44)
    create(acme, "amy", shoeSize=44)
    create(globex, "ada", shoeSize=44)
    create(acme, "bob", ShoeSize=44, hat=7)
    days.append(date(2030, 1, 2))
    create(acme, "cy", shoeSize=44)
    service.open_again()
    create(acme, "dee", shoeSize=44)

    assert [users for users, _ in named(output)] == [
        ["shoeSize"], None, ["shoeSize"], ["hat"], ["shoeSize"], ["shoeSize"]
    ]  # fmt: skip


def test_made_up_names_fill_neither_the_log_nor_the_memory(service: InProcess, output: Output) -> None:
    client, other = service.account("acme"), service.account("globex")

    for number in range(20):
        create(client, f"u{number}", **{f"made{number}up{each}": 1 for each in range(150)})
    create(other, "ada", shoeSize=44)

    *flood, last = [users for users, _ in named(output)]
    assert [len(names or ()) for names in flood[:6]] == [20, 20, 20, 20, 20, 0]
    assert max(len(names or ()) for names in flood) == MOST_IN_A_LINE
    assert sum(len(names or ()) for names in flood) == MOST_IN_A_DAY
    assert last == ["shoeSize"]


def test_what_has_no_room_in_a_line_is_named_with_the_next_request(client: Client, output: Output) -> None:
    many = {f"name{number:02}": 1 for number in range(30)}

    create(client, "ada", **many)
    create(client, "bob", **many)

    lines = [users for users, _ in named(output)]
    assert [*lines[0], *lines[1]] == sorted(many)


def test_naming_costs_no_call_of_the_table(service: InProcess, output: Output) -> None:
    client = service.account("acme")
    create(client, "ada")
    plain = output.line()
    create(client, "bob", shoeSize=44)

    line = output.line()
    assert line.keys() - plain.keys() == {USERS, "tolerances", "tolerances_applied"}
    assert line["dynamodb_calls"] == plain["dynamodb_calls"]


SECRET = "s3cr3t"
_words = st.sampled_from(["a", "emails", "name", "urn:x:2.0:User", "tag", "value", ENTERPRISE_URN, "manager", "Title"])
_values = st.recursive(
    st.just(SECRET),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=8,
)
_brackets = st.sampled_from(
    ["", f'[a eq "{SECRET}"]', f'[a eq "].{SECRET}"]', f'[a eq "].{SECRET}', f"[{SECRET}", f"]{SECRET}@"]
)


@given(_words, _brackets, st.sampled_from(["", ".a", ".value"]), _values)
def test_no_value_is_ever_part_of_a_name(word: str, brackets: str, end: str, value: Any) -> None:
    unknown: set[tuple[str, str]] = set()

    collect_unknown(unknown, {word + brackets + end: value}, USER)
    collect_unknown(unknown, Operation(Op.ADD, word + brackets + end, value), USER)
    collect_unknown(unknown, Operation(Op.ADD, None, {word: value}), USER)

    assert not any(SECRET in name or "[" in name for _, name in unknown)

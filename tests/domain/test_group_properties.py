"""Members behave like a plain set, whatever the operations; hostile bodies raise nothing but a `ScimError`."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ScimError
from domain.resources.group_schema import CORE_URN
from support.examples import examples
from support.made_groups import Account, Json, group, patch, values

USERS = ("ada", "bob", "cy", "dee")
IDS = st.lists(st.sampled_from(USERS), max_size=4)
SOME = st.lists(st.sampled_from(USERS), min_size=1, max_size=4)
ONE = st.sampled_from(USERS)


def _chosen(ids: list[str]) -> str:
    return "members[" + " or ".join(f'value eq "{each}"' for each in ids) + "]"


OPERATIONS = st.one_of(
    st.tuples(st.just("add"), SOME).map(
        lambda each: (each, {"op": "add", "path": "members", "value": values(*each[1])})
    ),
    st.tuples(st.just("add"), SOME).map(lambda each: (each, {"op": "add", "value": {"members": values(*each[1])}})),
    st.tuples(st.just("set"), IDS).map(
        lambda each: (each, {"op": "replace", "path": "members", "value": values(*each[1])})
    ),
    st.tuples(st.just("set"), SOME).map(lambda each: (each, {"op": "replace", "value": {"members": values(*each[1])}})),
    st.tuples(st.just("cut"), SOME).map(lambda each: (each, {"op": "remove", "path": _chosen(each[1])})),
    st.tuples(st.just("not"), ONE).map(
        lambda each: ((each[0], [each[1]]), {"op": "remove", "path": f'members[value ne "{each[1]}"]'})
    ),
    st.tuples(st.just("gt"), ONE).map(
        lambda each: ((each[0], [each[1]]), {"op": "remove", "path": f'members[not (value le "{each[1]}")]'})
    ),
    st.just((("set", []), {"op": "remove", "path": "members"})),
)
"""What an operation means for a set, and the operation."""


def _of_a_set(members: set[str], verb: str, ids: list[str]) -> set[str]:
    match verb:
        case "add":
            return members | set(ids)
        case "set":
            return set(ids)
        case "cut":
            return members - set(ids)
        case "not":
            return members & set(ids)
        case _:
            return {each for each in members if each <= ids[0]}


@settings(max_examples=examples(100, thorough=3000))
@given(start=IDS, drawn=st.lists(OPERATIONS, min_size=1, max_size=6), tolerant=st.booleans())
def test_a_patch_of_members_does_what_a_set_does(start: list[str], drawn: Any, tolerant: bool) -> None:
    account = Account(tolerant=tolerant, users=USERS)
    group_id = account.made(*start)
    expected = set(start)
    for (verb, ids), _ in drawn:
        expected = _of_a_set(expected, verb, ids)

    account.patched(group_id, *(operation for _, operation in drawn))

    assert account.members(group_id) == expected
    assert account.version(group_id) == (1 if expected == set(start) else 2)
    assert account.effects.members_joined == len(expected - set(start))
    assert account.effects.members_left == len(set(start) - expected)


@settings(max_examples=examples(100, thorough=3000))
@given(start=IDS, drawn=st.lists(OPERATIONS, min_size=1, max_size=6), tolerant=st.booleans())
def test_operations_in_one_request_do_what_they_do_one_by_one(start: list[str], drawn: Any, tolerant: bool) -> None:
    at_once, in_turn = (Account(tolerant=tolerant, users=USERS) for _ in range(2))
    group_id = at_once.made(*start)
    assert in_turn.made(*start) == group_id

    at_once.patched(group_id, *(operation for _, operation in drawn))
    for _, operation in drawn:
        in_turn.patched(group_id, operation)

    assert at_once.members(group_id) == in_turn.members(group_id)


@settings(max_examples=examples(60, thorough=1000))
@given(start=IDS, after=IDS, tolerant=st.booleans())
def test_a_put_has_the_members_that_it_lists(start: list[str], after: list[str], tolerant: bool) -> None:
    account = Account(tolerant=tolerant, users=USERS)
    group_id = account.made(*start)

    replaced = account.groups.replace(group_id, group(members=values(*after)))

    assert replaced.members == tuple(sorted(set(after)))
    assert account.members(group_id) == set(after)


WORDS = st.sampled_from(
    ["ada", "zed", "", " ", "\ud800", "x" * 5000, "members", "Group", "User", "../Groups/1", "\u0301" * 40, CORE_URN]
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), WORDS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["value", "$ref", "type", "display", "members", "Value", "displayName", "id", "x"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)
PATHS = st.sampled_from(
    ["members", "Members", "members.value", 'members[value eq "ada"]', 'members[value eq "ada"].value', "members[",
     "members[value eq 5]", "members[value pr]", 'members[display eq "a"]', "members[value eq null]", "id", "groups",
     'members[value eq "ada" and type eq "User"]', "displayName", "schemas", "meta.version", f"{CORE_URN}:members",
     CORE_URN, "", "members[members eq 1]", 'members[type eq "User" or $ref pr]', "externalId", None, 5]
)  # fmt: skip
HOSTILE = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "replace", "remove", "Add", "Remove", "x"])}, optional={"path": PATHS, "value": JSON}
)


@settings(max_examples=examples(300, thorough=20_000))
@given(operations=st.lists(HOSTILE, max_size=3), tolerant=st.booleans())
def test_hostile_patches_are_done_or_refused(operations: list[Json], tolerant: bool) -> None:
    account = Account(tolerant=tolerant, users=USERS)
    group_id = account.made("ada", "bob")

    with suppress(ScimError):
        account.patched(group_id, *operations)
        assert account.members(group_id) <= set(USERS)
        return
    assert account.version(group_id) == 1
    assert account.members(group_id) == {"ada", "bob"}


@settings(max_examples=examples(200, thorough=10_000))
@given(
    body=st.one_of(
        st.dictionaries(st.sampled_from(["schemas", "displayName", "members", "externalId", "MEMBERS", "id"]), JSON),
        st.builds(lambda members: group(members=members), JSON),
    ),
    tolerant=st.booleans(),
)
def test_hostile_bodies_are_stored_or_refused(body: Json, tolerant: bool) -> None:
    account = Account(tolerant=tolerant, users=USERS)
    group_id = account.made("ada", "bob", name="Existing")

    with suppress(ScimError):
        assert set(account.groups.create(body).members) <= set(USERS)
    with suppress(ScimError):
        replaced = account.groups.replace(group_id, body)
        assert set(replaced.members) == account.members(group_id)
        return
    assert account.version(group_id) == 1


@settings(max_examples=examples(100, thorough=2000))
@given(operations=JSON, schemas=JSON, tolerant=st.booleans())
def test_hostile_messages_are_refused(operations: Any, schemas: Any, tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made("ada")

    for message in (patch() | {"Operations": operations}, {"schemas": schemas, "Operations": operations}):
        with suppress(ScimError):
            account.groups.patch(group_id, message)
    assert account.members(group_id) == {"ada"}

"""What can be done to a group: create, replace, PATCH and delete, with its members, strictly and with tolerances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain.changes.users import Users
from domain.errors import (
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    MutabilityViolation,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
    ScimError,
    ServiceUnavailable,
    TooMany,
    UniquenessConflict,
)
from domain.limits import MAX_GROUP_MEMBERS
from domain.ports import MemberChange
from domain.resources.group_schema import CORE_URN
from domain.resources.stored_group import StoredGroup
from support.made_groups import NOW, Account, Json, group, patch, values
from support.samples import Patience

BOTH = pytest.mark.parametrize("tolerant", [False, True], ids=["strict", "tolerant"])
REF = "https://scim.example.com/scim/v2"


# Create


@BOTH
@pytest.mark.parametrize("body", [{}, {"members": None}, {"members": []}], ids=["absent", "null", "empty"])
def test_a_group_without_members_costs_one_call(tolerant: bool, body: Json) -> None:
    account = Account(tolerant=tolerant)

    made = account.groups.create(group(**body))

    assert made.members == ()
    assert account.store.calls == ["create"]
    assert account.effects.groups_created == 1


@BOTH
def test_a_created_group_has_the_members_sent_and_a_document_without_them(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    bob = {"value": "bob", "$ref": None, "display": "Bob", "type": "user"}

    made = account.groups.create(group(externalId="x1", members=[*values("cy", "ada"), bob, *values("ada")]))

    assert made.members == ("ada", "bob", "cy")
    assert made.group.attributes == {"schemas": [CORE_URN], "displayName": "Staff", "externalId": "x1"}
    assert account.members(made.id) == {"ada", "bob", "cy"}
    assert account.effects.members_joined == 3
    assert account.noted == set()


@BOTH
def test_a_name_that_differs_in_case_alone_is_taken(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    account.made(name="Staff")

    with pytest.raises(UniquenessConflict) as refused:
        account.groups.create(group(" sTAFF"))

    assert refused.value.attribute == "displayName"
    assert "another group" in refused.value.detail
    assert "rollcall groups show" in refused.value.detail
    assert "user" not in refused.value.detail
    assert "user" not in refused.value.remedy


@BOTH
@pytest.mark.parametrize("body", [{"schemas": [CORE_URN]}, group(""), group("\u200b"), group("a" * 1025)])
def test_a_group_needs_a_name(tolerant: bool, body: Json) -> None:
    with pytest.raises(InvalidValue, match="displayName"):
        Account(tolerant=tolerant).groups.create(body)


def test_members_in_two_spellings_are_an_error() -> None:
    for tolerant in (False, True):
        with pytest.raises(InvalidSyntax, match="members"):
            Account(tolerant=tolerant).groups.create(group(Members=values("ada"), members=[]))


# PATCH of members: operations that mean the same in both modes

STARTING = ("ada", "bob")
SAME = [
    ([{"op": "add", "path": "members", "value": values("cy", "dee")}], {"ada", "bob", "cy", "dee"}),
    ([{"op": "add", "path": f"{CORE_URN}:members", "value": values("cy")}], {"ada", "bob", "cy"}),
    ([{"op": "add", "path": "MEMBERS", "value": [{"VALUE": "cy"}]}], {"ada", "bob", "cy"}),
    ([{"op": "add", "value": {"members": values("cy")}}], {"ada", "bob", "cy"}),
    ([{"op": "replace", "value": {"members": values("cy")}}], {"cy"}),
    ([{"op": "replace", "value": {"members": []}}], set()),
    ([{"op": "add", "value": {"members": None, "externalId": "x"}}], {"ada", "bob"}),
    ([{"op": "add", "path": "members", "value": []}], {"ada", "bob"}),
    ([{"op": "remove", "path": 'members[value eq "ada"]'}], {"bob"}),
    ([{"op": "remove", "path": 'members[value eq "ada" or value eq "bob" or value eq "cy"]'}], set()),
    ([{"op": "remove", "path": 'members[value eq "ADA"]'}], {"ada", "bob"}),
    ([{"op": "remove", "path": 'members[value ne "ada"]'}], {"ada"}),
    ([{"op": "remove", "path": 'members[not (value sw "a")]'}], {"ada"}),
    ([{"op": "remove", "path": 'members[value eq "ada" and type eq "user"]'}], {"bob"}),
    ([{"op": "remove", "path": 'members[type eq "User"]'}], set()),
    ([{"op": "remove", "path": 'members[type eq "Group"]'}], {"ada", "bob"}),
    ([{"op": "replace", "path": 'members[value eq "ada"]', "value": None}], {"bob"}),
    ([{"op": "remove", "path": "members"}], set()),
    ([{"op": "replace", "path": "members", "value": values("bob", "cy")}], {"bob", "cy"}),
    ([{"op": "replace", "path": "members", "value": None}], set()),
    # In order: the last word on each id decides.
    (
        [
            {"op": "add", "path": "members", "value": values("cy")},
            {"op": "remove", "path": 'members[value eq "cy"]'},
        ],
        {"ada", "bob"},
    ),
    (
        [
            {"op": "remove", "path": 'members[value eq "ada"]'},
            {"op": "add", "path": "members", "value": values("ada")},
        ],
        {"ada", "bob"},
    ),
    (
        [
            {"op": "add", "path": "members", "value": values("cy", "dee")},
            {"op": "remove", "path": 'members[value sw "d"]'},
            {"op": "add", "path": "members", "value": values("eve")},
        ],
        {"ada", "bob", "cy", "eve"},
    ),
    (
        [
            {"op": "remove", "path": "members"},
            {"op": "add", "path": "members", "value": values("bob", "cy")},
            {"op": "remove", "path": 'members[value ne "bob"]'},
        ],
        {"bob"},
    ),
]  # fmt: skip


@BOTH
@pytest.mark.parametrize(("operations", "after"), SAME)
def test_operations_on_members(tolerant: bool, operations: list[Json], after: set[str]) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made(*STARTING)

    account.patched(group_id, *operations)

    assert account.members(group_id) == after
    assert account.effects.members_joined == len(after - set(STARTING))
    assert account.effects.members_left == len(set(STARTING) - after)
    assert account.noted == set()


# What changes nothing


@BOTH
@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "add", "path": "members", "value": values("ada")}],
        [{"op": "remove", "path": 'members[value eq "cy"]'}],
        [{"op": "remove", "path": 'members[value eq "no-one"]'}],
        [{"op": "replace", "path": "members", "value": values("bob", "ada")}],
        [{"op": "replace", "path": "displayName", "value": "Staff"}],
        [{"op": "add", "path": "members", "value": values("cy")}, {"op": "remove", "path": 'members[value eq "cy"]'}],
        [{"op": "add", "path": "members", "value": values("x")}, {"op": "remove", "path": 'members[value eq "x"]'}],
    ],
)
def test_what_changes_nothing_writes_nothing(tolerant: bool, operations: list[Json]) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made(*STARTING)

    result = account.patched(group_id, *operations)

    assert "change" not in account.store.calls
    assert account.version(group_id) == 1
    assert result is not None
    assert result.version == 1


# Calls: the member list is read only where an operation needs it


@pytest.mark.parametrize(
    ("operations", "calls"),
    [
        ([{"op": "add", "path": "members", "value": values("cy")}], ["get", "candidates", "change"]),
        ([{"op": "remove", "path": 'members[value eq "ada"]'}], ["get", "candidates", "change"]),
        ([{"op": "remove", "path": "members", "value": values("ada", "bob")}], ["get", "candidates", "change"]),
        ([{"op": "replace", "path": "displayName", "value": "New"}], ["get", "change"]),
        ([{"op": "replace", "value": {"id": "group-1", "displayName": "New"}}], ["get", "change"]),
        ([{"op": "remove", "path": 'members[value ne "ada"]'}], ["get", "whole", "change"]),
        ([{"op": "remove", "path": "members"}], ["get", "whole", "change"]),
        ([{"op": "replace", "path": "members", "value": values("ada")}], ["get", "whole", "change"]),
        ([{"op": "replace", "path": "members", "value": values("cy")}], ["get", "whole", "candidates", "change"]),
    ],
)
def test_calls_of_a_patch(operations: list[Json], calls: list[str]) -> None:
    account = Account()
    group_id = account.made(*STARTING)

    account.patched(group_id, *operations)

    assert account.store.calls == calls


@pytest.mark.parametrize(
    ("operations", "exactly"),
    [
        ([{"op": "add", "path": "members", "value": values("cy")}], False),
        ([{"op": "remove", "path": 'members[value eq "ada"]'}], False),
        ([{"op": "replace", "path": "members", "value": values("cy")}], True),
        ([{"op": "remove", "path": 'members[value ne "ada"]'}], True),
    ],
)
def test_a_change_worked_out_from_all_members_fits_that_version_alone(operations: list[Json], exactly: bool) -> None:
    account = Account()
    group_id = account.made(*STARTING)

    written = account.patched(group_id, *operations)

    assert account.store.exactly == [exactly]
    assert (written is not None) is exactly


# Values that are refused


@BOTH
@pytest.mark.parametrize("op", ["add", "replace"])
@pytest.mark.parametrize(
    "member",
    [
        {},
        {"value": None},
        {"value": ""},
        {"value": " "},
        {"value": 5},
        {"value": ["ada", "bob"]},
        {"value": {"value": "ada"}},
        {"display": "Ada"},
        {"type": "User"},
        {"$ref": f"{REF}/Users/ada"},
    ],
    ids=str,
)
def test_a_member_without_an_id_is_refused(tolerant: bool, op: str, member: Json) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made(*STARTING)
    rename = {"op": "replace", "path": "displayName", "value": "New"}

    requests: list[list[Json]] = [
        [rename, {"op": op, "path": "members", "value": [member, {"value": "cy"}]}],
        [rename, {"op": op, "value": {"members": [member]}}],
    ]
    for operations in requests:
        with pytest.raises(InvalidValue, match="value") as refused:
            account.patched(group_id, *operations)
        assert refused.value.attribute == "members.value"

    with pytest.raises(InvalidValue):
        account.groups.create(group("Other", members=[member]))
    with pytest.raises(InvalidValue):
        account.groups.replace(group_id, group(members=[member]))
    assert account.members(group_id) == set(STARTING)


@BOTH
def test_a_member_under_another_name_is_never_left_out_in_silence(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made(*STARTING)
    rename = {"op": "replace", "path": "displayName", "value": "New"}

    requests: list[list[Json]] = [
        [rename, {"op": "add", "path": "members", "value": [{"id": "cy"}]}],
        [rename, {"op": "add", "value": {"members": [{"id": "cy"}]}}],
        [rename, {"op": "replace", "path": "members", "value": {"userName": "cy"}}],
    ]
    for operations in requests:
        with pytest.raises(ScimError):
            account.patched(group_id, *operations)

    assert account.version(group_id) == 1


@BOTH
@pytest.mark.parametrize(
    "member",
    [
        {"value": "ada", "type": "Group"},
        {"value": "ada", "type": "Device"},
        {"value": "ada", "$ref": f"{REF}/Groups/ada"},
        {"value": "ada", "$ref": "../groups/ada/"},
        {"value": "other"},
        {"value": "mine"},
    ],
    ids=str,
)
def test_a_group_as_a_member_is_refused(tolerant: bool, member: Json) -> None:
    account = Account(tolerant=tolerant)
    for group_id in ("other", "mine"):
        account.store.create(StoredGroup.new(group_id, group(group_id), NOW))

    requests: list[Callable[[], object]] = [
        lambda: account.patched("mine", {"op": "add", "path": "members", "value": [*values("cy"), member]}),
        lambda: account.patched("mine", {"op": "replace", "value": {"members": [member]}}),
        lambda: account.groups.create(group("New", members=[member])),
        lambda: account.groups.replace("mine", group("mine", members=[member])),
    ]
    for request in requests:
        with pytest.raises(InvalidValue, match="nested groups are not supported") as refused:
            request()
        assert refused.value.attribute == "members"
    assert account.members("mine") == set()


@BOTH
@pytest.mark.parametrize("path", ["members.value", "members.display", 'members[value eq "ada"].value', "members.type"])
@pytest.mark.parametrize("op", ["add", "replace", "remove"])
def test_what_a_member_consists_of_cannot_be_changed(tolerant: bool, path: str, op: str) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made(*STARTING)
    operation = {"op": op, "path": path} | ({} if op == "remove" else {"value": "cy"})

    with pytest.raises(MutabilityViolation, match="Add the new value to members") as refused:
        account.patched(group_id, operation)

    assert refused.value.attribute == "members"
    assert account.members(group_id) == set(STARTING)


@BOTH
@pytest.mark.parametrize("op", ["add", "replace"])
@pytest.mark.parametrize("who", ["ada", "cy"])
def test_a_member_cannot_become_another(tolerant: bool, op: str, who: str) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made(*STARTING)

    with pytest.raises(MutabilityViolation, match="Add the new value to members"):
        account.patched(group_id, {"op": op, "path": f'members[value eq "{who}"]', "value": {"value": "dee"}})


@BOTH
@pytest.mark.parametrize(
    "path", ['members[display eq "Ada"]', f'members[$ref eq "{REF}/Users/ada"]', "members[$ref pr]"]
)
def test_members_are_chosen_by_what_is_kept_of_them(tolerant: bool, path: str) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made(*STARTING)

    with pytest.raises(InvalidPath, match=r'members\[value eq "..."\]'):
        account.patched(group_id, {"op": "remove", "path": path})


@BOTH
def test_a_request_may_name_so_many_members_and_no_more(tolerant: bool) -> None:
    account = Account(tolerant=tolerant, users=[])
    group_id = account.made()
    many = values(*map(str, range(MAX_GROUP_MEMBERS)))
    add, one_more = ({"op": "add", "path": "members", "value": each} for each in (many, values("x")))

    for request in (
        lambda: account.patched(group_id, add, one_more),
        lambda: account.groups.create(group("New", members=[*many, *values("x")])),
        lambda: account.groups.replace(group_id, group(members=[*many, *values("x")])),
    ):
        with pytest.raises(PayloadTooLarge, match=str(MAX_GROUP_MEMBERS)):
            request()


def test_filters_over_all_members_have_a_bound() -> None:
    account = Account(users=[f"user-{number:04}" for number in range(1000)])
    group_id = account.made(*(f"user-{number:04}" for number in range(1000)))
    filtered = {"op": "remove", "path": 'members[value ew "x"]'}

    account.patched(group_id, *[filtered] * 100)

    with pytest.raises(TooMany, match="several requests"):
        account.patched(group_id, *[filtered] * 500)


# Members who are no users


def test_strict_mode_names_a_member_whom_it_does_not_know() -> None:
    account = Account(tolerant=False)
    group_id = account.made(*STARTING)

    for request in (
        lambda: account.patched(group_id, {"op": "add", "path": "members", "value": values("cy", "zed", "yul")}),
        lambda: account.patched(group_id, {"op": "replace", "path": "members", "value": values("zed", "yul")}),
        lambda: account.groups.create(group("New", members=values("zed", "cy", "yul"))),
        lambda: account.groups.replace(group_id, group(members=values("zed", "yul"))),
    ):
        with pytest.raises(InvalidValue, match='"zed", and 1 more') as refused:
            request()
        assert refused.value.attribute == "members"
    assert account.members(group_id) == set(STARTING)


def test_tolerant_mode_leaves_out_a_member_whom_it_does_not_know() -> None:
    account = Account()
    group_id = account.made(*STARTING)

    account.patched(group_id, {"op": "add", "path": "members", "value": values("zed", "cy")})

    assert account.members(group_id) == {"ada", "bob", "cy"}
    assert account.noted == {"member-without-user"}
    assert (account.effects.members_joined, account.effects.members_left_out) == (1, 1)
    assert account.groups.create(group("New", members=values("zed", "cy"))).members == ("cy",)
    assert account.groups.replace(group_id, group(members=values("zed", "dee"))).members == ("dee",)


def test_a_request_with_unknown_members_alone_changes_nothing_and_says_so_in_the_log() -> None:
    account = Account()
    group_id = account.made(*STARTING)

    account.patched(group_id, {"op": "add", "path": "members", "value": values("zed")})

    assert account.version(group_id) == 1
    assert account.noted == {"member-without-user"}
    assert account.effects.members_left_out == 1


@BOTH
def test_a_user_who_is_deleted_between_reading_and_writing_is_one_whom_it_does_not_know(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made(*STARTING)
    add = {"op": "add", "path": "members", "value": values("cy", "dee")}
    account.store.before_change = [lambda: account.forget("cy")]

    if not tolerant:
        with pytest.raises(InvalidValue, match='"cy"'):
            account.patched(group_id, add)
        assert account.members(group_id) == set(STARTING)
        return
    account.patched(group_id, add)
    assert account.members(group_id) == {"ada", "bob", "dee"}
    assert account.effects.members_left_out == 1

    account.store.before_change = [lambda: account.forget("dee")]
    assert account.groups.create(group("New", members=values("dee", "eve"))).members == ("eve",)


@BOTH
def test_a_deleted_user_whose_memberships_have_not_ended_yet_does_not_join_again(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made(*STARTING)
    account.forget("ada")
    add = {"op": "add", "path": "members", "value": values("ada")}

    if tolerant:
        account.patched(group_id, add)
        assert account.noted == {"member-without-user"}
    else:
        with pytest.raises(InvalidValue, match='"ada"'):
            account.patched(group_id, add)
    account.patched(group_id, {"op": "remove", "path": 'members[value eq "ada"]'})
    assert account.members(group_id) == {"bob"}


# Replace


@BOTH
@pytest.mark.parametrize("body", [{}, {"members": None}], ids=["absent", "null"])
def test_a_put_without_members_keeps_them_in_tolerant_mode_alone(tolerant: bool, body: Json) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made(*STARTING)

    replaced = account.groups.replace(group_id, group("New", **body))

    after = STARTING if tolerant else ()
    assert replaced.members == after
    assert account.members(group_id) == set(after)
    assert account.noted == ({"put-without-members"} if tolerant else set())
    assert replaced.group.attributes["displayName"] == "New"
    assert replaced.group.replaced


@BOTH
def test_a_put_with_an_empty_list_removes_all_members(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made(*STARTING)

    assert account.groups.replace(group_id, group(members=[])).members == ()
    assert account.members(group_id) == set()
    assert account.noted == set()


@BOTH
def test_a_put_writes_the_difference(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made("ada", "bob")

    replaced = account.groups.replace(group_id, group(members=values("bob", "cy")))

    assert replaced.members == ("bob", "cy")
    assert replaced.group.version == account.version(group_id) == 2
    assert (account.effects.members_joined, account.effects.members_left) == (1, 1)
    assert account.store.exactly == [True]


@BOTH
def test_a_put_of_what_is_there_writes_nothing(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made("ada", "bob")

    replaced = account.groups.replace(group_id, group(members=values("bob", "ada")))

    assert replaced.etag == 'W/"1"'
    assert account.store.calls == ["whole"]


@pytest.mark.parametrize("body", [group("Renamed"), group("Renamed", members=None)])
def test_a_put_that_keeps_the_members_and_does_not_show_them_does_not_read_them(body: Json) -> None:
    account = Account(tolerant=True)
    group_id = account.made("ada", "bob")

    replaced = account.groups.replace(group_id, body, shows_members=False)

    assert account.store.calls == ["get", "change"]
    assert account.noted == {"put-without-members"}
    assert (replaced.etag, replaced.group.display_name) == ('W/"2"', "Renamed")
    assert account.members(group_id) == {"ada", "bob"}


@pytest.mark.parametrize(("tolerant", "body"), [(False, group("Renamed")), (True, group("Renamed", members=[]))])
def test_a_put_that_empties_a_group_does_so_although_the_answer_shows_no_members(tolerant: bool, body: Json) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made("ada", "bob")

    account.groups.replace(group_id, body, shows_members=False)

    assert account.members(group_id) == set()


def test_a_put_keeps_more_members_than_a_request_may_name() -> None:
    many = [f"user-{number:05}" for number in range(MAX_GROUP_MEMBERS + 1)]
    account = Account(users=many)
    account.store.create(StoredGroup.new("large", group(), NOW), many)

    assert account.groups.replace("large", group("New")).members == tuple(many)


# Versions and races


@BOTH
@pytest.mark.parametrize("if_match", ['W/"2"', '"7", "8"'])
def test_if_match_of_another_version_changes_nothing(tolerant: bool, if_match: str) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made(*STARTING)

    for request in (
        lambda: account.patched(group_id, {"op": "add", "path": "members", "value": values("cy")}, if_match=if_match),
        lambda: account.groups.replace(group_id, group("New"), if_match),
        lambda: account.groups.delete(group_id, if_match),
    ):
        with pytest.raises(PreconditionFailed, match="group"):
            request()
    assert account.version(group_id) == 1


def test_if_match_makes_a_change_of_members_exact_and_its_version_known() -> None:
    account = Account()
    group_id = account.made(*STARTING)

    written = account.patched(group_id, {"op": "add", "path": "members", "value": values("cy")}, if_match='W/"1"')

    assert written is not None
    assert written.version == account.version(group_id) == 2
    assert account.store.exactly == [True]


def other_change(account: Account, group_id: str, *joined: str, name: str | None = None) -> Callable[[], Any]:
    """What another request does: rename the group, or let users join."""

    def change() -> None:
        current = account.store._groups[group_id]
        named = current if name is None else current.changed_to(current.attributes | {"displayName": name}, NOW)
        changed = current.touched(NOW) if named is current else named
        super(type(account.store), account.store).change(current, changed, MemberChange(joined))

    return change


@BOTH
def test_a_lost_race_is_run_again(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made("ada")
    account.store.before_change = [
        other_change(account, group_id, "bob"),
        other_change(account, group_id, name="Renamed"),
    ]

    account.patched(group_id, {"op": "replace", "path": "members", "value": values("cy")})

    assert account.members(group_id) == {"cy"}
    assert account.version(group_id) == 4
    assert account.effects.members_left == 2


@BOTH
def test_changes_of_different_members_do_not_stand_in_each_others_way(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made("ada")
    account.store.before_change = [other_change(account, group_id, "bob")]

    assert account.patched(group_id, {"op": "add", "path": "members", "value": values("cy")}) is None

    assert account.store.calls.count("change") == 1
    assert account.members(group_id) == {"ada", "bob", "cy"}


@BOTH
def test_the_same_member_added_twice_at_once_is_a_member(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made("ada")
    account.store.before_change = [other_change(account, group_id, "cy")]

    account.patched(group_id, {"op": "add", "path": "members", "value": values("cy")})

    assert account.members(group_id) == {"ada", "cy"}
    assert account.version(group_id) == 2
    assert account.effects.members_joined == 0


def test_a_lost_race_with_if_match_fails() -> None:
    account = Account()
    group_id = account.made("ada")
    account.store.before_change = [other_change(account, group_id, "bob")]

    with pytest.raises(PreconditionFailed, match="group"):
        account.patched(group_id, {"op": "add", "path": "members", "value": values("cy")}, if_match='W/"1"')


def test_a_race_that_cannot_be_settled_in_time_is_answered_503() -> None:
    account = Account()
    group_id = account.made("ada")
    deadline = Patience(0.4)
    groups = account.within(deadline, lambda: "new", tolerant=True)
    account.store.before_change = [lambda: account.forget("cy"), other_change(account, group_id, name="Renamed")]

    with pytest.raises(ServiceUnavailable):
        groups.patch(group_id, patch({"op": "add", "path": "members", "value": values("cy", "dee")}))
    with pytest.raises(ServiceUnavailable):
        groups.patch(group_id, patch({"op": "replace", "path": "displayName", "value": "Mine"}))


@BOTH
def test_a_group_that_is_gone_is_not_found(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    group_id = account.made("ada")

    assert account.groups.delete(group_id).id == group_id
    assert account.effects.groups_removed == 1
    assert account.members(group_id) == set()
    for request in (
        lambda: account.patched(group_id, {"op": "add", "path": "members", "value": values("cy")}),
        lambda: account.groups.replace(group_id, group()),
        lambda: account.groups.delete(group_id),
    ):
        with pytest.raises(NotFound, match="group") as refused:
            request()
        assert refused.value.reason == "no-such-group"


def test_a_group_deleted_between_reading_and_writing_is_not_found() -> None:
    account = Account()
    group_id = account.made("ada")
    account.store.before_change = [lambda: account.groups.delete(group_id)]

    with pytest.raises(NotFound):
        account.patched(group_id, {"op": "replace", "path": "displayName", "value": "New"})


# A later release


@BOTH
def test_what_a_later_release_stored_stays(tolerant: bool) -> None:
    account = Account(tolerant=tolerant)
    later = {"schemas": [CORE_URN, "urn:later"], "displayName": "Staff", "colour": "red", "urn:later": {"a": 1}}
    account.store.create(StoredGroup.new("later", later, NOW), ["ada"])

    account.patched("later", {"op": "replace", "path": "displayName", "value": "New"})
    replaced = account.groups.replace("later", group("Newer", members=values("bob")))

    assert replaced.group.attributes == later | {"displayName": "Newer"}
    assert replaced.members == ("bob",)


# A deleted user


def test_a_deleted_user_is_reported_after_it_is_gone() -> None:
    account = Account()
    gone: list[tuple[str, bool]] = []

    def on_deleted(user_id: str) -> None:
        gone.append((user_id, account.users.get(user_id) is None))

    users = Users(account.users, Patience(), lambda: NOW, lambda: "new", on_deleted=on_deleted)
    users.delete("ada")

    assert gone == [("ada", True)]
    with pytest.raises(Exception, match="There is no user"):
        users.delete("ada")
    assert len(gone) == 1

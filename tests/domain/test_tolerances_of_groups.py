"""What identity providers send about groups against the RFC: how tolerant mode reads it, what strict mode answers."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import InvalidPath, InvalidSyntax, InvalidValue, MutabilityViolation, ScimError
from domain.resources.group_schema import CORE_URN
from support.made_groups import Account, Json, group, patch, values

ADSCIM = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"

PATCHES: list[tuple[Json, set[str], str, type[ScimError], set[str]]] = [
    # The operation, who is a member afterwards, the new name, the strict error, the tolerances.
    (
        {"op": "Add", "path": "members", "value": [{"$ref": None, "value": "cy"}]},
        {"ada", "bob", "cy"},
        "Staff",
        InvalidSyntax,
        {"capitalised-op"},
    ),
    (
        {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "ada"}]},
        {"bob"},
        "Staff",
        InvalidSyntax,
        {"capitalised-op", "listed-removal"},
    ),
    (
        {"op": "remove", "path": "members", "value": values("ada", "no-one")},
        {"bob"},
        "Staff",
        InvalidValue,
        {"listed-removal"},
    ),
    (
        {"op": "remove", "path": "members", "value": []},
        {"ada", "bob"},
        "Staff",
        InvalidValue,
        {"listed-removal"},
    ),
    (
        {"op": "remove", "path": "members", "value": {"value": "ada"}},
        {"bob"},
        "Staff",
        InvalidValue,
        {"listed-removal", "single-value-for-array"},
    ),
    (
        {"op": "remove", "path": "members", "value": "ada"},
        {"bob"},
        "Staff",
        InvalidValue,
        {"listed-removal", "single-value-for-array", "bare-value"},
    ),
    (
        {"op": "add", "path": "members", "value": "cy"},
        {"ada", "bob", "cy"},
        "Staff",
        InvalidValue,
        {"single-value-for-array", "bare-value"},
    ),
    (
        {"op": "add", "path": "members", "value": ["cy", {"value": "dee"}]},
        {"ada", "bob", "cy", "dee"},
        "Staff",
        InvalidValue,
        {"bare-value"},
    ),
    (
        {"op": "replace", "path": "members", "value": {"value": "cy"}},
        {"cy"},
        "Staff",
        InvalidValue,
        {"single-value-for-array"},
    ),
    (
        {"op": "add", "path": "members", "value": [{"value": "cy", "email": "cy@example.com"}]},
        {"ada", "bob", "cy"},
        "Staff",
        InvalidSyntax,
        {"unknown-member"},
    ),
    (
        {"op": "replace", "value": {"id": "group-1", "displayName": "New"}},
        {"ada", "bob"},
        "New",
        MutabilityViolation,
        {"read-only-member"},
    ),
    (
        {"op": "replace", "value": {"id": "group-1", "displayName": "New", "members": values("cy")}},
        {"cy"},
        "New",
        MutabilityViolation,
        {"read-only-member"},
    ),
    (
        {"op": "remove", "path": "members[value eq 'ada']"},
        {"bob"},
        "Staff",
        InvalidPath,
        {"foreign-quotes"},
    ),
    (
        {"op": "remove", "path": "members[value eq ada]"},
        {"bob"},
        "Staff",
        InvalidPath,
        {"bare-word"},
    ),
    (
        {"op": "replace", "value": {"displayName": "New", f"{CORE_URN}:members": values("cy")}},
        {"cy"},
        "New",
        InvalidSyntax,
        {"names-as-paths"},
    ),
]


@pytest.mark.parametrize(("operation", "after", "name", "error", "tolerances"), PATCHES)
def test_a_patch_that_differs_from_the_rfc(
    operation: Json, after: set[str], name: str, error: type[ScimError], tolerances: set[str]
) -> None:
    account, strict = Account(), Account(tolerant=False)
    group_id = account.made("ada", "bob")
    assert strict.made("ada", "bob") == group_id

    account.patched(group_id, operation)
    with pytest.raises(error):
        strict.patched(group_id, operation)

    assert account.members(group_id) == after
    current = account.store.get(group_id)
    assert current is not None
    assert current.display_name == name
    assert account.noted == tolerances
    assert strict.members(group_id) == {"ada", "bob"}


def test_a_removal_that_lists_members_never_removes_all_and_names_the_form_of_the_rfc() -> None:
    account = Account(tolerant=False)
    group_id = account.made("ada", "bob")

    with pytest.raises(InvalidValue, match=r'members\[value eq "..."\]'):
        account.patched(group_id, {"op": "remove", "path": "members", "value": values("ada")})


def test_one_object_may_be_added_in_both_modes() -> None:
    """RFC 7644 section 3.5.2.1 has such an example."""
    for account in (Account(), Account(tolerant=False)):
        group_id = account.made("ada")
        account.patched(group_id, {"op": "add", "path": "members", "value": {"value": "cy"}})
        assert account.members(group_id) == {"ada", "cy"}


def test_a_long_list_of_removals_is_one_operation() -> None:
    ids = [f"user-{number:04}" for number in range(3000)]
    account = Account(users=ids)
    group_id = account.made(*ids)

    account.patched(group_id, {"op": "remove", "path": "members", "value": values(*ids[1:])})

    assert account.members(group_id) == {ids[0]}
    assert account.store.calls == ["get", "candidates", "change"]


def test_the_urn_of_entra_is_left_out_of_schemas() -> None:
    body = {"schemas": [CORE_URN, ADSCIM], "externalId": "8aa1a0c0", "displayName": "Staff", "members": []}
    account = Account()

    made = account.groups.create(body)

    assert made.group.attributes["schemas"] == [CORE_URN]
    assert account.noted == {"unknown-schema"}
    with pytest.raises(InvalidValue, match="schemas"):
        Account(tolerant=False).groups.create(body)


@pytest.mark.parametrize(
    ("body", "noted"),
    [
        ({"displayName": "Staff"}, {"missing-core-schema"}),
        ({"schemas": [ADSCIM], "displayName": "Staff"}, {"missing-core-schema", "unknown-schema"}),
        (group(active=True), {"unknown-member"}),
        (group(externalId=""), {"empty-string"}),
        (group(members={"value": "ada"}), {"single-value-for-array"}),
        (group(members=["ada"]), {"bare-value"}),
        ({CORE_URN: group()}, {"core-urn-container"}),
    ],
)
def test_a_body_that_differs_from_the_rfc(body: Json, noted: set[str]) -> None:
    account = Account()

    made = account.groups.create(body)

    assert made.group.attributes == {"schemas": [CORE_URN], "displayName": "Staff"}
    assert account.noted == noted


@pytest.mark.parametrize(
    ("body", "noted"),
    [
        (patch() | {"Operations": {"op": "replace", "path": "displayName", "value": "New"}}, {"single-operation"}),
        ({"operations": [{"Op": "replace", "path": "displayName", "value": "New"}]},
         {"patch-member-case", "missing-message-schema"}),
        (patch({"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:Group.displayName", "value": "New"}),
         {"dot-after-urn"}),
        (patch({"op": "replace", "path": "displayName", "value": ["New"]}), {"array-for-single-value"}),
    ],
)  # fmt: skip
def test_a_message_that_differs_from_the_rfc(body: Json, noted: set[str]) -> None:
    account = Account()
    group_id = account.made("ada")

    written: Any = account.groups.patch(group_id, body)

    assert written.display_name == "New"
    assert account.members(group_id) == {"ada"}
    assert account.noted == noted


def test_no_operations_change_nothing() -> None:
    account = Account()
    group_id = account.made("ada")

    written = account.groups.patch(group_id, patch())

    assert written is not None
    assert written.version == 1

"""PATCH requests in which identity providers deviate from the RFC."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import InvalidPath, InvalidSyntax, InvalidValue, MutabilityViolation, NoTarget, ScimError
from domain.patch import PATCH_OP_URN
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN
from support.patch_users import HOME_EMAIL, WORK_EMAIL, bjensen, changes, patched_strictly, patched_tolerantly

Json = dict[str, Any]


def _without_sets(parameter: object) -> str | None:
    """The name of a test by its parameter; a set has another text in each process."""
    return None if isinstance(parameter, set) else str(parameter)


MANAGER = f"{ENTERPRISE_URN}:manager"


def rosa(**attributes: Any) -> Json:
    return {"schemas": [CORE_URN], "userName": "rosa.keller@example.com"} | attributes


def enterprise_of(user: Json) -> Json:
    enterprise: Json = user.get(ENTERPRISE_URN, {})
    return enterprise


# a: names of operations


def test_entra_capitalises_operations() -> None:
    after, applied = patched_tolerantly(rosa(title="Lead"), {"op": "Remove", "path": "title"})

    assert "title" not in after
    assert applied == {"capitalised-op"}


def test_an_unknown_operation_is_refused_in_any_case() -> None:
    with pytest.raises(InvalidSyntax):
        patched_tolerantly(rosa(), {"op": "Move", "path": "title", "value": "x"})


# b, m: booleans as text


@pytest.mark.parametrize("text", ["False", "false", "FALSE"])
def test_the_text_false_disables_a_user(text: str) -> None:
    for operation in ({"op": "Replace", "path": "active", "value": text}, {"op": "Replace", "value": {"active": text}}):
        after, applied = patched_tolerantly(rosa(active=True), operation)

        assert after["active"] is False
        assert applied == {"capitalised-op", "string-boolean"}


@pytest.mark.parametrize("text", ["no", "0", "", "disabled", "Falsch"])
def test_any_other_text_neither_enables_nor_disables_a_user(text: str) -> None:
    with pytest.raises(InvalidValue):
        patched_tolerantly(rosa(active=False), {"op": "replace", "path": "active", "value": text})


def test_text_that_looks_like_a_boolean_stays_text_elsewhere() -> None:
    after, applied = patched_tolerantly(rosa(), {"op": "replace", "path": "title", "value": "True"})

    assert after["title"] == "True"
    assert applied == set()


def test_primary_as_text_within_values_is_a_boolean() -> None:
    user = rosa(roles=[{"value": "reader", "primary": True}])

    after, _ = patched_tolerantly(
        user, {"op": "Add", "path": "roles", "value": [{"value": "editor", "primary": "True"}]}
    )

    assert after["roles"] == [{"value": "reader", "primary": False}, {"value": "editor", "primary": True}]


# d: members that are paths


def test_entra_with_its_flag_sends_members_that_are_paths() -> None:
    user = rosa(emails=[dict(WORK_EMAIL)])

    after, applied = patched_tolerantly(
        user,
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "rosa.new@example.com"},
        {
            "op": "replace",
            "value": {
                "displayName": "Rosa Keller-Ito",
                "name.givenName": "Rosa",
                "name.familyName": "Keller-Ito",
                f"{ENTERPRISE_URN}:employeeNumber": "E2001",
            },
        },
    )

    assert changes(user, after) == {
        "schemas": [CORE_URN, ENTERPRISE_URN],
        "emails": [WORK_EMAIL | {"value": "rosa.new@example.com"}],
        "displayName": "Rosa Keller-Ito",
        "name": {"givenName": "Rosa", "familyName": "Keller-Ito"},
        ENTERPRISE_URN: {"employeeNumber": "E2001"},
    }
    assert applied == {"names-as-paths"}


def test_two_members_for_one_missing_value_create_one_value() -> None:
    value = {'addresses[type eq "work"].locality': "Lisbon", 'addresses[type eq "work"].country': "PT"}

    after, applied = patched_tolerantly(rosa(), {"op": "add", "value": value})

    assert after["addresses"] == [{"type": "work", "locality": "Lisbon", "country": "PT"}]
    assert applied == {"names-as-paths", "missing-value"}


# f: a filter for a value that is not there


@pytest.mark.parametrize("op", ["Add", "Replace"])
@pytest.mark.parametrize(
    ("path", "attribute", "created"),
    [
        ('emails[type eq "work"].value', "emails", {"type": "work", "value": "x@example.com"}),
        ('phoneNumbers[type eq "mobile"].value', "phoneNumbers", {"type": "mobile", "value": "x@example.com"}),
        ('addresses[type eq "other"].Formatted', "addresses", {"type": "other", "formatted": "x@example.com"}),
        ('roles[primary eq "True"].value', "roles", {"primary": True, "value": "x@example.com"}),
    ],
)
def test_a_missing_value_is_created_as_the_filter_describes_it(
    op: str, path: str, attribute: str, created: Json
) -> None:
    after, applied = patched_tolerantly(rosa(), {"op": op, "path": path, "value": "x@example.com"})

    assert after[attribute] == [created]
    assert "missing-value" in applied


def test_a_whole_missing_value_is_created() -> None:
    operation = {"op": "replace", "path": 'emails[type eq "work"]', "value": {"value": "a@example.com"}}

    after, _ = patched_tolerantly(rosa(), operation)

    assert after["emails"] == [{"type": "work", "value": "a@example.com"}]


@pytest.mark.parametrize("wanted", ['type ne "work"', 'type eq "a" or type eq "b"', 'type eq "a" and type eq "b"'])
def test_a_filter_that_describes_no_single_value_creates_none(wanted: str) -> None:
    with pytest.raises(NoTarget):
        patched_tolerantly(rosa(), {"op": "replace", "path": f"emails[{wanted}].value", "value": "a@example.com"})


# h, i: the manager


@pytest.mark.parametrize(
    ("operation", "needed"),
    [
        ({"op": "add", "path": MANAGER, "value": {"value": "m2"}}, set()),
        ({"op": "add", "path": MANAGER, "value": "m2"}, {"bare-value"}),
        ({"op": "add", "path": "manager", "value": "m2"}, {"bare-value", "unqualified-attribute"}),
        (
            {"op": "add", "path": "manager", "value": [{"value": "m2"}]},
            {"array-for-single-value", "unqualified-attribute"},
        ),
        ({"op": "add", "value": {MANAGER: "m2"}}, {"names-as-paths", "bare-value"}),
        ({"op": "add", "value": {ENTERPRISE_URN: {"manager": "m2"}}}, {"bare-value"}),
        ({"op": "add", "path": MANAGER, "value": {"value": "m2", "displayName": "M"}}, {"read-only-member"}),
    ],
    ids=_without_sets,
)
def test_a_manager_comes_in_many_shapes(operation: Json, needed: set[str]) -> None:
    after, applied = patched_tolerantly(rosa(), operation)

    assert enterprise_of(after) == {"manager": {"value": "m2"}}
    assert applied == needed


@pytest.mark.parametrize("op", ["add", "replace"])
@pytest.mark.parametrize("value", [{"value": ""}, ""])
def test_an_empty_string_removes_the_manager(op: str, value: Any) -> None:
    after, _ = patched_tolerantly(bjensen(), {"op": op, "path": MANAGER, "value": value})

    assert enterprise_of(after) == {"department": "Tours"}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": MANAGER, "value": {"value": "m2"}},
        {"op": "replace", "path": f"{MANAGER}.value", "value": "m2"},
        {"op": "replace", "path": ENTERPRISE_URN, "value": {"manager": {"value": "m2"}}},
        {"op": "replace", "value": {ENTERPRISE_URN: {"manager": {"value": "m2"}}}},
    ],
    ids=str,
)
def test_the_reference_to_another_manager_does_not_stay(operation: Json) -> None:
    after, applied = patched_tolerantly(bjensen(), operation)

    assert enterprise_of(after)["manager"] == {"value": "m2"}
    assert applied == {"stale-manager-reference"}


def test_the_reference_to_the_same_manager_stays() -> None:
    after, applied = patched_tolerantly(bjensen(), {"op": "replace", "path": MANAGER, "value": {"value": "m1"}})

    assert after == bjensen()
    assert applied == set()


# j: removals that carry a value


def test_a_removal_with_a_list_removes_what_is_listed_and_nothing_else() -> None:
    listed = [{"value": "BABS@home.org", "type": "home"}, {"value": "bjensen@example.com", "type": "home"}]

    after, applied = patched_tolerantly(bjensen(), {"op": "remove", "path": "emails", "value": listed})

    assert after["emails"] == [WORK_EMAIL]
    assert applied == {"listed-removal"}


@pytest.mark.parametrize(
    "listed", [[], [{}], [{"favourite": True}], ["nobody@example.com"], [{"value": 5}], [{"primary": False}]]
)
def test_a_removal_with_a_list_never_removes_all(listed: list[Any]) -> None:
    after, _ = patched_tolerantly(bjensen(), {"op": "remove", "path": "emails", "value": listed})

    assert after["emails"] == [WORK_EMAIL, HOME_EMAIL]


def test_a_quote_in_a_listed_value_selects_nothing_else() -> None:
    listed = [{"value": '" or value pr or value eq "'}]

    after, _ = patched_tolerantly(bjensen(), {"op": "remove", "path": "emails", "value": listed})

    assert after["emails"] == [WORK_EMAIL, HOME_EMAIL]


@pytest.mark.parametrize("path", ['emails[type eq "home"]', 'emails[type eq "home"].value'])
def test_a_removal_through_a_filter_does_not_look_at_its_value(path: str) -> None:
    after, _ = patched_tolerantly(bjensen(), {"op": "Remove", "path": path, "value": "other@example.com"})

    assert after["emails"] == [WORK_EMAIL]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": MANAGER, "value": "m9"},
        {"op": "remove", "path": MANAGER, "value": {"value": "m9"}},
        {"op": "Remove", "path": "manager", "value": [{"value": "m9"}]},
        {"op": "remove", "path": f"{ENTERPRISE_URN}.manager.value", "value": "m9"},
        {"op": "Remove", "path": 'manager[value eq "m9"]'},
        {"op": "Remove", "path": f"{MANAGER}[value eq 'm9']"},
        {"op": "remove", "path": MANAGER, "value": {"value": "m1x", "$ref": "https://example.com/scim/v2/Users/m1"}},
        {"op": "remove", "path": "title", "value": "CEO"},
        {"op": "remove", "path": "name", "value": {"givenName": "Ann"}},
        {"op": "remove", "path": "name.givenName", "value": "Ann"},
        {"op": "remove", "path": 'name[givenName eq "Ann"]'},
        {"op": "remove", "path": "active", "value": False},
    ],
    ids=str,
)
def test_a_removal_of_another_value_than_the_present_one_leaves_it(operation: Json) -> None:
    after, _ = patched_tolerantly(bjensen(), operation)

    assert after == bjensen()


@pytest.mark.parametrize(
    ("operation", "removed"),
    [
        ({"op": "remove", "path": MANAGER, "value": "m1"}, {ENTERPRISE_URN: {"department": "Tours"}}),
        ({"op": "Remove", "path": "manager", "value": [{"value": "m1"}]}, {ENTERPRISE_URN: {"department": "Tours"}}),
        ({"op": "Remove", "path": 'manager[value eq "m1"]'}, {ENTERPRISE_URN: {"department": "Tours"}}),
        ({"op": "Remove", "path": f"{MANAGER}[value eq m1]"}, {ENTERPRISE_URN: {"department": "Tours"}}),
        ({"op": "remove", "path": "title", "value": "tour guide"}, {"title": None}),
        ({"op": "remove", "path": "title", "value": ""}, {"title": None}),
        ({"op": "remove", "path": "name", "value": {"givenName": "Barbara"}}, {"name": None}),
    ],
    ids=str,
)
def test_a_removal_of_the_present_value_removes_it(operation: Json, removed: Json) -> None:
    after, _ = patched_tolerantly(bjensen(), operation)

    assert changes(bjensen(), after) == removed


@pytest.mark.parametrize(
    "path", ['manager[value ne "m1"]', "manager[]", "manager[value]", 'title[value eq "x"]', 'manager[value eq "m1"].x']
)
def test_other_brackets_after_an_attribute_of_one_value_are_refused(path: str) -> None:
    with pytest.raises(InvalidPath):
        patched_tolerantly(bjensen(), {"op": "remove", "path": path})


def test_a_manager_who_was_replaced_is_not_removed_with_the_one_before() -> None:
    after, _ = patched_tolerantly(
        bjensen(),
        {"op": "Add", "path": MANAGER, "value": {"value": "m2"}},
        {"op": "Remove", "path": MANAGER, "value": {"value": "m1"}},
    )

    assert enterprise_of(after)["manager"] == {"value": "m2"}


# k: roles as JSON text


def test_a_role_as_json_text_becomes_a_role() -> None:
    text = '{"id":"r-1","value":"User","displayName":"User","primary":"True"}'

    after, applied = patched_tolerantly(rosa(), {"op": "Add", "path": "roles", "value": [{"value": text}]})

    assert after["roles"] == [{"value": "User", "display": "User", "primary": True}]
    assert applied == {"capitalised-op", "role-as-json-text", "string-boolean"}


@pytest.mark.parametrize("text", ["{", "[1]", '{"id": "r-1"}', "{" * 4000, '{"value": 1}', "User"])
def test_other_text_in_a_role_stays_as_it_is(text: str) -> None:
    after, _ = patched_tolerantly(rosa(), {"op": "add", "path": "roles", "value": [{"value": text}]})

    assert after["roles"] == [{"value": text}]


@pytest.mark.parametrize(
    "text",
    [
        r'{"value": "\ud800"}',
        r'{"value": "User", "x": ["\udfff"]}',
        r'{"value": "User", "\ud83d": 1}',
        '{"value": "User", "value": "Admin"}',
        '{"value": "User", "display": NaN}',
        '{"value": "User", "display": -Infinity}',
        '{"value": "User", "id": ' + "9" * 4400 + "}",
        '{"value": "User", "x": ' + 40 * "[" + 40 * "]" + "}",
        '{"value": "User", "x": ' + 2000 * "[" + 2000 * "]" + "}",
        '{"value": "User", "x": [' + 500 * "0," + "0]}",
        '{"value": "User"' + "".join(f', "{number}": 0' for number in range(500)) + "}",
    ],
    ids=lambda text: text[:40],
)
def test_a_role_as_json_text_that_no_body_may_have_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        patched_tolerantly(rosa(), {"op": "add", "path": "roles", "value": [{"value": text}]})

    assert refusal.value.attribute == "roles"


# p: clearing by an empty string


@pytest.mark.parametrize(
    ("operation", "cleared"),
    [
        ({"op": "replace", "path": "title", "value": ""}, {"title": None}),
        ({"op": "add", "value": {"title": ""}}, {"title": None}),
        ({"op": "replace", "path": "name.familyName", "value": ""}, {"name": {"givenName": "Barbara"}}),
        ({"op": "replace", "path": 'emails[type eq "home"].value', "value": ""}, {"emails": [WORK_EMAIL]}),
        ({"op": "replace", "path": 'emails[type eq "home"]', "value": {"value": ""}}, {"emails": [WORK_EMAIL]}),
        ({"op": "replace", "path": 'phoneNumbers[type eq "work"].value', "value": ""}, {}),
        (
            {"op": "replace", "path": 'addresses[type eq "work"].locality', "value": ""},
            {"addresses": [{"type": "work", "streetAddress": "100 Universal City Plaza"}]},
        ),
        (
            {"op": "remove", "path": 'addresses[type eq "work"].locality'},
            {"addresses": [{"type": "work", "streetAddress": "100 Universal City Plaza"}]},
        ),
    ],
    ids=str,
)
def test_an_empty_string_clears(operation: Json, cleared: Json) -> None:
    after, _ = patched_tolerantly(bjensen(), operation)

    assert changes(bjensen(), after) == cleared


def test_a_value_is_removed_with_its_last_sub_attribute() -> None:
    paths = ('addresses[type eq "work"].streetAddress', 'addresses[type eq "work"].locality')

    after, applied = patched_tolerantly(bjensen(), *({"op": "replace", "path": path, "value": ""} for path in paths))

    assert "addresses" not in after
    assert applied == {"empty-string", "cleared-value", "emptied-value"}


def test_the_required_user_name_cannot_be_cleared() -> None:
    with pytest.raises(InvalidValue):
        patched_tolerantly(rosa(), {"op": "replace", "path": "userName", "value": ""})


# What this service does not have


@pytest.mark.parametrize(
    "path",
    [
        "urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User:tag",
        "urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User",
    ],
)
def test_an_attribute_of_an_unknown_schema_does_not_fail_the_other_operations(path: str) -> None:
    operations = [{"op": "Add", "path": path, "value": "blue"}, {"op": "Replace", "path": "title", "value": "Lead"}]

    after, applied = patched_tolerantly(bjensen(), *operations)

    assert changes(bjensen(), after) == {"title": "Lead"}
    assert applied == {"capitalised-op", "unknown-path"}


@pytest.mark.parametrize(
    "path",
    ["favouriteColour", "name.nickname", 'emails[type eq "work"].colour', f"{ENTERPRISE_URN}:favouriteColour"],
)
def test_an_unknown_attribute_of_a_known_schema_is_refused(path: str) -> None:
    with pytest.raises(InvalidPath):
        patched_tolerantly(bjensen(), {"op": "replace", "path": path, "value": "x"})


@pytest.mark.parametrize(
    "path", ["", "a b", "emails[", 'emails[colour eq "x"].value', "name..givenName", "user name", "emails[]", "urn:"]
)
def test_a_malformed_path_is_still_refused(path: str) -> None:
    with pytest.raises(InvalidPath):
        patched_tolerantly(bjensen(), {"op": "replace", "path": path, "value": "x"})


def test_unknown_members_of_a_value_are_left_out() -> None:
    value = {"favouriteColour": "red", "title": "Lead", "emails": [{"value": "a@example.com", "verified": True}]}

    after, applied = patched_tolerantly(rosa(), {"op": "add", "value": value})

    assert changes(rosa(), after) == {"title": "Lead", "emails": [{"value": "a@example.com"}]}
    assert applied == {"unknown-member"}


def test_read_only_members_are_left_out_where_a_read_only_path_is_refused() -> None:
    value = {"id": "u1", "meta": {"version": 'W/"1"'}, "groups": [], "displayName": "N"}

    after, applied = patched_tolerantly(rosa(), {"op": "replace", "value": value})

    assert changes(rosa(), after) == {"displayName": "N"}
    assert applied == {"read-only-member"}
    with pytest.raises(MutabilityViolation):
        patched_tolerantly(rosa(), {"op": "replace", "path": "meta.version", "value": "1"})


# The message itself


@pytest.mark.parametrize(
    ("body", "needed"),
    [
        ({"schemas": [PATCH_OP_URN], "operations": [{"op": "remove", "path": "title"}]}, {"patch-member-case"}),
        ({"Schemas": [PATCH_OP_URN], "Operations": [{"Op": "remove", "PATH": "title"}]}, {"patch-member-case"}),
        ({"schemas": [PATCH_OP_URN], "Operations": {"op": "remove", "path": "title"}}, {"single-operation"}),
        (
            {"schemas": [PATCH_OP_URN], "OPERATIONS": {"OP": "Remove", "path": "title"}},
            {"patch-member-case", "single-operation", "capitalised-op"},
        ),
    ],
    ids=_without_sets,
)
def test_a_patch_message_in_another_spelling_is_accepted(body: Json, needed: set[str]) -> None:
    after, applied = patched_tolerantly(bjensen(), body=body)

    assert "title" not in after
    assert applied == needed


def test_a_single_value_may_stand_for_an_array() -> None:
    after, applied = patched_tolerantly(
        rosa(), {"op": "replace", "path": "emails", "value": {"value": "a@example.com"}}
    )

    assert after["emails"] == [{"value": "a@example.com"}]
    assert applied == {"single-value-for-array"}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Replace", "path": "title", "value": "T"},
        {"op": "replace", "path": "active", "value": "False"},
        {"op": "replace", "value": {"name.givenName": "K"}},
        {"op": "add", "path": 'phoneNumbers[type eq "work"].value', "value": "1"},
        {"op": "add", "path": MANAGER, "value": "m2"},
        {"op": "add", "path": "manager", "value": {"value": "m2"}},
        {"op": "remove", "path": "emails", "value": [{"value": "babs@home.org"}]},
        {"op": "replace", "path": 'roles[primary eq "True"].value', "value": "x"},
        {"op": "replace", "path": "favouriteColour", "value": "x"},
        {"op": "replace", "path": "emails", "value": {"value": "a@example.com"}},
        {"op": "replace", "value": {"id": "u1"}},
    ],
    ids=str,
)
def test_a_strict_account_accepts_no_deviation(operation: Json) -> None:
    with pytest.raises(ScimError):
        patched_strictly(bjensen(), operation)


def test_what_the_rfc_allows_needs_no_tolerance() -> None:
    operations: list[Any] = [
        {"op": "add", "path": "emails", "value": [{"value": "a@example.com"}]},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "b@example.com"},
        {"op": "replace", "value": {ENTERPRISE_URN: {"department": "D"}, "active": False}},
        {"op": "remove", "path": "title"},
    ]

    after, applied = patched_tolerantly(bjensen(), *operations)

    assert after == patched_strictly(bjensen(), *operations)
    assert applied == set()

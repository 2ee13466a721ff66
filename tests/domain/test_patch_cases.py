"""37 PATCH requests and what each must do: to the letter of RFC 7644 section 3.5.2, or for an identity provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from domain.errors import InvalidPath, InvalidSyntax, InvalidValue, MutabilityViolation, NoTarget, ScimError
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN
from support.patch_users import HOME_EMAIL, WORK_EMAIL, bjensen, changes, message, patched_strictly, patched_tolerantly

Json = dict[str, Any]

MANAGER = f"{ENTERPRISE_URN}:manager"
NOT_PRIMARY = WORK_EMAIL | {"primary": False}


def op(name: str, path: str | None = None, **rest: Any) -> Json:
    return {"op": name} | ({} if path is None else {"path": path}) | rest


def enterprise(**changed: Any) -> Json:
    return {name: value for name, value in (bjensen()[ENTERPRISE_URN] | changed).items() if value is not None}


@dataclass(frozen=True)
class Case:
    """`changed` is what the result differs in; `strict` how a strict account is refused, None if it is not."""

    name: str
    operations: list[Json]
    changed: Json = field(default_factory=dict)
    error: type[ScimError] | None = None
    strict: type[ScimError] | None = None


def new_email(value: str, **rest: Any) -> Json:
    return {"value": value, "type": "other"} | rest


CASES = [
    Case(
        "P1 add without path merges",
        [op("add", value={"nickName": "Babs", "emails": [new_email("x@y.z")]})],
        {"nickName": "Babs", "emails": [WORK_EMAIL, HOME_EMAIL, new_email("x@y.z")]},
    ),
    Case(
        "P2 replace through a value filter",
        [op("replace", 'emails[type eq "work"].value', value="new@example.com")],
        {"emails": [WORK_EMAIL | {"value": "new@example.com"}, HOME_EMAIL]},
    ),
    Case(
        "P3 replace where nothing matches",
        [op("replace", 'emails[type eq "other"].value', value="n@new.org")],
        {"emails": [WORK_EMAIL, HOME_EMAIL, new_email("n@new.org")]},
        strict=NoTarget,
    ),
    Case(
        "P4 Entra replaces where nothing matches",
        [op("Replace", 'phoneNumbers[type eq "work"].value', value="+1")],
        {"phoneNumbers": [{"type": "work", "value": "+1"}]},
        strict=InvalidSyntax,
    ),
    Case(
        "P5 Entra adds where nothing matches",
        [op("Add", 'phoneNumbers[type eq "mobile"].value', value="+1")],
        {"phoneNumbers": [{"type": "mobile", "value": "+1"}]},
        strict=InvalidSyntax,
    ),
    Case("P6 remove through a value filter", [op("remove", 'emails[type eq "home"]')], {"emails": [WORK_EMAIL]}),
    Case("P7 remove without path", [op("remove")], error=NoTarget, strict=NoTarget),
    Case(
        "P8 Entra removes with a value list",
        [op("Remove", "emails", value=[{"value": "babs@home.org"}])],
        {"emails": [WORK_EMAIL]},
        strict=InvalidSyntax,
    ),
    Case("P9 add of a value that is there", [op("add", "emails", value=[{"value": "babs@home.org", "type": "home"}])]),
    Case(
        "P10 a new primary value clears the old",
        [op("add", "emails", value=[new_email("p@new.org", primary=True)])],
        {"emails": [NOT_PRIMARY, HOME_EMAIL, new_email("p@new.org", primary=True)]},
    ),
    Case(
        "P11 path with the core URN",
        [op("replace", f"{CORE_URN}:name.givenName", value="B")],
        {"name": {"givenName": "B", "familyName": "Jensen"}},
    ),
    Case(
        "P12 path to an extension's attribute",
        [op("replace", f"{ENTERPRISE_URN}:department", value="D")],
        {ENTERPRISE_URN: enterprise(department="D")},
    ),
    Case(
        "P13 the extension as an object without path",
        [op("replace", value={ENTERPRISE_URN: {"department": "D"}})],
        {ENTERPRISE_URN: enterprise(department="D")},
    ),
    Case(
        "P14 Entra: member URN:attribute",
        [op("replace", value={f"{ENTERPRISE_URN}:department": "D"})],
        {ENTERPRISE_URN: enterprise(department="D")},
        strict=InvalidSyntax,
    ),
    Case(
        "P15 Entra: dotted member",
        [op("replace", value={"name.givenName": "K"})],
        {"name": {"givenName": "K", "familyName": "Jensen"}},
        strict=InvalidSyntax,
    ),
    Case("P16 Entra: capitalised op", [op("Replace", "title", value="T")], {"title": "T"}, strict=InvalidSyntax),
    Case(
        "P17 Entra: active as text", [op("Replace", "active", value="False")], {"active": False}, strict=InvalidSyntax
    ),
    Case(
        "P18 Entra: manager as text",
        [op("Add", MANAGER, value="m2")],
        {ENTERPRISE_URN: enterprise(manager={"value": "m2"})},
        strict=InvalidSyntax,
    ),
    Case(
        "P19, P37 another manager by its value alone",
        [op("replace", MANAGER, value={"value": "m2"})],
        {ENTERPRISE_URN: enterprise(manager={"value": "m2"})},
    ),
    Case(
        "P20 a readOnly path", [op("replace", "id", value="z")], error=MutabilityViolation, strict=MutabilityViolation
    ),
    Case(
        "P21 remove of the required userName",
        [op("remove", "userName")],
        error=MutabilityViolation,
        strict=MutabilityViolation,
    ),
    Case(
        "P22 a later operation that fails",
        [
            op("replace", "title", value="T"),
            op("replace", 'emails[type ne "work" and type ne "home"].value', value="x@y.z"),
        ],
        error=NoTarget,
        strict=NoTarget,
    ),
    Case(
        "P23 a malformed path",
        [op("replace", 'emails[type eq "work"', value="x")],
        error=InvalidPath,
        strict=InvalidPath,
    ),
    Case(
        "P24 an unknown attribute",
        [op("add", "favouriteColour", value="red")],
        error=InvalidPath,
        strict=InvalidPath,
    ),
    Case(
        "P25 a path in other case",
        [op("replace", 'EMAILS[TYPE eq "work"].VALUE', value="c@new.org")],
        {"emails": [WORK_EMAIL | {"value": "c@new.org"}, HOME_EMAIL]},
    ),
    Case(
        "P26 replace of a whole value",
        [op("replace", 'emails[type eq "work"]', value={"value": "only@new.org", "type": "work"})],
        {"emails": [{"value": "only@new.org", "type": "work"}, HOME_EMAIL]},
    ),
    Case("P27 Okta deactivates without path", [op("replace", value={"active": False})], {"active": False}),
    Case(
        "P28 Okta sends the id along",
        [op("replace", value={"id": "u1", "displayName": "N"})],
        {"displayName": "N"},
        strict=MutabilityViolation,
    ),
    Case("P29 remove of the extension", [op("remove", ENTERPRISE_URN)], {ENTERPRISE_URN: None}),
    Case("P30 replace by null", [op("replace", "title", value=None)], {"title": None}),
    Case(
        "P31 add of one value, not in an array",
        [op("add", "emails", value=new_email("s@new.org"))],
        {"emails": [WORK_EMAIL, HOME_EMAIL, new_email("s@new.org")]},
    ),
    Case(
        "P32 a filter with dots and brackets",
        [op("remove", 'emails[value eq "babs@home.org" and type eq "home"]')],
        {"emails": [WORK_EMAIL]},
    ),
    Case(
        "P33 remove of a sub-attribute of some values",
        [op("remove", 'emails[type eq "home"].type')],
        {"emails": [WORK_EMAIL, {"value": "babs@home.org"}]},
    ),
    Case("P34 remove where nothing matches", [op("remove", 'emails[type eq "zzz"]')]),
    Case(
        "P35 several values match",
        [op("replace", "emails[value pr].display", value="d")],
        {"emails": [WORK_EMAIL | {"display": "d"}, HOME_EMAIL | {"display": "d"}]},
    ),
    Case(
        "P36 Entra: $ref null",
        [op("Add", MANAGER, value={"value": "m3", "$ref": None})],
        {ENTERPRISE_URN: enterprise(manager={"value": "m3"})},
        strict=InvalidSyntax,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_tolerant_account_does_what_the_client_means(case: Case) -> None:
    user = bjensen()

    if case.error is not None:
        with pytest.raises(case.error):
            patched_tolerantly(user, *case.operations)
    else:
        after, _ = patched_tolerantly(user, *case.operations)
        assert changes(user, after) == case.changed

    assert user == bjensen()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_strict_account_follows_the_rfc_literally(case: Case) -> None:
    user = bjensen()

    if case.strict is not None:
        with pytest.raises(case.strict):
            patched_strictly(user, *case.operations)
    elif case.name.startswith("P19"):
        after = patched_strictly(user, *case.operations)
        # Section 3.5.2.3: "Sub-attributes that are not specified SHALL be left unchanged."
        assert after[ENTERPRISE_URN]["manager"] == {"value": "m2", "$ref": "https://example.com/scim/v2/Users/m1"}
    else:
        assert changes(user, patched_strictly(user, *case.operations)) == case.changed

    assert user == bjensen()


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        (op("replace", "active", value="False"), InvalidValue),
        (op("replace", "emails", value={"value": "a@b.c"}), InvalidValue),
        (op("remove", "emails", value=[{"value": "babs@home.org"}]), InvalidValue),
        (op("add", MANAGER, value="m2"), InvalidValue),
        (op("replace", value="x"), InvalidValue),
        (op("replace", "title", value={"x": 1}), InvalidValue),
        (op("replace", "title", value=5), InvalidValue),
        (op("replace", "userName", value=None), MutabilityViolation),
        (op("replace", "userName", value=" "), InvalidValue),
        (op("replace", f"{MANAGER}.displayName", value="x"), MutabilityViolation),
        (op("add", "groups", value=[{"value": "g"}]), MutabilityViolation),
        (op("replace", value={"favouriteColour": "red"}), InvalidSyntax),
        (op("replace", value={"title": "a", "TITLE": "b"}), InvalidSyntax),
        (op("add", 'emails[type eq "other"].value', value="a@b.c"), NoTarget),
        (op("add", "phoneNumbers.value", value="1"), NoTarget),
        (
            op("add", "emails", value=[{"value": "a@b.c", "primary": True}, {"value": "d@e.f", "primary": True}]),
            InvalidValue,
        ),
        (op("replace", ""), InvalidValue),
        (op("replace", "", value="x"), InvalidPath),
        (op("replace", 5, value="x"), InvalidPath),  # type: ignore[arg-type]  # a wrong type is what is tested
        (op("move", "title", value="x"), InvalidSyntax),
    ],
    ids=str,
)
def test_a_strict_account_refuses_invalid_operations(operation: Json, error: type[ScimError]) -> None:
    with pytest.raises(error):
        patched_strictly(bjensen(), operation)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"schemas": [CORE_URN], "Operations": [op("remove", "title")]},
        message() | {"Operations": {}},
        message(),
        message("remove"),  # type: ignore[arg-type]  # a wrong type is what is tested
    ],
    ids=["empty", "other schema", "no array", "no operation", "no object"],
)
def test_a_body_that_is_no_patch_message_is_refused(body: Json) -> None:
    from domain.patch import parse_operations

    with pytest.raises(InvalidSyntax):
        parse_operations(body)


def test_a_new_primary_among_the_present_values_clears_the_others() -> None:
    after = patched_strictly(bjensen(), op("replace", 'emails[type eq "home"].primary', value=True))

    assert after["emails"] == [NOT_PRIMARY, HOME_EMAIL | {"primary": True}]


def test_the_last_value_removed_removes_the_attribute() -> None:
    after = patched_strictly(bjensen(), op("remove", 'addresses[type eq "work"]'))

    assert "addresses" not in after


def test_the_last_sub_attribute_removed_removes_the_complex_attribute() -> None:
    after = patched_strictly(bjensen(), op("remove", "name.givenName"), op("remove", "name.familyName"))

    assert "name" not in after


def test_the_first_attribute_of_an_extension_adds_its_urn_to_schemas() -> None:
    user = {"schemas": [CORE_URN], "userName": "bjensen"}

    after = patched_strictly(user, op("add", f"{ENTERPRISE_URN}:department", value="Tours"))

    assert after["schemas"] == [CORE_URN, ENTERPRISE_URN]


def test_a_password_is_accepted_and_not_kept() -> None:
    after = patched_strictly(bjensen(), op("replace", "password", value="t1meMa$heen"), op("remove", "password"))

    assert after == bjensen()


def test_the_text_of_an_operation_does_not_hold_its_value() -> None:
    from domain.patch import parse_operations

    (operation,) = parse_operations(message(op("replace", "password", value="t1meMa$heen")))

    assert "t1meMa$heen" not in repr(operation)

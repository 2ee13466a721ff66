"""Accepted bodies of POST and PUT, and the stored part of them (strict RFC 7643/7644, no tolerances)."""

from __future__ import annotations

import pytest

from domain.errors import InvalidSyntax, InvalidValue, PayloadTooLarge, ScimError
from domain.resources.body import attributes_of
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER


def user(**members: object) -> dict[str, object]:
    return {"schemas": [CORE_URN], "userName": "bjensen", **members}


def test_a_valid_body_is_kept_as_sent() -> None:
    body = user(
        name={"givenName": "Barbara", "familyName": "Jensen"},
        emails=[{"value": "Babs@Example.com", "type": "work", "primary": True}],
        active=False,
    )

    assert attributes_of(body, USER) == body


def test_names_in_any_case_become_the_schemas_own() -> None:
    body = {
        "SCHEMAS": [CORE_URN.upper()],
        "USERNAME": "b",
        "Name": {"givenname": "x"},
        ENTERPRISE_URN.lower(): {"Department": "d"},
    }

    assert attributes_of(body, USER) == {
        "schemas": [CORE_URN, ENTERPRISE_URN],
        "userName": "b",
        "name": {"givenName": "x"},
        ENTERPRISE_URN: {"department": "d"},
    }


@pytest.mark.parametrize("unassigned", [None, [], {}, {"formatted": None}])
def test_null_and_empty_values_are_unassigned(unassigned: object) -> None:
    assert "name" not in attributes_of(user(name=unassigned), USER)


def test_read_only_attributes_and_the_password_are_not_kept() -> None:
    body = user(id="mine", meta={"resourceType": "User"}, groups=[{"value": "g"}], password="secret")

    assert attributes_of(body, USER) == user()


def test_an_extension_in_use_is_listed_in_schemas() -> None:
    kept = attributes_of(user(**{ENTERPRISE_URN: {"department": "d"}}), USER)

    assert kept["schemas"] == [CORE_URN, ENTERPRISE_URN]


def test_a_listed_extension_without_data_stays_listed() -> None:
    assert attributes_of(user(schemas=[CORE_URN, ENTERPRISE_URN]), USER)["schemas"] == [CORE_URN, ENTERPRISE_URN]


@pytest.mark.parametrize(
    ("body", "error", "named"),
    [
        ({"schemas": [CORE_URN]}, InvalidValue, "userName"),
        (user(userName=""), InvalidValue, "userName"),
        (user(userName="  "), InvalidValue, "userName"),
        (user(userName=5), InvalidValue, "userName"),
        ({"userName": "b"}, InvalidValue, "schemas"),
        (user(schemas=["urn:example:other"]), InvalidValue, "schemas"),
        (user(schemas=[ENTERPRISE_URN]), InvalidValue, "schemas"),
        (user(active="True"), InvalidValue, "active"),
        (user(active=1), InvalidValue, "active"),
        (user(name="Babs"), InvalidValue, "name"),
        (user(name={"givenName": ["a"]}), InvalidValue, "name.givenName"),
        (user(emails="a@example.com"), InvalidValue, "emails"),
        (user(emails=["a@example.com"]), InvalidValue, "emails[0]"),
        (user(emails=[{"value": "a@b.example"}, {"value": "nobody"}]), InvalidValue, "emails[1].value"),
        (user(emails=[{"value": "@example.com"}]), InvalidValue, "emails[0].value"),
        (user(emails=[{"value": ""}]), InvalidValue, "emails[0].value"),
        (user(favouriteColour="red"), InvalidSyntax, "favouriteColour"),
        (user(**{ENTERPRISE_URN: {"department": 5}}), InvalidValue, f"{ENTERPRISE_URN}:department"),
        (user(**{ENTERPRISE_URN: {"manager": {"value": 5}}}), InvalidValue, f"{ENTERPRISE_URN}:manager.value"),
    ],
)
def test_a_refusal_names_the_invalid_attribute(body: dict[str, object], error: type[ScimError], named: str) -> None:
    with pytest.raises(error) as refused:
        attributes_of(body, USER)

    assert named in refused.value.detail


def test_two_primary_values_are_refused() -> None:
    two = [{"value": "a@b.example", "primary": True}, {"value": "c@d.example", "primary": True}]

    with pytest.raises(InvalidValue, match="emails has more than one"):
        attributes_of(user(emails=two), USER)


def test_more_addresses_than_one_transaction_can_hold_are_refused() -> None:
    many = [{"value": f"a{number}@example.com"} for number in range(300)]

    with pytest.raises(PayloadTooLarge, match="emails has 300"):
        attributes_of(user(emails=many), USER)


def test_many_problems_are_reported_three_at_a_time() -> None:
    with pytest.raises(InvalidValue, match="and 2 more") as refused:
        attributes_of(user(title=1, nickName=2, locale=3, timezone=4, userType=5), USER)

    assert "title must be a string" in refused.value.detail

"""Matches of filters (RFC 7644 section 3.4.2.2)."""

from __future__ import annotations

from typing import Any, Final

import pytest

from domain.errors import InvalidFilter
from domain.filter import Comparison, Operator, compile_element, compile_filter, parse, parse_patch_path
from domain.resources.attributes import Attribute, Type
from domain.resources.paths import AttributePath
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER

BJENSEN: Final[dict[str, Any]] = {
    "schemas": [CORE_URN, ENTERPRISE_URN],
    "id": "2819c223-7f76-453a-919d-413861904646",
    "externalId": "ABC",
    "userName": "bjensen",
    "name": {"formatted": "Ms. Barbara J Jensen, III", "familyName": "Jensen", "givenName": "Barbara"},
    "displayName": 'Babs "B" Jensen',
    "title": "Tour Guide",
    "userType": "Employee",
    "active": True,
    "emails": [
        {"value": "bjensen@example.com", "type": "work", "primary": True},
        {"value": "babs@home.org", "type": "home"},
    ],
    "addresses": [{"type": "work", "locality": "Hollywood", "country": "US"}],
    "x509Certificates": [{"value": "AQID"}],
    "meta": {
        "resourceType": "User",
        "created": "2010-01-23T04:56:22Z",
        "lastModified": "2011-05-13T04:42:34.000Z",
        "version": 'W/"3"',
    },
    ENTERPRISE_URN: {"department": "Tour Operations", "manager": {"value": "m1"}},
}


def matches(text: str, user: dict[str, Any] = BJENSEN) -> bool:
    return compile_filter(parse(text, USER))(user)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('userName Eq "BJENSEN"', id="F1 operator and value in any case"),
        pytest.param('emails[type eq "work" and value co "@example.com"]', id="F2 one value matches all"),
        pytest.param('emails[type eq "work"].value eq "bjensen@example.com"', id="F4 sub-attribute after brackets"),
        pytest.param('title pr or title eq "x" and title eq "y"', id="F5 and binds tighter than or"),
        pytest.param('not (emails co "nowhere.net" or userType eq "Intern")', id="F6 not"),
        pytest.param('meta.lastModified ge "2011-05-13T06:42:34+02:00"', id="F7 time with an offset, at least"),
        pytest.param(f'{ENTERPRISE_URN}:manager.value eq "m1"', id="F9 extension's sub-attribute"),
        pytest.param(f'{CORE_URN}:name.familyName eq "jensen"', id="F10 core URN"),
        pytest.param('displayName eq "Babs \\"B\\" Jensen"', id="F12 escaped quotes"),
        pytest.param('NAME.GIVENNAME sw "barb"', id="F13 attribute names in any case"),
        pytest.param(f'schemas eq "{ENTERPRISE_URN}"', id="F20 schemas"),
        pytest.param("nickName eq null", id="F23 null"),
        pytest.param('emails eq "babs@home.org"', id="F24 emails means emails.value"),
        pytest.param('emails.value ew ".ORG"', id="F25 ends with"),
        pytest.param('title pr and userType ne "Intern"', id="and"),
        pytest.param('(title eq "x" or title pr) and active eq true', id="grouping"),
        pytest.param('not(title eq "x")', id="not without a space"),
        pytest.param('NOT (title eq "x") AND active EQ true', id="logical operators in any case"),
        pytest.param(f'{ENTERPRISE_URN.upper()}:Department sw "tour"', id="URN in any case"),
        pytest.param(f'{ENTERPRISE_URN}:manager eq "m1"', id="manager means manager.value"),
        pytest.param(f"{ENTERPRISE_URN} pr", id="a whole extension is present"),
        pytest.param("name pr and emails pr and emails.type pr and active pr", id="present"),
        pytest.param('emails[type eq "work"] and userName eq "bjensen"', id="after brackets the resource again"),
        pytest.param('addresses[country eq "us"].locality sw "holly"', id="sub-attribute after brackets, sw"),
        pytest.param('emails[type eq "home" or primary eq true].value pr', id="sub-attribute after brackets, pr"),
        pytest.param('emails[not (type eq "work")]', id="not within brackets"),
        pytest.param('meta.created lt "2010-01-23T04:56:22.0000001Z"', id="fractions finer than microseconds"),
        pytest.param('meta.created eq "2010-01-22T23:56:22.00-05:00"', id="one instant written otherwise"),
        pytest.param('displayName eq "Babs \\u0022B\\u0022 Jensen"', id="unicode escapes"),
        pytest.param('x509Certificates eq "AQID"', id="binary"),
        pytest.param('userName eq " bjensen "', id="userName as the index compares it"),
        pytest.param('emails ne "babs@home.org"', id="ne: any value is another"),
        pytest.param('emails.display ne "Babs"', id="ne: a value without the sub-attribute is another"),
        pytest.param('nickName ne "Babs"', id="ne: no value is another"),
        pytest.param("title ne null", id="not null"),
        pytest.param('id eq "2819c223-7f76-453a-919d-413861904646" and title gt "a" and title le "u"', id="text order"),
    ],
)
def test_a_filter_finds_the_user(text: str) -> None:
    assert matches(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('emails[type eq "home" and value co "@example.com"]', id="F3 not across values"),
        pytest.param('meta.lastModified lt "2011-05-13T06:42:34+02:00"', id="F8 time with an offset, before"),
        pytest.param('externalId eq "abc"', id="F11 case-exact"),
        pytest.param('id eq "2819C223-7F76-453A-919D-413861904646"', id="id is case-exact"),
        pytest.param('not (emails eq "babs@home.org")', id="not eq: none is it"),
        pytest.param('(title pr or title eq "x") and title eq "y"', id="grouping over precedence"),
        pytest.param("nickName pr or ims pr or name.middleName pr", id="absent is not present"),
        pytest.param('nickName co "" or nickName lt "x"', id="absent matches no comparison but ne"),
        pytest.param("emails eq null", id="present is not null"),
        pytest.param('x509Certificates eq "aqid"', id="binary is case-exact"),
        pytest.param('emails[type eq "home"].value sw "bjensen"', id="Entra's form is about one value"),
    ],
)
def test_a_filter_does_not_match_the_user(text: str) -> None:
    assert not matches(text)


def test_an_empty_string_is_neither_present_nor_null() -> None:
    user = {"userName": "a", "title": "", "name": {"givenName": ""}}

    assert not matches("title pr", user)
    assert not matches("name pr", user)
    assert not matches("title eq null", user)


def test_text_is_compared_beyond_ascii_without_case() -> None:
    user = {"userName": "jürgen", "title": "Stra\u00dfe", "name": {"familyName": "A\u030a"}}

    assert matches('userName eq "J\u00dcRGEN"', user)
    assert matches('title eq "STRA\u1e9eE"', user)
    assert not matches('title eq "STRASSE"', user)
    assert matches('name.familyName eq "\u00e5"', user)


@pytest.mark.parametrize(
    ("operator", "value", "matched"),
    [(Operator.EQ, 5, True), (Operator.GT, 4.5, True), (Operator.LE, 4, False), (Operator.NE, 5.0, False)],
)
def test_numbers_are_compared_as_numbers(operator: Operator, value: float, matched: bool) -> None:
    path = AttributePath((Attribute("size", type=Type.INTEGER),))

    assert compile_filter(Comparison(path, operator, value))({"size": 5}) is matched


def test_the_filter_of_a_patch_path_looks_at_one_value() -> None:
    path = parse_patch_path('emails[type eq "work"].value', USER)
    assert path.value_filter is not None
    chosen = compile_element(path.value_filter)

    assert [chosen(email) for email in BJENSEN["emails"]] == [True, False]


def test_never_returned_attributes_cannot_be_searched_for() -> None:
    with pytest.raises(InvalidFilter, match="password is never returned"):
        parse('password eq "secret"', USER)

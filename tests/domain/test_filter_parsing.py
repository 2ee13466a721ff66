"""Valid and invalid filters and PATCH paths, and the texts of refusals (RFC 7644 sections 3.4.2.2 and 3.5.2)."""

from __future__ import annotations

import pytest

from domain.errors import InvalidFilter, InvalidPath
from domain.filter import Leniency, parse, parse_patch_path
from domain.filter.literals import STRICT, Unfit, read_literal
from domain.limits import MAX_FILTER_CHARACTERS, MAX_FILTER_COMPARISONS, MAX_FILTER_DEPTH
from domain.resources.attributes import Attribute, Type
from domain.resources.user_schema import ENTERPRISE_URN, USER


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        pytest.param("active gt true", 8, "gt cannot compare active, which is a boolean", id="F14 gt on a boolean"),
        pytest.param('userName eq "x" and', 20, "expected an attribute", id="F15 trailing and"),
        pytest.param('userName like "x"', 10, "expected an operator", id="F16 unknown operator"),
        pytest.param('emails[value[type eq "work"]]', 13, "square brackets", id="F17 brackets in brackets"),
        pytest.param("userName eq bjensen", 13, "double quotes", id="F21 unquoted value"),
        pytest.param(
            'favouriteColour eq "red"', 1, '"favouriteColour" is not an attribute', id="F22 unknown attribute"
        ),
        pytest.param("", 1, "expected an attribute", id="nothing"),
        pytest.param('userNam eq "x"', 1, "did you mean userName?", id="misspelt attribute"),
        pytest.param('name.firstName eq "x"', 1, '"name.firstName"', id="unknown sub-attribute"),
        pytest.param('manager eq "x"', 1, f"{ENTERPRISE_URN}:manager", id="extension's attribute without its URN"),
        pytest.param('emails[kind eq "x"]', 8, '"kind" is not an attribute of a value of emails', id="unknown within"),
        pytest.param('emails[type eq "x"].kind eq "x"', 20, '"kind" is not a sub-attribute', id="unknown after"),
        pytest.param('emails[type eq "x"', 19, '"]"', id="unclosed bracket"),
        pytest.param('(userName eq "x"', 17, '")"', id="unclosed parenthesis"),
        pytest.param('userName eq "x")', 16, "end of the filter", id="parenthesis closed twice"),
        pytest.param('userName eq "x', 13, "ends with a double quote", id="unclosed string"),
        pytest.param('userName eq "\\x"', 13, "JSON escapes", id="escape unknown to JSON"),
        pytest.param('userName eq "\\ud800"', 13, "JSON string", id="half of a surrogate pair"),
        pytest.param('userName eq "a\nb"', 13, "JSON string", id="raw control character"),
        pytest.param("userName eq 5", 13, "userName is a string", id="number for a string"),
        pytest.param("userName eq", 12, "found the end of the filter", id="no value"),
        pytest.param('active eq "x"', 11, "active is a boolean", id="string for a boolean"),
        pytest.param('active eq "True"', 11, "active is a boolean", id="boolean as a string"),
        pytest.param('active co "t"', 8, "expected eq, ne or pr", id="co on a boolean"),
        pytest.param('x509Certificates gt "A"', 18, "binary", id="gt on a binary"),
        pytest.param('meta.created co "2011"', 14, "dateTime", id="co on a dateTime"),
        pytest.param('meta.created gt "2011-05-13"', 17, "a time, for example", id="date without time"),
        pytest.param('meta.created gt "2011-02-30T00:00:00Z"', 17, "a time, for example", id="no day of the calendar"),
        pytest.param("title gt null", 10, "null", id="order of null"),
        pytest.param('name eq "x"', 1, "name has no value to compare", id="complex without value"),
        pytest.param('addresses eq "x"', 1, "formatted, streetAddress", id="multi-valued complex without value"),
        pytest.param('name[givenName eq "x"]', 5, "multi-valued", id="brackets on one value"),
        pytest.param('emails.value[type eq "x"]', 13, "multi-valued", id="brackets on a sub-attribute"),
        pytest.param("title pr title pr", 10, '"and", "or"', id="no operator between"),
        pytest.param("not title pr", 5, '"(" after not', id="not without parentheses"),
        pytest.param('urn:example:other:attribute eq "x"', 1, "is not an attribute", id="unknown URN"),
    ],
)
def test_a_rejection_names_the_position_and_what_was_expected(text: str, position: int, expected: str) -> None:
    with pytest.raises(InvalidFilter) as refusal:
        parse(text, USER)

    assert f"at character {position}:" in refusal.value.detail
    assert expected in refusal.value.detail
    assert refusal.value.scim_type == "invalidFilter"


@pytest.mark.parametrize("opening", ["(", "not ("])
@pytest.mark.parametrize("times", [MAX_FILTER_DEPTH + 1, 5000])
def test_deep_nesting_is_refused_without_exhausting_the_stack(opening: str, times: int) -> None:
    text = opening * times

    with pytest.raises(InvalidFilter, match=r"brackets nested more than|at most"):
        parse(text, USER)


def test_nesting_up_to_the_bound_is_read() -> None:
    assert str(parse("(" * MAX_FILTER_DEPTH + "id pr" + ")" * MAX_FILTER_DEPTH, USER)) == "id pr"


def test_more_comparisons_than_the_bound_are_refused() -> None:
    parse(" or ".join(["id pr"] * MAX_FILTER_COMPARISONS), USER)

    with pytest.raises(InvalidFilter, match="more than 256 comparisons"):
        parse(" or ".join(["id pr"] * (MAX_FILTER_COMPARISONS + 1)), USER)


def test_a_filter_longer_than_the_bound_is_refused() -> None:
    with pytest.raises(InvalidFilter, match=str(MAX_FILTER_CHARACTERS)):
        parse(f'userName eq "{"x" * MAX_FILTER_CHARACTERS}"', USER)


def test_a_refusal_can_always_be_sent_back_as_text() -> None:
    for text in ("\ud800", 'userName eq "\ud800"', 'userName eq "\\ud800"'):
        with pytest.raises(InvalidFilter) as refusal:
            parse(text, USER)
        assert refusal.value.detail.encode()


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ('((USERNAME  EQ "x"))', 'userName eq "x"'),
        ("not(active eq true)", "not (active eq true)"),
        ('(id pr and id pr) or title eq "\\u0041"', 'id pr and id pr or title eq "A"'),
        ("id pr and (id pr or title eq null)", "id pr and (id pr or title eq null)"),
        ('emails[type eq "work"].value eq "x"', 'emails[type eq "work" and value eq "x"]'),
        ("emails[type pr or value pr].value pr", "emails[(type pr or value pr) and value pr]"),
        (f"{ENTERPRISE_URN.lower()}:MANAGER.VALUE pr", f"{ENTERPRISE_URN}:manager.value pr"),
        ("urn:ietf:params:scim:schemas:core:2.0:User:name.givenName pr", "name.givenName pr"),
        (f"{ENTERPRISE_URN}:manager.$ref pr", f"{ENTERPRISE_URN}:manager.$ref pr"),
    ],
)
def test_a_filter_prints_in_the_rfc_notation(text: str, canonical: str) -> None:
    assert str(parse(text, USER)) == canonical


@pytest.mark.parametrize(
    ("text", "flag", "meaning"),
    [
        ('manager eq "m1"', "unqualified_extensions", f'{ENTERPRISE_URN}:manager eq "m1"'),
        (
            'department eq "d" and title pr',
            "unqualified_extensions",
            f'{ENTERPRISE_URN}:department eq "d" and title pr',
        ),
        ("externalId eq rkeller", "bare_words", 'externalId eq "rkeller"'),
        ('active eq "True"', "string_booleans", "active eq true"),
        ("active ne FALSE", "string_booleans", "active ne false"),
    ],
)
def test_each_leniency_has_its_own_switch_and_reports_that_it_was_needed(text: str, flag: str, meaning: str) -> None:
    used: list[str] = []

    assert parse(text, USER, Leniency(**{flag: True}, on_use=used.append)) == parse(meaning, USER)
    assert used == [flag]
    with pytest.raises(InvalidFilter):
        parse(text, USER)


def test_a_leniency_that_is_not_needed_is_not_reported() -> None:
    used: list[str] = []
    lenient = Leniency(unqualified_extensions=True, bare_words=True, string_booleans=True, on_use=used.append)

    parse('userName eq "x" and active eq true', USER, lenient)

    assert used == []


@pytest.mark.parametrize("word", ["5", "-1.5e3", "0"])
def test_numbers_are_read_for_numeric_attributes(word: str) -> None:
    assert read_literal(word, Attribute("size", type=Type.DECIMAL), STRICT) == float(word)


@pytest.mark.parametrize("word", ["true", "1e999", "01", '"5"', "NaN", "9" * 5000, ""])
def test_a_malformed_number_is_refused_for_numeric_attributes(word: str) -> None:
    with pytest.raises(Unfit, match="a number, because size is a decimal"):
        read_literal(word, Attribute("size", type=Type.DECIMAL), STRICT)


@pytest.mark.parametrize(
    "text",
    [
        "userName",
        "name.givenName",
        "emails.value",
        'emails[type eq "work"]',
        'emails[type eq "work" and value co "@x"].value',
        ENTERPRISE_URN,
        f"{ENTERPRISE_URN}:manager",
        f"{ENTERPRISE_URN}:manager.value",
        "password",
    ],
)
def test_a_patch_path_prints_as_it_was_written(text: str) -> None:
    assert str(parse_patch_path(text, USER)) == text


def test_a_patch_path_is_taken_apart() -> None:
    path = parse_patch_path('EMAILS[TYPE eq "work"].VALUE', USER)

    assert str(path.path) == "emails"
    assert str(path.value_filter) == 'type eq "work"'
    assert path.sub_attribute is not None
    assert path.sub_attribute.name == "value"


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 1),
        ('emails[type eq "work"', 22),
        ("favouriteColour", 1),
        ('emails[type eq "work"].kind', 23),
        ("emails[]", 8),
        ('emails[type eq "work"] and', 24),
        ('name[givenName eq "x"]', 5),
        ("emails[value[type pr]]", 13),
        ("userName eq", 10),
        ("name.givenName.x", 1),
    ],
)
def test_a_malformed_patch_path_is_refused_with_its_position(text: str, position: int) -> None:
    with pytest.raises(InvalidPath, match=rf"The path is invalid at character {position}:"):
        parse_patch_path(text, USER)

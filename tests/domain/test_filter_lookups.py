"""The part of a filter that an index answers."""

from __future__ import annotations

import pytest

from domain.filter import Lookup, PrefixLookup, index_lookup, parse, prefix_lookup
from domain.resources.attributes import Index
from domain.resources.user_schema import EMAIL, ENTERPRISE_URN, EXTERNAL_ID, ID, USER, USER_NAME


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ('userName eq "X"', USER_NAME),
        ('emails eq "X"', EMAIL),
        ('emails.value eq "X"', EMAIL),
        ('emails[value eq "X"]', EMAIL),
        ('emails[type eq "work"].value eq "X"', EMAIL),
        ('emails[type eq "work" and value eq "X"]', EMAIL),
        ('externalId eq "X"', EXTERNAL_ID),
        ('id eq "X"', ID),
        ('active eq true and (title pr and userName eq "X")', USER_NAME),
        ('externalId eq "E" and emails eq "M" and userName eq "X"', USER_NAME),
        (f'userName eq "U" and {ENTERPRISE_URN}:manager eq "m" and id eq "X"', ID),
    ],
)
def test_an_equality_that_all_matches_share_is_looked_up(text: str, index: Index) -> None:
    filter_ = parse(text, USER)

    found = index_lookup(filter_, USER)

    assert found == Lookup(index, "X", is_whole=" and " not in text and "].v" not in text)


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "X" or active eq true',
        'not (userName eq "X")',
        'emails[type eq "work" or value eq "X"]',
        'emails.type eq "X"',
        'phoneNumbers[value eq "X"]',
        'userName ne "X"',
        "userName eq null",
        'title eq "X"',
    ],
)
def test_a_condition_of_only_some_matches_is_not_looked_up(text: str) -> None:
    assert index_lookup(parse(text, USER), USER) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('userName sw "b"', PrefixLookup(USER_NAME, "b", True)),
        ('emails sw "b"', PrefixLookup(EMAIL, "b", True)),
        ('emails[value sw "b"]', PrefixLookup(EMAIL, "b", True)),
        ('emails.value sw "b" and active eq true', PrefixLookup(EMAIL, "b", False)),
        ('emails[type eq "work" and value sw "b"]', PrefixLookup(EMAIL, "b", False)),
        ('userName sw "b" and emails sw "bje"', PrefixLookup(EMAIL, "bje", False)),
        ('userName sw "b" or active eq true', None),
        ('not (userName sw "b")', None),
        ('userName sw " "', None),
        ('displayName sw "b"', None),
    ],
)
def test_a_prefix_that_all_matches_share_is_looked_up(text: str, found: PrefixLookup | None) -> None:
    assert prefix_lookup(parse(text, USER), USER) == found

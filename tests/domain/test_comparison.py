"""The forms in which text is compared: what is one, what is two, and the laws that indexes rest on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from unicodedata import category, combining, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.resources.comparison import address_form, part_forms, prefix_form, text_form, unique_form

FORMS = (text_form, unique_form, address_form)
TAILS = ("", "\u0301", "\u0316\u0301", "\u0307", "\u0345", "\u3099", "\u1161", "a", "\u03a3")
"""Characters that compose with the previous one, or change its lower case."""


@cache
def every_character() -> list[str]:
    """All assigned characters."""
    return [chr(code) for code in range(sys.maxunicode + 1) if category(chr(code)) not in ("Cn", "Co", "Cs")]


PEOPLE = st.text(
    st.one_of(
        st.sampled_from(
            "aAbB@@..-_ \u00e4\u00c4\u00df\u1e9e\u0130\u0131\u03a3\u03c3\u03c2\u0301\u0316\u0307\u3002\ufb01\uff21"
        ),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=12,
)
ADDRESSES = st.builds(
    "{}@{}".format,
    PEOPLE,
    st.one_of(
        PEOPLE,
        st.sampled_from(
            ["xn--mller-kva.de", "M\u00dcLLER.de", "xn--strae-oqa.de.", "xn--a", "xn--", "XN--TSTA8290BFZD.example"]
        ),
        st.text("abcxn-0123456789.", max_size=12).map("xn--{}".format),
    ),
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("admin", "ADMIN"),
        ("admin", " admin\u00a0"),
        ("admin", "\uff41\uff44\uff4d\uff49\uff4e"),
        ("admin", "\U0001d41a\U0001d41d\U0001d426\U0001d422\U0001d427"),
        ("fiona", "\ufb01ona"),
        ("kim", "\u212aim"),
        ("\u00e5sa", "A\u030asa"),
        ("\u00e5sa", "\u212bsa"),
        ("stra\u00dfe", "STRA\u1e9eE"),
        ("\u03c3\u03b1\u03c2", "\u03a3\u0391\u03a3"),
        ("\u03c3\u03b1\u03c2", "\u03c3\u03b1\u03c3"),
        ("i\u0307pek", "\u0130pek"),
        ("ipek", "\u0130PEK"),
        ("admin", "admi\u0307\u0307n"),
        ("ada lovelace", "Ada\u2003Lovelace"),
        ("ada lovelace", "Ada\u1680Lovelace"),
    ],
)
def test_spellings_of_one_name_are_one(one: str, other: str) -> None:
    assert unique_form(one) == unique_form(other)
    assert text_form(one.strip()) == text_form(other.strip())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("strau\u00df", "strauss"),
        ("\u0131pek", "ipek"),
        ("m\u00fcller", "mueller"),
        ("m\u00fcller", "muller"),
        ("\u0430dmin", "admin"),
        ("bob.", "bob"),
        ("ada lovelace", "adalovelace"),
        ("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0639\u0644\u06cc\u0631\u0636\u0627"),
    ],
)
def test_names_of_two_people_are_two(one: str, other: str) -> None:
    assert unique_form(one) != unique_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bob@m\u00fcller.de", "bob@xn--mller-kva.de"),
        ("bob@M\u00dcLLER.de", "BOB@XN--MLLER-KVA.DE"),
        ("bob@mu\u0308ller.de", "bob@xn--mller-kva.de"),
        ("bob@mail.m\u00fcller.de", "bob@mail.xn--mller-kva.de"),
        ("bob@stra\u00dfe.de", "bob@xn--strae-oqa.de"),
        ("bob@\u03c3\u03b1\u03c2.gr", "bob@xn--mxa8ab.gr"),
        ("bob@corp.com", "bob@corp.com."),
        ("bob@corp.com", "bob@corp\u3002com"),
        ("bob@corp.com", "bob@corp\uff61com\uff0e"),
        ("bob@corp.com", "bob@\uff43orp.com"),
        ("bob@corp.com", "bob\uff20corp.com"),
        ('"a@b"@corp.com', '"A@B"@CORP.com.'),
        ("bob@a_b.corp.com", "bob@A_B.corp.com"),
        # A label with capitals: IDNA has Cherokee in capitals, lower case has it small.
        ("bob@\u13a0\u13c2.com", "bob@\uab70\uab92.com"),
        ("bob@\u13a0\u13c2.com", "bob@xn--58d2e.com"),
    ],
)
def test_spellings_of_one_address_are_one(one: str, other: str) -> None:
    assert unique_form(one) == unique_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bob@stra\u00dfe.de", "bob@strasse.de"),
        ("bob@\u03c3\u03b1\u03c2.gr", "bob@\u03c3\u03b1\u03c3.gr"),
        ("bob@\u0130pek.example", "bob@ipek.example"),
        ("bob@xn--a.de", "bob@a.de"),
        ("bob@xn--mller-kvA_.de", "bob@m\u00fcller.de"),
        ("bob@c\u043erp.com", "bob@corp.com"),
        # The local part is no domain.
        ("xn--mller-kva@corp.com", "m\u00fcller@corp.com"),
        ("xn--mller-kva", "m\u00fcller"),
        ("bob.@corp.com", "bob@corp.com"),
    ],
)
def test_addresses_of_two_people_are_two(one: str, other: str) -> None:
    assert unique_form(one) != unique_form(other)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Bob@Corp.com", "bob@corp.COM", True),
        (" bob@corp.com", "bob@corp.com", True),
        ("J\u00fcrgen@m\u00fcller.de", "j\u00fcrgen@XN--mller-kva.de", True),
        ("J\u00dcRGEN@corp.com", "j\u00fcrgen@corp.com", False),
        ("bob@corp.com", "\uff42ob@corp.com", False),
        ("bob@corp.com", "bob@\uff43orp.com", False),
        ("kim@corp.com", "\u212aim@corp.com", False),
        ("kim@kim.com", "kim@\u212aim.com", False),
        ("bob@stra\u00dfe.de", "bob@strasse.de", False),
        ("bob@m\u00fcller.de", "bob@mu\u0308ller.de", False),
        ("bob", "BOB", True),
    ],
)
def test_spellings_of_a_mailbox_are_equal_and_look_alikes_are_not(one: str, other: str, same: bool) -> None:
    assert (address_form(one) == address_form(other)) is same


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_idempotent_for_every_character(form: Callable[[str], str]) -> None:
    for character in every_character():
        for text in (character, f"a@{character}", f"a{character}\u0316\u0301"):
            once = form(text)
            assert form(once) == once, ascii(text)


def test_canonically_equivalent_text_has_one_form_for_every_character() -> None:
    for character in every_character():
        decomposed = normalize("NFD", character)
        if decomposed == character and not combining(character):
            continue
        for tail in TAILS:
            assert text_form(character + tail) == text_form(decomposed + tail), ascii(character + tail)


def test_the_lower_case_of_a_letter_does_not_depend_on_its_neighbours() -> None:
    for character in every_character():
        assert text_form(f"x {character} x") == f"x {text_form(character)} x", ascii(character)


@given(st.one_of(PEOPLE, ADDRESSES))
def test_a_form_is_idempotent(text: str) -> None:
    for form in FORMS:
        assert form(form(text)) == form(text)


def test_a_form_is_idempotent_for_the_longest_domains() -> None:
    for length in range(240, 260):
        labels = ".".join([*["x" * 50] * 4, "x" * (length - 221), "xn--mller-kva.de"])
        for dots in ("", ".", "...", "\u3002 ."):
            once = unique_form(f"mara@{labels}{dots}")
            assert unique_form(once) == once == unique_form(f"mara@{labels}")
            assert unique_form(address_form(f"mara@{labels}{dots}")) == once


@given(st.one_of(PEOPLE, ADDRESSES))
def test_canonically_equivalent_text_is_one(text: str) -> None:
    for equivalent in (normalize("NFC", text), normalize("NFD", text)):
        assert unique_form(equivalent) == unique_form(text)
        assert text_form(equivalent) == text_form(text)


@given(PEOPLE)
def test_one_mailbox_is_one_address(text: str) -> None:
    assert unique_form(address_form(text)) == unique_form(text)


@given(st.one_of(PEOPLE, ADDRESSES), st.data())
def test_the_index_misses_no_user_who_has_the_prefix(value: str, data: st.DataObject) -> None:
    form = unique_form(value)
    prefix = data.draw(st.one_of(PEOPLE, st.integers(0, len(value)).map(lambda end: value[:end])))

    if form.startswith(part_forms(prefix, from_start=True)):
        assert form.startswith(prefix_form(prefix))


@given(st.one_of(PEOPLE, ADDRESSES), st.data())
def test_a_form_begins_with_the_form_of_its_start(value: str, data: st.DataObject) -> None:
    form = unique_form(value)
    start = form[: data.draw(st.integers(0, len(form)))]

    assert form.startswith(part_forms(start, from_start=True))

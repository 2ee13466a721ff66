"""Allowed characters of a userName and an address, checked for all of Unicode."""

from __future__ import annotations

import sys
from unicodedata import category

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.resources.characters import refused_character
from domain.resources.comparison import text_form, unique_form

EVERY_CODE_POINT = [chr(code) for code in range(sys.maxunicode + 1)]


@pytest.fixture(scope="module")
def allowed() -> list[str]:
    """Every character that is allowed."""
    return [character for character in EVERY_CODE_POINT if refused_character(character) is None]


def test_letters_marks_digits_punctuation_symbols_and_spaces_are_allowed() -> None:
    refused = {category(character) for character in EVERY_CODE_POINT if refused_character(character) is not None}
    of_these = [character for character in EVERY_CODE_POINT if category(character)[0] in "LMNPSZ"]
    unseen = [character for character in of_these if refused_character(character) is not None]

    assert refused == {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Mn", "Lo", "So"}
    assert {"\u2028", "\u2029", "\u2800", "\u3164", "\ufe0f"} < set(unseen)
    assert len(unseen) == 2 + 1 + 16 + 240 + 11


def test_no_character_that_idna_reads_as_nothing_is_allowed(allowed: list[str]) -> None:
    """IDNA's tables are not ours: what UTS 46 maps to nothing would make two addresses that look alike."""
    for character in allowed:
        if not character.isascii() and category(character)[0] != "Z":
            try:
                assert idna.uts46_remap(f"a{character}b", std3_rules=False) != "ab", ascii(character)
            except idna.IDNAError:
                continue


@pytest.mark.parametrize("form", [text_form, unique_form])
def test_forms_of_allowed_characters_are_allowed(allowed: list[str], form: object) -> None:
    assert callable(form)
    for character in allowed:
        assert refused_character(form(f"x{character}")) is None, ascii(character)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mara\u202e", "U+202E, an invisible formatting character"),
        ("ma\r\nra", "U+000D, a control character"),
        ("\ue000\u2028", "U+E000, a private-use character"),
        ("\u2028", "U+2028, a line separator"),
        ("\u2029", "U+2029, a paragraph separator"),
        ("\ud800", "U+D800, an unpaired surrogate"),
        ("\U0010ffff", "U+10FFFF, an unassigned code point"),
        ("\u2764\ufe0f", "U+FE0F, an invisible character"),
        ("ma\u200dra", "U+200D, a joiner that the script does not need"),
    ],
)
def test_a_refused_character_is_named_by_its_code_point(text: str, problem: str) -> None:
    assert refused_character(text) == problem


@pytest.mark.parametrize(
    "text",
    [
        "ب\u200cب",  # both letters would join
        "بَ\u200cَب",  # marks in between
        "क\u094d\u200cष",  # after a virama
        "क\u094d\u200dष",
        "ක\u0dca\u200d",
        "র\u200d\u09cdয",  # before a virama, after ra
        "ರ\u200d\u0ccdಕ",
        f"{'x' * 5000}क\u094d\u200dष",
    ],
)
def test_a_joiner_is_accepted_where_its_script_needs_it(text: str) -> None:
    assert refused_character(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "\u200c",
        "\u200dक",
        "a\u200cb",
        "د\u200cب",  # dal joins nothing
        "ب\u200c",
        "ب\u200c ب",
        "ب\u200db",
        "क\u200dष",
        "क\u094d\u200d\u200dष",
        "क\u094d\u200c\u200cष",
        "क\u200d\u094dष",
        "\u200d\u09cdয",
        "ب\u200c\u0378",
        "\u0378\u200cب",
        "\x00\u200dب",
        "\U0001f469\u200d\U0001f4bb",
        "ب\u200c" + "\u0610" * 100 + "ب",
    ],
)
def test_a_joiner_is_refused_where_no_script_needs_it(text: str) -> None:
    assert refused_character(text) is not None


@given(st.text(st.one_of(st.characters(), st.sampled_from("\u200c\u200d\u094dकب\u064e"))))
def test_every_text_has_an_answer(text: str) -> None:
    problem = refused_character(text)

    assert problem is None or chr(int(problem.partition(",")[0].removeprefix("U+"), 16)) in text

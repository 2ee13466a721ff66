"""The bounds of values: each is counted before anything could multiply it, and its error names bound and attribute."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import text
from domain.errors import InvalidValue
from domain.json_text import NotJson, RefusedJson, decode
from domain.limits import (
    MAX_CHARACTERS,
    MAX_COMBINING_MARKS,
    MAX_DEPTH,
    MAX_IDENTIFIER_CHARACTERS,
    MAX_ITEMS,
    MAX_MEDIA_CHARACTERS,
    MAX_MEMBERS,
    MAX_VALUES,
)
from domain.resources import comparison
from domain.resources.body import attributes_of
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER
from domain.text import has_too_many_marks
from support.patch_users import bjensen, patched_strictly, patched_tolerantly

MARK = "\u0301"
Json = dict[str, Any]


def kept(**attributes: Any) -> StoredUser:
    """A user with the attributes, as a create keeps it."""
    return StoredUser.new("1", attributes_of({"schemas": [CORE_URN], "userName": "ada"} | attributes, USER), "now")


def of_length(characters: int) -> str:
    return "x" * characters


@pytest.mark.parametrize(
    ("name", "of", "bound"),
    [
        ("userName", lambda text: {"userName": text}, MAX_IDENTIFIER_CHARACTERS),
        ("emails.value", lambda text: {"emails": [{"value": text[:-4] + "@b.c"}]}, MAX_IDENTIFIER_CHARACTERS),
        ("externalId", lambda text: {"externalId": text}, MAX_CHARACTERS),
        ("title", lambda text: {"title": text}, MAX_CHARACTERS),
        ("name.givenName", lambda text: {"name": {"givenName": text}}, MAX_CHARACTERS),
        ("emails.display", lambda text: {"emails": [{"value": "a@b.c", "display": text}]}, MAX_CHARACTERS),
        ("addresses.formatted", lambda text: {"addresses": [{"formatted": text}]}, MAX_CHARACTERS),
        (f"{ENTERPRISE_URN}:department", lambda text: {ENTERPRISE_URN: {"department": text}}, MAX_CHARACTERS),
        ("photos.value", lambda text: {"photos": [{"value": text}]}, MAX_MEDIA_CHARACTERS),
        ("x509Certificates.value", lambda text: {"x509Certificates": [{"value": text}]}, MAX_MEDIA_CHARACTERS),
    ],
)
def test_a_text_is_kept_up_to_its_bound_and_no_further(name: str, of: Callable[[str], Json], bound: int) -> None:
    kept(**of(of_length(bound)))
    with pytest.raises(InvalidValue, match=str(bound)) as refusal:
        kept(**of(of_length(bound + 1)))

    assert refusal.value.attribute == name
    assert len(refusal.value.detail) < 200


@pytest.mark.parametrize("name", ["phoneNumbers", "roles", "entitlements", "ims", "photos", "x509Certificates"])
def test_an_attribute_has_as_many_values_as_its_bound_and_no_more(name: str) -> None:
    values = [{"value": str(number)} for number in range(MAX_VALUES + 1)]

    kept(**{name: values[:-1]})
    with pytest.raises(InvalidValue, match=str(MAX_VALUES)) as refusal:
        kept(**{name: values})

    assert refusal.value.attribute == name


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("userName", lambda text: {"userName": text}),
        ("title", lambda text: {"title": text}),
        ("externalId", lambda text: {"externalId": text}),
        ("phoneNumbers.value", lambda text: {"phoneNumbers": [{"value": text}]}),
        ("profileUrl", lambda text: {"profileUrl": text}),
        (f"{ENTERPRISE_URN}:manager.value", lambda text: {ENTERPRISE_URN: {"manager": {"value": text}}}),
    ],
)
def test_marks_in_a_row_are_kept_up_to_the_bound_and_no_further(name: str, of: Callable[[str], Json]) -> None:
    kept(**of("e" + MAX_COMBINING_MARKS * MARK))
    with pytest.raises(InvalidValue, match=str(MAX_COMBINING_MARKS)) as refusal:
        kept(**of("e" + (MAX_COMBINING_MARKS + 1) * MARK))

    assert refusal.value.attribute == name


@pytest.mark.parametrize("patched", [patched_strictly, patched_tolerantly])
@pytest.mark.parametrize("path", ["title", "phoneNumbers", "externalId", "emails"])
def test_marks_of_a_patch_are_refused_before_anything_is_normalised(patched: Callable[..., Any], path: str) -> None:
    text = "e" + 4_000 * MARK
    value: Any = [{"value": text}] if path in ("phoneNumbers", "emails") else text

    with patch.object(comparison, "normalize", wraps=unicodedata.normalize) as normalize, pytest.raises(InvalidValue):
        patched(bjensen(), {"op": "add", "path": path, "value": value})

    assert max((len(call.args[1]) for call in normalize.call_args_list), default=0) < 100


def test_text_with_too_many_marks_is_never_folded() -> None:
    with patch.object(comparison, "normalize", wraps=unicodedata.normalize) as normalize, pytest.raises(InvalidValue):
        comparison.unique_form("e" + 31 * MARK)

    assert normalize.call_count == 0


def test_all_marks_of_unicode_are_looked_for() -> None:
    marks = [mark for number in range(0x110000) if text._is_mark.__wrapped__(mark := chr(number))]

    assert len(marks) > 800
    assert [mark for mark in marks if not has_too_many_marks(f"e{(MAX_COMBINING_MARKS + 1) * mark}")] == []


@pytest.mark.parametrize(
    "letters", ["a" + 15 * "\u0301\u0316", "क्षि", "".join(map(chr, range(0x4E00, 0x9000))), "\U00011123" * 31 + "a"]
)
def test_no_character_of_a_long_text_is_examined_twice(letters: str) -> None:
    text._is_mark.cache_clear()

    with patch.object(text, "combining", wraps=unicodedata.combining) as examined:
        has_too_many_marks(1_000 * letters)

    assert examined.call_count <= len(set(letters))


@given(
    st.lists(st.tuples(st.sampled_from([MARK, "\u0316", "\u0f73", "\uff9e", "\u0344"]), st.integers(1, 40)), max_size=6)
)
def test_a_run_of_marks_is_found_wherever_it_begins(runs: list[tuple[str, int]]) -> None:
    text = "".join("e" * length + mark * length for mark, length in runs)

    assert has_too_many_marks(text) is any(length > MAX_COMBINING_MARKS for _, length in runs)


@pytest.mark.parametrize(
    "text",
    ["Nguyễn Thị Minh Khai", "हिन्दी", "שָׁלוֹם", "ཧཱུྃ", "한국어", "Zoë", "👩‍🚀", "กำลังใจ", "e" + 30 * MARK],
)
def test_ordinary_text_of_any_script_has_not_too_many_marks(text: str) -> None:
    assert not has_too_many_marks(100 * text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (r'"\ud800"', "surrogate"),
        (r'{"\udc00": 1}', "surrogate"),
        ('["\ud800"]', "surrogate"),
        ("NaN", "NaN"),
        ("[-Infinity]", "Infinity"),
        ('{"a": 1, "a": 2}', "twice"),
        ("9" * 4_400, "digits"),
        ((MAX_DEPTH + 1) * "[" + (MAX_DEPTH + 1) * "]", str(MAX_DEPTH)),
        (50_000 * "[" + 50_000 * "]", str(MAX_DEPTH)),
        ("[" + MAX_VALUES * "0," + "0]", str(MAX_VALUES)),
        ("{" + ",".join(f'"{number}": 0' for number in range(MAX_MEMBERS + 1)) + "}", str(MAX_MEMBERS)),
        (json.dumps([[0] * MAX_VALUES] * (MAX_ITEMS // MAX_VALUES)), str(MAX_ITEMS)),
    ],
    ids=lambda text: text[:20].encode(errors="replace").decode(),
)
def test_json_that_could_do_harm_is_refused(text: str, problem: str) -> None:
    with pytest.raises(RefusedJson, match=problem):
        decode(text)


@pytest.mark.parametrize("text", ["", "{", "[1,]", "nonsense", "{" * 5_000])
def test_text_that_is_no_json_is_another_error_than_json_that_is_refused(text: str) -> None:
    with pytest.raises(NotJson):
        decode(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    )
)
def test_all_other_json_is_decoded(value: Any) -> None:
    assert decode(json.dumps(value)) == value


@pytest.mark.parametrize(
    "attributes", [{"roles": [{"value": "\ud800"}]}, {"userName": "\ud800"}, {"x": {"y": "\udfff"}}]
)
def test_no_version_of_a_user_holds_half_of_a_surrogate_pair(attributes: Json) -> None:
    user = kept()

    for write in (
        lambda: StoredUser.new("1", attributes, "now"),
        lambda: user.changed_to(attributes, "now"),
        lambda: user.adopted(attributes, "now", "adoption"),
    ):
        with pytest.raises(InvalidValue, match="surrogate"):
            write()  # type: ignore[no-untyped-call]  # mypy infers no type for lambdas of a tuple

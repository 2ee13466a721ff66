"""A malformed PATCH path is an error, whether its name is known or of a schema that this service does not have."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.errors import InvalidPath
from domain.filter import parse_patch_path
from domain.filter.shape import is_well_formed_path
from domain.resources.user_schema import USER
from support.patch_users import bjensen, patched_tolerantly

FOREIGN = "urn:example:params:scim:schemas:extension:other:2.0:User:"
ENDS = [
    "[", "[type eq", '[type eq "x"', "[]", "]x", '[type eq "x"]x', '[type eq "x"].', '[type xx "x"]', "[type eq x]",
    '[(type eq "x"]', '[type eq "x")]', '[type eq "x"] eq', ".", "..value", ".value.display.type", "[not type pr]",
    '[type eq "x]', "[type eq 01]", " x", '[value[type eq "x"]]', '["type" eq "x"]',
]  # fmt: skip
KNOWN = {"not", "and", "or", "pr", "eq", "co", "xx", "type", "value", "display", "x", "y"}
words = st.sampled_from(
    ["[", "]", "(", ")", "not", "and", "or", "pr", "eq", "xx", "type", "value", ".value", '"x"', '"', ".", " "]
)
filters = st.recursive(
    st.sampled_from(['type eq "x"', "value pr", 'display co "y"']),
    lambda inner: st.one_of(
        st.builds("({})".format, inner),
        st.builds("not ({})".format, inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["and", "or"]), inner),
    ),
    max_leaves=6,
)
rests = st.one_of(
    st.lists(words, max_size=9).map(" ".join),
    st.lists(words, max_size=5).map("".join),
    st.builds("[{}]{}".format, filters, st.sampled_from(["", ".value", ".", "x"])),
)


def is_left_out(path: str) -> bool:
    """Send a PATCH with the path; True if it was ignored, False if it was refused."""
    operations = [{"op": "replace", "path": path, "value": "x"}, {"op": "replace", "path": "title", "value": "Lead"}]
    try:
        _, applied = patched_tolerantly(bjensen(), *operations)
    except InvalidPath:
        return False
    return "unknown-path" in applied


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", ["nosuch", f"{FOREIGN}nosuch"])
def test_a_malformed_path_is_refused_whatever_its_name_is(name: str, end: str) -> None:
    with pytest.raises(InvalidPath):
        patched_tolerantly(bjensen(), {"op": "replace", "path": name + end, "value": "x"})


def has_known_names_only(rest: str) -> bool:
    """True unless words without a space between them became a name that no attribute has, such as `.valuenot`."""
    return not rest[:1].isalpha() and set(re.findall("[A-Za-z]+", rest)) <= KNOWN


@example(".value")
@given(rests.filter(has_known_names_only))
def test_a_path_of_another_schema_is_left_out_if_the_same_path_of_a_known_attribute_would_be_read(rest: str) -> None:
    try:
        parse_patch_path(f"emails{rest}", USER)
        is_read = True
    except InvalidPath:
        is_read = False

    assert is_left_out(f"{FOREIGN}emails{rest}") is is_read


@given(st.one_of(st.text(), st.text().map(FOREIGN.__add__), rests.map(f"{FOREIGN}tag".__add__)))
def test_whatever_is_left_out_follows_the_grammar_of_paths(path: str) -> None:
    assert not is_left_out(path) or is_well_formed_path(path)


def test_a_path_is_bounded_like_any_other() -> None:
    assert is_well_formed_path(f"{FOREIGN}tag[" + "(" * 3 + "type pr" + ")" * 3 + "]")
    assert not is_well_formed_path(f"{FOREIGN}tag[" + "(" * 9_000 + "type pr" + ")" * 9_000 + "]")
    assert not is_well_formed_path(f"{FOREIGN}tag[" + " or ".join(["type pr"] * 9_000) + "]")

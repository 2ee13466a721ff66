"""Properties of every filter, user and text."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.errors import InvalidFilter, InvalidPath
from domain.filter import And, Filter, Not, Or, compile_filter, index_lookup, parse, parse_patch_path, prefix_lookup
from domain.resources.user_schema import USER
from support.examples import examples
from support.filter_strategies import filters, users

_FEW = settings(
    max_examples=examples(50, thorough=200),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
_PIECES = (
    *("userName", "emails", "emails.value", "active", "urn:", "$ref", "eq", "ne", "co", "gt", "pr", "and", "or", "not"),
    *("(", ")", "[", "]", '"', "\\", ".", '"x"', "true", "null", "5", "é"),
)
_FRAGMENTS = st.sampled_from(_PIECES) | st.text(max_size=3)
_TEXTS = st.lists(_FRAGMENTS, max_size=12).map(" ".join) | st.lists(_FRAGMENTS, max_size=12).map("".join) | st.text()


@_FEW
@given(filters())
def test_a_printed_filter_parses_to_the_same_filter(filter_: Filter) -> None:
    assert parse(str(filter_), USER) == filter_


@_FEW
@given(filters(), filters(), users())
def test_a_negated_disjunction_equals_the_conjunction_of_negations(
    first: Filter, second: Filter, user: dict[str, Any]
) -> None:
    neither = compile_filter(Not(Or((first, second))))
    both_not = compile_filter(And((Not(first), Not(second))))

    assert neither(user) == both_not(user)


@_FEW
@given(filters(), users())
def test_every_filter_has_an_answer_for_every_user(filter_: Filter, user: dict[str, Any]) -> None:
    assert compile_filter(filter_)(user) in (True, False)


@_FEW
@given(filters())
def test_an_index_look_up_uses_a_value_of_the_filter(filter_: Filter) -> None:
    for lookup in (index_lookup(filter_, USER), prefix_lookup(filter_, USER)):
        assert lookup is None or lookup.index.paths[0][0].lower() in str(filter_).lower()


@_FEW
@given(_TEXTS)
@example('"\\' + '"\\' * 4000)
@example('"' * 8192)
@example("[" * 8192)
@example("id pr and " * 800)
def test_any_text_is_read_or_refused(text: str) -> None:
    for read, refusal in ((parse, InvalidFilter), (parse_patch_path, InvalidPath)):
        try:
            read(text, USER)
        except refusal as error:
            error.detail.encode()

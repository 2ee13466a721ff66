"""sortBy and sortOrder (RFC 7644 section 3.4.2.3)."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.limits import MAX_SORT_CHARACTERS
from domain.queries.sorting import Ordering
from domain.resources import comparison
from domain.resources.attributes import Index, ResourceType
from domain.resources.group_schema import DISPLAY_NAME, GROUP
from domain.resources.user_schema import ENTERPRISE_URN, USER, USER_NAME
from support.examples import examples
from support.filter_strategies import paths, users

_SORTABLE = [str(path) for path in paths() if not path.attribute.is_complex or path.attribute.sub_attribute("value")]


def in_order(sort_by: str, resources: Sequence[Any], *, descending: bool = False) -> list[str]:
    ordered = sorted(resources, key=Ordering.of(sort_by, USER, descending=descending).key)
    return [resource["id"] for resource in ordered]


def test_text_is_sorted_without_regard_to_case_unless_the_attribute_is_case_exact() -> None:
    resources = [
        {"id": "1", "title": "b", "externalId": "b"},
        {"id": "2", "title": "A", "externalId": "a"},
        {"id": "3", "title": "C", "externalId": "C"},
    ]

    assert in_order("title", resources) == ["2", "1", "3"]
    assert in_order("title", resources, descending=True) == ["3", "1", "2"]
    assert in_order("EXTERNALID", resources) == ["3", "2", "1"]


def test_a_missing_value_is_last_in_ascending_and_first_in_descending_order() -> None:
    resources = [{"id": "1"}, {"id": "2", "name": {"familyName": "Jensen"}}, {"id": "3", "name": {"givenName": "B"}}]

    assert in_order("name.familyName", resources) == ["2", "1", "3"]
    assert in_order("name.familyName", resources, descending=True) == ["1", "3", "2"]


def test_equal_values_stay_in_their_order_in_both_directions() -> None:
    resources = [{"id": "1", "title": "x"}, {"id": "2", "title": "X"}, {"id": "3", "title": "a"}]

    assert in_order("title", resources) == ["3", "1", "2"]
    assert in_order("title", resources, descending=True) == ["1", "2", "3"]


def test_a_multi_valued_attribute_is_sorted_by_its_primary_value_else_by_its_first() -> None:
    resources = [
        {"id": "1", "emails": [{"value": "a@x.org"}, {"value": "z@x.org", "type": "t", "primary": True}]},
        {"id": "2", "emails": [{"value": "M@x.org"}, {"value": "b@x.org", "primary": False}]},
        {"id": "3", "emails": []},
        {"id": "4", "emails": [{"type": "work"}]},
    ]

    assert in_order("emails", resources) == ["2", "1", "3", "4"]
    assert in_order("emails.value", resources) == ["2", "1", "3", "4"]
    assert in_order("emails.type", resources) == ["1", "4", "2", "3"]


def test_of_a_long_text_the_first_characters_count() -> None:
    start = "x" * (MAX_SORT_CHARACTERS - 1)
    resources = [
        {"id": "1", "title": f"{start}bb"},
        {"id": "2", "title": f"{start}BA"},
        {"id": "3", "title": f"{start}a"},
    ]

    assert in_order("title", resources) == ["3", "1", "2"]
    assert in_order("title", resources, descending=True) == ["1", "2", "3"]


def test_no_more_of_a_long_text_is_normalised_than_counts() -> None:
    with patch.object(comparison, "normalize", wraps=unicodedata.normalize) as normalize:
        assert in_order("title", [{"id": "1", "title": "É" * 4_096}, {"id": "2", "title": "a"}]) == ["2", "1"]

    assert max(len(call.args[1]) for call in normalize.call_args_list) <= MAX_SORT_CHARACTERS


def test_times_are_sorted_as_time() -> None:
    resources = [
        {"id": "1", "meta": {"created": "2011-05-13T04:42:34.5Z"}},
        {"id": "2", "meta": {"created": "2011-05-13T04:42:34.25Z"}},
        {"id": "3", "meta": {"created": "2011-05-13T05:42:34+02:00"}},
    ]

    assert in_order("meta.created", resources) == ["3", "2", "1"]


def test_false_is_before_true_and_absent_after_both() -> None:
    resources = [{"id": "1", "active": True}, {"id": "2"}, {"id": "3", "active": False}]

    assert in_order("active", resources) == ["3", "1", "2"]


def test_extension_attributes_are_sorted_by_their_urn() -> None:
    resources = [
        {"id": "1", ENTERPRISE_URN: {"manager": {"value": "b"}, "department": "D"}},
        {"id": "2", ENTERPRISE_URN: {"manager": {"value": "a"}}},
    ]

    assert in_order(f"{ENTERPRISE_URN}:manager", resources) == ["2", "1"]
    assert in_order(f"{ENTERPRISE_URN.lower()}:department", resources) == ["1", "2"]


@pytest.mark.parametrize(
    "sort_by", ["favouriteColour", "name", "addresses", "meta", ENTERPRISE_URN, "password", "a" * 999]
)
def test_sorting_by_an_unordered_attribute_is_refused_by_name(sort_by: str) -> None:
    with pytest.raises(InvalidValue, match=f"sortBy.*{sort_by[:20]}"):
        Ordering.of(sort_by, USER)


@pytest.mark.parametrize(
    ("sort_by", "resource_type", "expected"),
    [
        ("USERNAME", USER, USER_NAME),
        ("title", USER, None),
        ("emails", USER, None),
        ("emails.value", USER, None),
        ("displayName", USER, None),
        ("displayName", GROUP, DISPLAY_NAME),
        ("id", GROUP, None),
        ("members", GROUP, None),
    ],
)
def test_the_order_of_an_index_is_recognised(sort_by: str, resource_type: ResourceType, expected: Index | None) -> None:
    assert Ordering.of(sort_by, resource_type).index(resource_type) is expected


@settings(
    max_examples=examples(50, thorough=200),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.sampled_from(_SORTABLE), st.booleans(), st.lists(users(), max_size=4))
def test_any_users_can_be_sorted_by_any_attribute(sort_by: str, descending: bool, some: list[dict[str, Any]]) -> None:
    ordering = Ordering.of(sort_by, USER, descending=descending)
    key = ordering.key

    ordered = sorted(some, key=key)

    assert all(not key(later) < key(earlier) for earlier, later in pairwise(ordered))
    # A cursor holds any key, and leads to the same place.
    for one in some:
        assert ordering.key_at(json.loads(json.dumps(ordering.position(key(one))))) == key(one)

"""attributes, excludedAttributes and what is returned anyway (RFC 7644 sections 3.4.2.5 and 3.9)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.limits import MAX_NAMES
from domain.queries.projection import Projection
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER
from support.examples import examples
from support.filter_strategies import paths, users

_USER: Final[dict[str, Any]] = {
    "schemas": [CORE_URN, ENTERPRISE_URN],
    "id": "1",
    "userName": "bjensen",
    "name": {"familyName": "Jensen", "givenName": "Barbara"},
    "active": False,
    "emails": [{"value": "b@x.org", "type": "work"}, {"type": "home"}],
    ENTERPRISE_URN: {"department": "Tours", "manager": {"value": "m1", "displayName": "M"}},
    "meta": {"resourceType": "User", "version": 'W/"1"'},
}
_ALWAYS: Final = {"schemas": _USER["schemas"], "id": "1"}


@pytest.mark.parametrize(
    ("attributes", "returned"),
    [
        ("userName", {"userName": "bjensen"}),
        ("USERNAME, Active", {"userName": "bjensen", "active": False}),
        (["userName", "active"], {"userName": "bjensen", "active": False}),
        ("name", {"name": _USER["name"]}),
        ("name.givenName", {"name": {"givenName": "Barbara"}}),
        ("name.givenName,name", {"name": _USER["name"]}),
        ("name,name.givenName", {"name": _USER["name"]}),
        ("name.middleName", {}),
        ("emails", {"emails": _USER["emails"]}),
        ("emails.value", {"emails": [{"value": "b@x.org"}]}),
        ("emails.type", {"emails": [{"type": "work"}, {"type": "home"}]}),
        ("emails.display", {}),
        (f"{CORE_URN}:userName", {"userName": "bjensen"}),
        (ENTERPRISE_URN, {ENTERPRISE_URN: _USER[ENTERPRISE_URN]}),
        (f"{ENTERPRISE_URN.lower()}:DEPARTMENT", {ENTERPRISE_URN: {"department": "Tours"}}),
        (f"{ENTERPRISE_URN}:manager.value", {ENTERPRISE_URN: {"manager": {"value": "m1"}}}),
        ("id", {}),
        ("favouriteColour", {}),
        ("password", {}),
        ("meta.version", {"meta": {"version": 'W/"1"'}}),
    ],
)
def test_the_answer_has_only_requested_and_always_returned_attributes(
    attributes: object, returned: dict[str, Any]
) -> None:
    assert Projection.of(USER, attributes, None).apply(_USER) == _ALWAYS | returned


@pytest.mark.parametrize(
    ("excluded", "missing"),
    [
        ("userName", ["userName"]),
        (["NAME", "active"], ["name", "active"]),
        ("id,schemas", []),
        ("favouriteColour", []),
        (ENTERPRISE_URN, [ENTERPRISE_URN]),
        ("meta", ["meta"]),
    ],
)
def test_excluded_attributes_are_left_out_unless_always_returned(excluded: object, missing: list[str]) -> None:
    expected = {name: value for name, value in _USER.items() if name not in missing}

    assert Projection.of(USER, None, excluded).apply(_USER) == expected


def test_sub_attributes_can_be_excluded() -> None:
    projected = Projection.of(USER, None, f"name.givenName,emails.type,{ENTERPRISE_URN}:manager.displayName").apply(
        _USER
    )

    assert projected["name"] == {"familyName": "Jensen"}
    assert projected["emails"] == [{"value": "b@x.org"}]
    assert projected[ENTERPRISE_URN] == {"department": "Tours", "manager": {"value": "m1"}}


def test_an_attribute_left_without_any_part_is_left_out() -> None:
    assert "name" not in Projection.of(USER, None, "name.givenName,name.familyName").apply(_USER)


def test_the_password_is_never_returned() -> None:
    user = _USER | {"password": "correct horse"}

    for projection in (Projection.of(USER), Projection.of(USER, "password"), Projection.of(USER, None, "title")):
        assert "password" not in projection.apply(user)


@pytest.mark.parametrize("nothing", [None, "", " , ", [], [""]])
def test_asking_for_nothing_returns_everything(nothing: object) -> None:
    projection = Projection.of(USER, nothing, nothing)

    assert projection.returns_everything
    assert projection.apply(_USER) == _USER


def test_a_projection_that_was_asked_for_is_not_the_identity() -> None:
    assert not Projection.of(USER, "favouriteColour").returns_everything
    assert not Projection.of(USER, None, "title").returns_everything


def test_attributes_and_excluded_attributes_together_are_refused() -> None:
    with pytest.raises(InvalidValue, match="cannot be combined"):
        Projection.of(USER, "userName", "title")


@pytest.mark.parametrize("wrong", [5, {"a": "b"}, ["userName", 5], True])
def test_a_malformed_list_of_names_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidValue, match="excludedAttributes must be a list"):
        Projection.of(USER, None, wrong)


@settings(
    max_examples=examples(50, thorough=200),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(users(), st.lists(st.sampled_from([str(path) for path in paths()]), min_size=1, max_size=4))
def test_a_projection_changes_no_resource_and_is_idempotent(user: dict[str, Any], names: list[str]) -> None:
    before = copy.deepcopy(user)

    for projection in (Projection.of(USER, names), Projection.of(USER, None, names)):
        once = projection.apply(user)
        assert user == before
        assert projection.apply(once) == once


@pytest.mark.parametrize("of", [",".join, list], ids=["text", "list"])
def test_more_names_than_the_bound_are_refused(of: Callable[[list[str]], object]) -> None:
    Projection.of(USER, of(["userName"] * MAX_NAMES))
    for names in ((of(["userName"] * (MAX_NAMES + 1)), None), (None, of(["x"] * (MAX_NAMES + 1)))):
        with pytest.raises(InvalidValue, match=str(MAX_NAMES)):
            Projection.of(USER, *names)

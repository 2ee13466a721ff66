"""PATCH compared with an independent implementation, scim2-models, on users and operations that RFC 7644 allows.

Where the two read the RFC differently, `_as_scim2_models_reads_it` names the sentence.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ScimError
from support.examples import examples
from support.patch_strategies import OPERATIONS, USERS
from support.patch_users import message, patched_strictly

scim2_models = pytest.importorskip("scim2_models")

Json = dict[str, Any]


def _as_scim2_models_reads_it(operation: Json) -> Json:
    """A replace of whole values merges there; here they are replaced, so the other members are named as null.

    RFC 7644 section 3.5.2.3: "If the target location is a multi-valued attribute and a value selection ("valuePath")
    filter is specified that matches one or more values of the multi-valued attribute, then all matching record values
    SHALL be replaced."
    """
    if operation["op"] != "replace" or not operation.get("path", "").endswith("]"):
        return operation
    return operation | {"value": dict.fromkeys(("type", "display", "primary")) | operation["value"]}


def _patched_by_scim2_models(user: Json, operations: list[Json]) -> Json:
    """The user as scim2-models leaves it; raises SCIMException or pydantic's ValidationError, a ValueError."""
    model = scim2_models.User[scim2_models.EnterpriseUser]
    resource = model.model_validate(user)
    patch = scim2_models.PatchOp[model].model_validate(message(*map(_as_scim2_models_reads_it, operations)))
    patch.patch(resource)
    dumped: Json = resource.model_dump(mode="json")
    return dumped


def _comparable(user: Json) -> Json:
    """A user without what says nothing: `schemas`, which is kept in step elsewhere, and `primary: false`."""
    return {name: _assigned(value) for name, value in user.items() if name != "schemas"}


def _assigned(value: Any) -> Any:
    if isinstance(value, list):
        return [_assigned(item) for item in value]
    if isinstance(value, dict):
        return {name: _assigned(member) for name, member in value.items() if (name, member) != ("primary", False)}
    return value


@settings(max_examples=examples(75, thorough=500))
@given(USERS, st.lists(OPERATIONS, min_size=1, max_size=3))
def test_both_implementations_change_a_user_in_the_same_way(user: Json, operations: list[Json]) -> None:
    ours: Json | None
    theirs: Json | None

    try:
        ours = patched_strictly(user, *operations)
    except ScimError:
        ours = None
    try:
        theirs = _patched_by_scim2_models(user, operations)
    except (scim2_models.SCIMException, ValueError):
        theirs = None

    assert (ours is None) == (theirs is None)
    if ours is not None and theirs is not None:
        assert _comparable(ours) == _comparable(theirs)

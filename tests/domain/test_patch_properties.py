"""Properties of every PATCH, for any user and operation."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ScimError
from domain.patch import apply, parse_operations, target_of
from domain.resources.body import checked
from domain.resources.user_schema import USER
from domain.tolerances import Tolerant
from support.examples import examples
from support.patch_strategies import ADDITIONS, ANY_OPERATION, OPERATIONS, REMOVALS, REPLACEMENTS, USERS, WITHOUT_PATH
from support.patch_users import message, patched_strictly, patched_tolerantly

Json = dict[str, Any]

_QUICK = settings(max_examples=examples(75, thorough=200))


@_QUICK
@given(USERS, st.lists(ANY_OPERATION, min_size=1, max_size=3))
def test_an_operation_ends_in_a_valid_user_or_a_scim_error_and_leaves_its_input(
    user: Json, operations: list[Json]
) -> None:
    before = copy.deepcopy((user, operations))

    for patched in (patched_strictly, patched_tolerantly):
        try:
            result = patched(user, *operations)
        except ScimError:
            continue
        after = result[0] if isinstance(result, tuple) else result
        assert checked(after, USER) == after

    assert (user, operations) == before


@_QUICK
@given(USERS, st.one_of(REPLACEMENTS, REMOVALS, ADDITIONS, WITHOUT_PATH))
def test_the_same_operation_again_changes_nothing(user: Json, operation: Json) -> None:
    try:
        once = patched_strictly(user, operation)
        twice = patched_strictly(once, operation)
    except ScimError:
        return

    assert twice == once


@_QUICK
@given(USERS, OPERATIONS)
def test_other_attributes_stay_the_very_same(user: Json, operation: Json) -> None:
    (parsed,) = parse_operations(message(operation))
    touched = {target_of(parsed.path, USER).steps[0].name} if parsed.path is not None else set(operation["value"])
    try:
        after = apply(user, parsed, USER)
    except ScimError:
        return

    for name in user.keys() - touched:
        assert after[name] is user[name]
    assert after.keys() - user.keys() <= touched


@_QUICK
@given(USERS, st.lists(OPERATIONS, min_size=1, max_size=3))
def test_tolerance_does_not_change_what_a_correct_request_does(user: Json, operations: list[Json]) -> None:
    try:
        strict = patched_strictly(user, *operations)
    except ScimError:
        return

    after, applied = patched_tolerantly(user, *operations)

    assert after == strict or applied


@_QUICK
@given(USERS, st.sampled_from(["False", "false", "FALSE"]), st.sampled_from(["Add", "replace", "Replace"]))
def test_a_user_whose_active_is_the_text_false_is_never_enabled(user: Json, text: str, op: str) -> None:
    after, _ = patched_tolerantly(user, {"op": op, "path": "active", "value": text})

    assert after["active"] is False


@_QUICK
@given(USERS)
def test_a_stored_user_sent_back_needs_no_tolerance(user: Json) -> None:
    reader = Tolerant(USER)

    assert reader.resource(user) == user
    assert reader.noted == set()

"""The expanded template against that of the commit before it was cut in two: every difference is listed here by name.

`tests/data/template-before.json` has the template before, in short (`support.template_summary`). Both go when the first
deployment of the new cut is through.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from support.repository import ROOT
from support.stack_template import template
from support.template_summary import Summary, summary

BEFORE: Summary = json.loads((ROOT / "tests" / "data" / "template-before.json").read_text(encoding="utf-8"))

API = {
    *("CreateUser", "GetUser", "ListUsers", "SearchUsers", "ReplaceUser", "PatchUser", "DeleteUser"),
    *("Bulk", "Discovery", "Unrouted"),
}
JOBS = {"PreTraffic", "Publisher", "SeedDefaultAccount", "SettingsWidget", "Watch"}
ROLES = {f"{name}Role" for name in API | JOBS} | {"ApiGatewayLogsRole", "ShiftTrafficRole"}

MOVED_HANDLERS = {f"{name}.Handler" for name in JOBS}
"""Modules have moved into rooms by audience."""
NO_LAYER = {f"{name}.{key}" for name in API | JOBS for key in ("Layers", "$AWS_LAMBDA_EXEC_WRAPPER")}
"""The parameter AdotLayerArn is gone (decision 034)."""
NO_SNAPSHOTS = {f"{name}.SnapStart" for name in API}
"""The parameter SnapStart is gone (decision 034)."""
NO_BOUNDARY = {f"{name}.PermissionsBoundary" for name in ROLES}
"""The parameter PermissionsBoundaryArn is gone (decision 034)."""

REMOVED: set[str] = set()
ADDED: set[str] = set()
CHANGED = MOVED_HANDLERS | NO_LAYER | NO_SNAPSHOTS | NO_BOUNDARY
TAKEN: set[str] = set()
GIVEN: set[str] = set()


def changed(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """The properties that differ, as `Resource.Property`."""
    for name in before.keys() & after.keys():
        for key in before[name].keys() | after[name].keys():
            if before[name].get(key) != after[name].get(key):
                yield f"{name}.{key}"


def allowed(found: Summary) -> set[str]:
    """What each function may do, as `Function: action on resource`."""
    return {f"{name}: {permission}" for permission, names in found["permissions"].items() for name in names}


def test_resources_are_those_of_before_except_where_a_difference_is_listed() -> None:
    before, after = BEFORE["resources"], summary(template())["resources"]

    assert before.keys() - after.keys() == REMOVED
    assert after.keys() - before.keys() == ADDED
    assert set(changed(before, after)) == CHANGED


def test_functions_may_do_what_they_might_before_except_where_a_difference_is_listed() -> None:
    before, after = allowed(BEFORE), allowed(summary(template()))

    assert before - after == TAKEN
    assert after - before == GIVEN

"""Faults that are put into the templates one at a time, and found."""

from __future__ import annotations

import json

import pytest

from support.emulated_stack import Deployer, DeploymentFailed
from support.functions_under_roles import FunctionsUnderRoles
from support.listener import SECONDS_TO_ARRIVE
from support.repository import ROOT
from support.stack_probe import probe
from support.template_faults import FAULTS, Fault
from support.wires import denied, loose_wires, together

pytestmark = [pytest.mark.prove, pytest.mark.timeout(300)]

SECONDS_UNTIL_MISSED = 12
"""For events that the fault keeps away; those that have to come get `SECONDS_TO_ARRIVE`."""


def first_finding(deployer: Deployer, name: str, lived: FunctionsUnderRoles, seconds: float) -> str | None:
    """The check that finds something, and what; None for sound templates. What needs no deployment comes first."""
    document = together(deployer.documents)
    if loose := loose_wires(document):
        return f"wires: {loose[0]}"
    if refused := denied(document, lived.calls):
        return f"roles: {refused[0]}"
    try:
        with deployer.deployed(name) as stack:
            return probe(stack, seconds)
    except DeploymentFailed as failed:
        return f"deployment: {failed}"


def test_sound_templates_pass_every_check(deployer: Deployer, lived: FunctionsUnderRoles) -> None:
    found = first_finding(deployer, "sound", lived, SECONDS_TO_ARRIVE)

    assert found is None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_fault_of_the_templates_is_found(deployer: Deployer, lived: FunctionsUnderRoles, fault: Fault) -> None:
    seconds = SECONDS_UNTIL_MISSED if fault.found_by.startswith("events") else SECONDS_TO_ARRIVE

    found = first_finding(deployer.changed(fault.change), "faulty", lived, seconds)

    assert found is not None
    assert found.startswith(fault.finding or fault.found_by), found


def test_the_page_lists_the_faults_and_what_is_left_out() -> None:
    page = (ROOT / "docs" / "prove.md").read_text(encoding="utf-8")
    left_out = json.loads((ROOT / "tests" / "prove" / "left_out.json").read_text(encoding="utf-8"))

    rows = page.partition("## Faults that are found")[2].splitlines()
    assert [row for row in rows if row.startswith("|")][2:] == [f"| {each.what} | {each.found_by} |" for each in FAULTS]
    rows = page.partition("## Left out")[2].partition("\n## ")[0].splitlines()
    assert [row for row in rows if row.startswith("|")][2:] == [
        f"| {kind} | {count} |" for kind, count in left_out.items()
    ]

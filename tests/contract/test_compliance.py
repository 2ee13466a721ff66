"""Independent checkers against the service over HTTP: their verdicts are those that docs/conformance.md lists."""

from __future__ import annotations

import pytest

from conformance import checkers, results
from local.service import LocalService
from support.emulated_stack import Stack

AS_LISTED = "run make conformance, and read what changed"


@pytest.mark.parametrize("groups", results.GROUPS)
@pytest.mark.parametrize("package", checkers.CHECKERS)
def test_a_checker_has_the_verdicts_that_the_conformance_page_lists(
    service: LocalService, package: str, groups: str
) -> None:
    verdicts = checkers.run(service, package, results.GROUPS[groups])

    assert verdicts == results.load().checkers[package][groups], AS_LISTED


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.parametrize("package", checkers.CHECKERS)
def test_a_checker_has_the_same_verdicts_about_the_deployed_stack(stack: Stack, package: str) -> None:
    assert checkers.run(stack, package, groups=True) == results.load().checkers[package]["groups on"], AS_LISTED

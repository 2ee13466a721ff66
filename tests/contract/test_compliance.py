"""Independent checkers against the service over HTTP: their verdicts are those that docs/conformance.md lists."""

from __future__ import annotations

import pytest

from conformance import checkers, results
from local.service import LocalService


@pytest.mark.parametrize("groups", results.GROUPS)
@pytest.mark.parametrize("package", checkers.CHECKERS)
def test_a_checker_has_the_verdicts_that_the_conformance_page_lists(
    service: LocalService, package: str, groups: str
) -> None:
    verdicts = checkers.run(service, package, results.GROUPS[groups])

    assert verdicts == results.load().checkers[package][groups], "run make conformance, and read what changed"

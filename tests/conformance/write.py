"""Writes docs/conformance.md and the recorded results from runs of everything that the lines name.

Nothing is written unless every named test ran and passed, and every deviation of a checker has its reason.
"""

from __future__ import annotations

import sys
from typing import Final

import pytest

from conformance import checkers, lines, page, results
from conformance.outcomes import Outcomes
from local.service import LocalService

SLOW_TIERS: Final = "not (dynamodb_local or sam_local or browser or prove)"


def main() -> int:
    """Return 0 when both files are written, 1 when something does not show what a line says."""
    suites = lines.load()
    names = lines.named_tests(suites)
    print(f"Running the {len(names)} tests that the lines name")
    outcomes = Outcomes()
    ended = pytest.main(["-q", "--no-summary", "-n", "2", "-m", SLOW_TIERS, *names], plugins=[outcomes])
    # Where a name leads nowhere, pytest says so and runs nothing.
    problems = outcomes.problems(names) if outcomes.of else [f"pytest ran no test: {pytest.ExitCode(ended).name}"]
    runs: dict[str, dict[str, checkers.Verdicts]] = {}
    if not problems:
        print("Running the checkers with groups off and on")
        runs = _run_checkers()
        problems = [
            f"{each}: give the reason in tests/conformance/suites/{suite.name}.toml, or correct the service"
            for suite in suites
            if suite.package
            for each in results.unexplained(suite, runs[suite.package])
        ]
    if problems:
        print("Nothing is written, since not every line is shown:", *problems, sep="\n  ", file=sys.stderr)
        return 1
    found = results.Results(checkers.versions(), runs, names)
    results.FILE.write_text(found.text(), encoding="utf-8")
    page.FILE.write_text(page.render(suites, found), encoding="utf-8")
    print("Written: docs/conformance.md, tests/conformance/results.json")
    return 0


def _run_checkers() -> dict[str, dict[str, checkers.Verdicts]]:
    with LocalService() as service:
        return {
            package: {name: checkers.run(service, package, groups) for name, groups in results.GROUPS.items()}
            for package in checkers.CHECKERS
        }


if __name__ == "__main__":
    sys.exit(main())

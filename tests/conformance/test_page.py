"""docs/conformance.md is what its lines and the recorded results say, and each line is shown or explained."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from conformance import checkers, lines, page, results
from conformance.outcomes import Outcomes, variants
from support.child_processes import run
from support.repository import ROOT

SUITES = lines.load()
OF_LINES = [suite for suite in SUITES if not suite.package]
CHECKERS = [suite for suite in SUITES if suite.package]
AGAIN = "run make conformance"


def test_the_page_is_what_the_lines_and_the_results_give() -> None:
    assert page.FILE.read_text(encoding="utf-8") == page.render(SUITES, results.load()), AGAIN


def test_the_results_are_of_the_tests_and_the_checkers_that_are_named() -> None:
    recorded = results.load()

    assert recorded.tests == lines.named_tests(SUITES), AGAIN
    assert recorded.versions == checkers.versions(), AGAIN
    assert set(recorded.checkers) == {suite.package for suite in CHECKERS} == set(checkers.CHECKERS), AGAIN


def test_every_named_test_exists() -> None:
    names = lines.named_tests(SUITES)
    files = sorted({name.partition("::")[0] for name in names})

    collected = run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files], cwd=ROOT
    )

    nodes = [line for line in collected.stdout.splitlines() if "::" in line]
    assert [name for name in names if not variants(name, nodes)] == []


@pytest.mark.parametrize("suite", OF_LINES, ids=lambda suite: suite.name)
def test_a_line_is_shown_by_a_test_or_has_a_reason(suite: lines.Suite) -> None:
    assert suite.lines
    for line in suite.lines:
        assert line.point
        assert line.source
        assert (line.verdict == "met") == (not line.deviates and not line.left)
        assert line.tests or line.deviates or line.left, line.point
        assert not (line.deviates and line.left), line.point
        assert all(reason.endswith(".") for reason in (line.deviates, line.left) if reason), line.point


@pytest.mark.parametrize("suite", CHECKERS, ids=lambda suite: suite.name)
def test_a_verdict_other_than_passed_has_a_reason_and_a_reason_its_verdict(suite: lines.Suite) -> None:
    runs = results.load().checkers[suite.package]
    found = {(check, verdict) for run_ in runs.values() for check, verdicts in run_.items() for verdict in verdicts}

    assert results.unexplained(suite, runs) == []
    assert {(each.check, each.verdict) for each in suite.deviations} - found == set()
    assert all(each.because.endswith(".") for each in suite.deviations)


def test_a_verdict_without_its_reason_is_reported() -> None:
    (suite,) = [each for each in CHECKERS if each.package == "scim-sanity"]
    runs = {"groups on": {"PATCH /Users/{id}": {"failed: got 500": 1}, "Agent": {"skipped: none": 1}}}

    assert results.unexplained(suite, runs) == ["scim-sanity, groups on: PATCH /Users/{id}: failed: got 500"]


TESTS = """
import pytest

def test_passes(): pass

@pytest.mark.parametrize("number", [1, 2])
def test_fails_once(number): assert number == 1

@pytest.mark.skip
def test_skipped(): pass

@pytest.fixture
def unfinished():
    yield
    raise OSError

def test_fails_at_its_end(unfinished): pass
"""

OUTCOMES = """
import sys, pytest
from conformance.outcomes import Outcomes
outcomes = Outcomes()
pytest.main(["-q", "-p", "no:cacheprovider", "test_it.py"], plugins=[outcomes])
print("\\n".join(outcomes.problems(sys.argv[1:])), file=sys.stderr)
"""


def test_a_test_that_did_not_run_or_did_not_pass_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    named = ["passes", "fails_once", "skipped", "fails_at_its_end", "renamed"]
    names = [f"test_it.py::test_{name}" for name in named]

    done = run(
        [sys.executable, "-c", OUTCOMES, *names],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "tests"), "PATH": os.environ["PATH"]},
    )

    assert done.stderr.splitlines() == [
        "test_it.py::test_fails_once[2]: failed",
        "test_it.py::test_skipped: skipped",
        "test_it.py::test_fails_at_its_end: failed",
        "test_it.py::test_renamed: did not run",
    ]
    assert Outcomes().problems([]) == []

"""`make conformance` writes the page only when every line is shown and every deviation has its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import checkers, lines, page, results, write
from support.repository import ROOT

Tests = Callable[[str], None]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Where the files go; the checkers find what is recorded."""
    files = {results: tmp_path / "results.json", page: tmp_path / "conformance.md"}
    recorded = results.load()
    for module, path in files.items():
        monkeypatch.setattr(module, "FILE", path)
    monkeypatch.setattr(write, "_run_checkers", lambda: recorded.checkers)
    return list(files.values())


@pytest.fixture
def tests_end(monkeypatch: pytest.MonkeyPatch) -> Tests:
    """Let each named test pass, except for the first, which ends as the test says."""

    def end(outcome: str) -> None:
        def main(arguments: list[str], plugins: list[Any]) -> int:
            names = [each for each in arguments if "::" in each]
            plugins[0].of = dict.fromkeys(names, "passed")
            if outcome:
                plugins[0].of[names[0]] = outcome
            else:
                plugins[0].of.clear()
            return pytest.ExitCode.OK if outcome == "passed" else pytest.ExitCode.USAGE_ERROR

        monkeypatch.setattr(pytest, "main", main)

    return end


def test_the_page_and_the_results_are_written_when_everything_passed(written: list[Path], tests_end: Tests) -> None:
    before = ROOT / "docs" / "conformance.md"
    tests_end("passed")

    assert write.main() == 0

    assert all(path.is_file() for path in written)
    assert written[1].read_text() == before.read_text()


@pytest.mark.parametrize(
    ("outcome", "said"), [("failed", ": failed"), ("skipped", ": skipped"), ("", "pytest ran no test: USAGE_ERROR")]
)
def test_a_test_that_does_not_pass_prevents_both(
    written: list[Path], tests_end: Tests, capsys: pytest.CaptureFixture[str], outcome: str, said: str
) -> None:
    tests_end(outcome)

    assert write.main() == 1

    assert said in capsys.readouterr().err
    assert not any(path.exists() for path in written)


def test_a_verdict_without_a_reason_prevents_both(
    written: list[Path], tests_end: Tests, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tests_end("passed")
    found = {package: {"groups off": {"GET /Users": {"failed: got 500": 1}}} for package in checkers.CHECKERS}
    monkeypatch.setattr(write, "_run_checkers", lambda: found)
    suites = [replace(suite, deviations=()) for suite in lines.load()]
    monkeypatch.setattr(lines, "load", lambda: suites)

    assert write.main() == 1

    assert "scim-sanity, groups off: GET /Users: failed: got 500: give the reason in" in capsys.readouterr().err
    assert not any(path.exists() for path in written)

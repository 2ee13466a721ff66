"""The tests themselves: none is left out by accident."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest

from cli.events import ROOT


def test_no_folder_of_tests_is_passed_over(pytestconfig: pytest.Config) -> None:
    passed_over = pytestconfig.getini("norecursedirs")
    folders = {part for path in (ROOT / "tests").rglob("test_*.py") for part in path.relative_to(ROOT).parts[:-1]}

    assert {folder for folder in folders if any(fnmatch(folder, pattern) for pattern in passed_over)} == set()

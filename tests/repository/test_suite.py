"""The tests themselves: none is left out, and none listens to another machine."""

from __future__ import annotations

import doctest
import re
from fnmatch import fnmatch
from types import ModuleType

import pytest

from support import insights, metric_math
from support.repository import ROOT


def test_every_folder_of_tests_is_collected(pytestconfig: pytest.Config) -> None:
    passed_over = pytestconfig.getini("norecursedirs")
    folders = {part for path in (ROOT / "tests").rglob("test_*.py") for part in path.relative_to(ROOT).parts[:-1]}

    assert {folder for folder in folders if any(fnmatch(folder, pattern) for pattern in passed_over)} == set()


@pytest.mark.parametrize("module", [insights, metric_math])
def test_the_examples_of_a_helper_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


def test_servers_of_tests_and_benches_listen_to_this_machine_only() -> None:
    sources = [
        path.read_text(encoding="utf-8")
        for folder in ("tests", "bench", "verify_aws")
        for path in (ROOT / folder).rglob("*.py")
    ]
    addresses = {
        address for source in sources for address in re.findall(r"(?:Server|create_server|bind)\(\(([^,]+), ", source)
    }

    assert addresses == {'"127.0.0.1"'}


def test_the_list_of_helpers_names_each_once() -> None:
    folder = ROOT / "tests" / "support"
    listed = re.findall(r"^\| `(.+?)` \| \S", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(listed) == sorted(path.name for path in folder.glob("*.py"))

"""Every installed package is pinned by version and by the hashes of its files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.repository import ROOT

LOCKED = sorted(ROOT.glob("requirements*.txt"))


@pytest.mark.parametrize("path", LOCKED, ids=lambda path: path.name)
def test_every_package_is_pinned_with_hashes(path: Path) -> None:
    text = re.sub(r"^\s*#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    packages = text.replace("\\\n", " ").splitlines()

    assert packages
    for package in packages:
        assert re.match(r"[\w.-]+(\[[\w, -]+\])?==[\w.+!-]+ (;.*? )?\s*--hash=sha256:[0-9a-f]{64}", package), package


def test_every_requirements_file_is_installed_with_hashes() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    installed = re.findall(r"(--require-hashes )?-r (requirements[\w-]*\.txt)", makefile)
    assert all(hashes for hashes, _ in installed)
    # Those of the functions are what the artifact is built from (artifact/build.py).
    assert {name for _, name in installed} == {path.name for path in LOCKED} - {"requirements.txt"}


@pytest.mark.parametrize("path", LOCKED, ids=lambda path: path.name)
def test_no_list_of_requirements_names_an_address(path: Path) -> None:
    assert not re.findall(r"https?://|^-", path.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_functions_run_the_versions_that_the_tests_run() -> None:
    versions = {
        path.name: dict(re.findall(r"^([\w.-]+)(?:\[.*?\])?==(\S+)", path.read_text(), re.MULTILINE)) for path in LOCKED
    }
    tested = versions["requirements-dev.txt"].items()

    assert versions["requirements.txt"].items() <= tested
    assert versions["requirements-local.txt"].items() <= tested

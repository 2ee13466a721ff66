"""`make release-files`: all files of a release, twice the same. It installs the packages that `make build` does."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from support.child_processes import run
from support.repository import ROOT

pytestmark = [pytest.mark.sam_local, pytest.mark.timeout(600)]

RELEASE: dict[str, Any] = runpy.run_path(str(ROOT / "artifact" / "release.py"), run_name="release")


def test_a_release_has_the_same_bytes_twice_and_its_checksums_agree(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        RELEASE["release"](tmp_path / name)
        made.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    checked = run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path / "one")

    assert checked.returncode == 0, checked.stdout
    assert len(checked.stdout.splitlines()) == len(made[0].keys() - {"SHA256SUMS", "NOTES.md"})
    assert {name for name in made[0] if made[0][name] != made[1].get(name)} == set()
    assert {name.rpartition(".")[2] for name in made[0]} >= {"zip", "yaml", "whl", "json"}

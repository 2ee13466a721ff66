"""`make release-files`: all files of a release, built as `make build` builds, with the same bytes."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from support.artifact_build import ARTIFACT
from support.child_processes import run
from support.repository import ROOT

pytestmark = [pytest.mark.sam_local, pytest.mark.timeout(300)]

RELEASE: dict[str, Any] = runpy.run_path(str(ROOT / "artifact" / "release.py"), run_name="release")
BUILT_FOR = ROOT / ".aws-sam" / "build" / "architecture"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of a release."""
    folder = tmp_path_factory.mktemp("made") / "release"
    RELEASE["SBOM"].parent.mkdir(exist_ok=True)
    RELEASE["SBOM"].touch()  # that of `make sbom`, if it was made
    RELEASE["release"](folder)
    return folder


def test_two_builds_of_the_same_source_have_the_same_bytes(release: Path, tmp_path: Path) -> None:
    if not BUILT_FOR.is_file():
        pytest.fail("nothing is built: run make build")
    RELEASE["zipped"](ARTIFACT, tmp_path / "built.zip")
    RELEASE["write_wheel"](tmp_path)
    [wheel] = tmp_path.glob("*.whl")

    processor = BUILT_FOR.read_text(encoding="utf-8").strip()
    assert (tmp_path / "built.zip").read_bytes() == (release / RELEASE["archive"](processor)).read_bytes()
    assert wheel.read_bytes() == (release / wheel.name).read_bytes()


def test_the_checksums_are_of_all_files_but_the_notes(release: Path) -> None:
    checked = run(["sha256sum", "--check", "--strict", RELEASE["SUMS"]], cwd=release)

    assert checked.returncode == 0, checked.stdout
    names = {path.name for path in release.iterdir()} - {RELEASE["SUMS"], RELEASE["NOTES"]}
    assert len(checked.stdout.splitlines()) == len(names)
    assert {RELEASE["archive"](processor) for processor in ("arm64", "x86_64")} < names
    assert {f"deploy-policy-{path.name}" for path in RELEASE["POLICIES"].iterdir()} < names

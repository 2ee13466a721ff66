"""The template before the SAM CLI and its linter, as `samconfig.toml` calls them."""

from __future__ import annotations

import subprocess

import pytest

from cli.events import ROOT

pytestmark = [pytest.mark.sam_local, pytest.mark.timeout(300)]


def test_sam_validate_and_its_linter_find_nothing(sam: str, sam_environment: dict[str, str]) -> None:
    run = subprocess.run(
        [sam, "validate"], cwd=ROOT, env=sam_environment, capture_output=True, text=True, check=False
    )  # fmt: skip

    assert run.returncode == 0, run.stdout + run.stderr
    # Without its linter it says so, and which option to add.
    assert run.stdout.strip().endswith("template.yaml is a valid SAM Template")

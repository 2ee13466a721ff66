"""The template before the SAM CLI and its linter, as `samconfig.toml` calls them."""

from __future__ import annotations

import pytest

from support.child_processes import run
from support.repository import ROOT

pytestmark = [pytest.mark.sam_local, pytest.mark.timeout(300)]


def test_sam_validate_and_its_linter_find_nothing(sam: str, sam_environment: dict[str, str]) -> None:
    done = run(
        [sam, "validate"], cwd=ROOT, env=sam_environment
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    # Without its linter it says so, and which option to add.
    assert done.stdout.strip().endswith("template.yaml is a valid SAM Template")

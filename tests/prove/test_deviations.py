"""The emulator's CloudFormation differs from AWS's only where docs/prove.md says so."""

from __future__ import annotations

import pytest

from support.emulator import Emulator
from support.emulator_deviations import DEVIATIONS, Deviation, SmallStack
from support.repository import ROOT

pytestmark = [pytest.mark.prove, pytest.mark.timeout(120)]


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda deviation: deviation.what)
def test_the_emulator_differs_as_the_page_says(emulated: Emulator, deviation: Deviation) -> None:
    assert not deviation.does_as_aws(SmallStack(emulated)), "It no longer differs: let test_life.py use it"


def test_the_page_lists_the_deviations() -> None:
    page = (ROOT / "docs" / "prove.md").read_text(encoding="utf-8")
    section = page.partition("### What the emulator does differently")[2].partition("\n## ")[0]

    listed = [line.removeprefix("- ").split(":")[0] for line in section.splitlines() if line.startswith("- ")]

    assert listed == [deviation.what for deviation in DEVIATIONS]

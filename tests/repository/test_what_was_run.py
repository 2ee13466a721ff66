"""The README says what was run on AWS, and the results of such runs bear it out."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from support.repository import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
ANCHOR = "README.md#what-was-run-where"
RESULTS = sorted((ROOT / "docs" / "evidence").glob("aws-*.json"))
NOTHING = "Nothing of this release was run on AWS"


def test_the_readme_says_so_until_there_are_results() -> None:
    passed: list[dict[str, Any]] = [
        result for path in RESULTS if (result := json.loads(path.read_text(encoding="utf-8")))["verdict"] == "passed"
    ]

    assert (NOTHING in README) is not bool([result for result in passed if not result.get("emulator")])


def test_the_readme_names_the_results() -> None:
    assert [path.name for path in RESULTS if f"docs/evidence/{path.stem}.md" not in README] == []


@pytest.mark.parametrize("page", ["prove", "jumpcloud", "scale"])
def test_other_pages_refer_to_it(page: str) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")

    assert ANCHOR in text
    assert "run on AWS" not in text.replace("Nothing of it runs on AWS", "")


def test_the_costs_in_other_pages_are_those_of_the_scale_page() -> None:
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    [(stack, account, least, most)] = re.findall(
        r"costs \$(\d+) \+ \$([\d.]+) x accounts \+ \(\$([\d.]+) to \$([\d.]+)\) x users / 1,000", page
    )

    fixed = f"about ${stack} a month before the first user"
    each = f"Each customer adds ${account} a month, and each 1,000 users"
    shown = f"{fixed}. {each} add {100 * float(least):.1f} to {100 * float(most):.1f} cents"
    assert shown in README
    assert shown in (ROOT / "docs" / "faq.md").read_text(encoding="utf-8")
    assert fixed in (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")

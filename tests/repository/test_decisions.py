"""Records of decisions have one form, so that a reader finds the same part at the same place in each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.repository import ROOT

RECORDS = sorted((ROOT / "docs" / "decisions").iterdir())
PARTS = re.compile(r"Context, Choice,( Considered,)?( Measured,)? Consequences")


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_record_has_its_number_and_the_parts_of_every_record_in_their_order(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    empty = re.findall(r"^## (.+)\n+(?=## |\Z)", text, re.MULTILINE)

    assert re.fullmatch(r"\d{3}(-[a-z0-9]+)+\.md", record.name)
    assert re.match(rf"# {record.name[:3]}: \S.*\n\n(\*\*Superseded\*\*: .*\n\n)?## Context\n", text)
    assert PARTS.fullmatch(", ".join(headings))
    assert empty == []
    assert not re.search(r"^(\*\*)?(Context|Choice|Considered|Measured|Consequences)[.:]", text, re.MULTILINE)


def test_no_number_is_given_twice() -> None:
    numbers = [record.name[:3] for record in RECORDS]

    assert len(numbers) == len(set(numbers))

"""Every code block of a document is of a kind that a test checks."""

from __future__ import annotations

import pytest

from support.documents import DOCUMENTS, Piece, contents, contents_of
from support.repository import ROOT

KINDS = {"console", "csv", "hcl", "http", "javascript", "json", "mermaid", "python", "sh", "sql", "text", "typescript"}
"""The labels of blocks, which also decide how a reader sees them coloured."""


def unknown(blocks: tuple[Piece, ...]) -> list[str]:
    return [f"{block.place} [{block.label}]" for block in blocks if block.label not in KINDS]


def test_every_block_has_a_label_of_a_known_kind() -> None:
    assert [place for document in DOCUMENTS for place in unknown(contents(document).blocks)] == []


def test_every_kind_occurs() -> None:
    assert {block.label for document in DOCUMENTS for block in contents(document).blocks} == KINDS


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("# A\n\n```\nmake run\n```\n", "README.md:3 []"),
        ("# A\n\n1. First:\n\n   ```bash\n   make run\n   ```\n", "README.md:5 [bash]"),
        ("# A\n\n~~~ruby\nputs 1\n~~~\n", "README.md:3 [ruby]"),
        ("# A\n\n    make run\n", "README.md:3 []"),
    ],
    ids=["none", "in a list", "other fence", "indented"],
)
def test_a_block_without_such_a_label_is_found(text: str, place: str) -> None:
    assert unknown(contents_of(ROOT / "README.md", text).blocks) == [place]

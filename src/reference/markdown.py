"""The few forms of Markdown that reference pages have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def page(title: str, source: str, *parts: str) -> str:
    """The text of a page; `source` completes the sentence that says what it is generated from.

    >>> print(page("Colours", "`paint.py`", "Red."))
    # Colours
    <BLANKLINE>
    Generated from `paint.py` by `make reference`. Do not edit it here.
    <BLANKLINE>
    Red.
    <BLANKLINE>
    """
    generated = f"Generated from {source} by `make reference`. Do not edit it here."
    return "\n\n".join([f"# {title}", generated, *(part.strip("\n") for part in parts if part)]) + "\n"


def prose(text: str) -> str:
    """Paragraphs and lists whose lines are wrapped, with each paragraph and each item in one line.

    >>> print(prose("One\\nsentence.\\n\\n- a\\n- b\\nc"))
    One sentence.
    <BLANKLINE>
    - a
    - b c
    """
    paragraphs = (" ".join(each.split()) for each in text.strip().split("\n\n"))
    return "\n\n".join(
        re.sub(r"(?<=\S) - (?=\S)", "\n- ", each) if each.startswith("- ") else each for each in paragraphs
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a cell is Markdown in one line, in which vertical bars are escaped.

    >>> print(table(["Name", "Meaning"], [["`a`", "one | two"]]))
    | Name | Meaning |
    |---|---|
    | `a` | one \\| two |
    """
    lines = [_row(heads), "|" + "---|" * len(heads), *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def code(text: str) -> str:
    """Text as code; nothing for nothing."""
    return f"`{text}`" if text else ""


def codes(texts: Iterable[str]) -> str:
    """Several texts as code, with commas between."""
    return ", ".join(map(code, texts))

"""The code in docs/use-it.md is that of the examples, and the page names every question that they answer."""

from __future__ import annotations

import re
from textwrap import dedent

from support.reading_form import PAGE
from support.repository import ROOT

QUESTIONS = ("examples/python/questions.py", "examples/typescript/src/questions.ts")
_BLOCK = re.compile(r"(?:^<!-- (\S+): ([\w-]+) -->\n)?^```(?:python|typescript)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_REGION = re.compile(r"^ *(?:#|//) region ([\w-]+)\n(.*?)^ *(?:#|//) endregion$", re.MULTILINE | re.DOTALL)


def regions(path: str) -> dict[str, str]:
    """The marked parts of a file, by name."""
    return {
        name: dedent(code).strip("\n") + "\n"
        for name, code in _REGION.findall((ROOT / path).read_text(encoding="utf-8"))
    }


def shown() -> list[tuple[str, str, str]]:
    """Of each block of code in the page: the file, the name of the region, and the code."""
    return _BLOCK.findall(PAGE.read_text(encoding="utf-8"))


def test_each_block_of_code_is_a_part_of_an_example() -> None:
    blocks = shown()

    assert len(blocks) > 10
    for path, name, code in blocks:
        assert code == regions(path)[name], f"{path}: {name}"


def test_every_question_is_shown_in_both_languages() -> None:
    python, typescript = (regions(path) for path in QUESTIONS)

    assert list(python) == list(typescript)
    assert {(path, name) for path, name, _ in shown()} >= {(path, name) for path in QUESTIONS for name in python}

"""Lines for a person that are broken between words, never within an address, a key or a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markup import escape
from rich.text import Text

_WORD: Final = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text in rich's markup after a mark, such as that of a list; its further lines are below its first word."""

    markup: str
    mark: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield its lines, as wide as the window."""
        for text in Text.from_markup(self.markup).split("\n", allow_blank=True):
            indent = len(self.mark) + len(text.plain) - len(text.plain.lstrip())
            for number, line in enumerate(_lines(text, indent, len(self.mark), options.max_width)):
                yield Text.assemble(" " * indent if number else self.mark, line)


def _lines(text: Text, indent: int, taken: int, width: int) -> Iterator[Text]:
    """Yield the text's lines; `indent` columns are free before all but the first, which begins in column `taken`."""
    ends: list[int] = []
    column = indent
    for word in _WORD.finditer(text.plain, indent - taken):
        length = cell_len(word[0].rstrip())
        if column > indent and column + length > width and word.start() > indent - taken:
            ends.append(word.start())
            column = indent
        column += cell_len(word[0])
    for line in text.divide(ends):
        line.rstrip()
        yield line


@dataclass(frozen=True, slots=True)
class Labelled:
    """A value after its label, both as they are; where the two do not fit into a line, the value has one of its own.

    A value that is wider than the window is left to the terminal, so that it is copied whole.
    """

    label: str
    value: str
    indent: int = 0
    width: int = 0
    """Cells of the label, for values below each other."""
    is_copied: bool = True
    """False for a sentence, which is broken between words."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield one line or two."""
        margin, label = " " * self.indent, f"{self.label:<{self.width}}"
        if cell_len(f"{margin}{label} {self.value}") <= options.max_width:
            yield Text.assemble(margin, (label, "bold" if self.is_copied else ""), " ", self.value)
            return
        shown = f"[bold]{escape(self.label)}[/bold]" if self.is_copied else escape(self.label)
        yield from Sentence(shown, margin).__rich_console__(console, options)
        if self.is_copied:
            yield Text(f"{margin}  {self.value}")
        else:
            yield from Sentence(escape(self.value), f"{margin}  ").__rich_console__(console, options)

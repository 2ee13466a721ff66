"""`make lint-words`: find phrases to avoid, and say what to write instead. (codespell does so for single words.)

    python -m support.phrases PATH...        (a file, or a folder with all files of text in it)

Each line of `.phrases.txt` has a phrase, as a regular expression, and after an arrow the words to write. A space in a
phrase also matches the end of a line, with the mark of a comment or the quotes between two literals. Exits with 1 if
there is a finding.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from support.repository import ROOT

LIST: Final = ROOT / ".phrases.txt"
_ARROW: Final = " -> "
_GAP: Final = r"""(?:[ ]*["']?\s*\n\s*(?:[rf]*["']|\#|//)?\s*|[ ]+)"""
_SUFFIXES: Final = {"", ".css", ".html", ".js", ".json", ".md", ".py", ".ts", ".yaml"}
_NOT_OURS: Final = {"__pycache__", "node_modules", ".venv"}


class Phrase(NamedTuple):
    """A phrase to avoid, and what to write instead."""

    pattern: re.Pattern[str]
    instead: str


class Finding(NamedTuple):
    """A phrase in a file; lines count from 1."""

    file: Path
    line: int
    found: str
    instead: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.found} ==> {self.instead}"


def phrases(text: str) -> list[Phrase]:
    """Read the lines of a list; empty lines and those that start with # are skipped."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    pairs = [line.split(_ARROW) for line in lines]
    return [Phrase(re.compile(phrase.replace(" ", _GAP), re.IGNORECASE), instead) for phrase, instead in pairs]


def findings(file: Path, known: list[Phrase]) -> Iterator[Finding]:
    """Yield the phrases in a file, in order of their lines."""
    text = file.read_text(encoding="utf-8")
    found = [(match.start(), match.group(), each.instead) for each in known for match in each.pattern.finditer(text)]
    for position, words, instead in sorted(found):
        yield Finding(file, text.count("\n", 0, position) + 1, re.sub(_GAP, " ", words), instead)


def files(path: Path) -> list[Path]:
    """Return the file, or the files of text in the folder."""
    if path.is_file():
        return [path]
    inside = (one for one in path.rglob("*") if one.suffix in _SUFFIXES and not _NOT_OURS & set(one.parts))
    return sorted(one for one in inside if one.is_file())


def main(paths: list[str]) -> int:
    """Print the findings in files and folders; return 1 if there are any."""
    known = phrases(LIST.read_text(encoding="utf-8"))
    found = [one for path in paths for file in files(Path(path)) for one in findings(file, known)]
    print(*found, sep="\n", end="\n" * bool(found))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

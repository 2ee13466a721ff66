"""What the documents contain: fenced blocks, code spans, links, images and headings, each with its file and line."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from support.repository import ROOT

_PARSER: Final = MarkdownIt("commonmark").enable("table")
_NO_DOCUMENTS: Final = {"node_modules", "build", "__pycache__"}
_INCLUDED: Final = ROOT / "tests" / "conformance" / "introduction.md"
"""The first part of docs/conformance.md, whose links it has."""


@dataclass(frozen=True)
class Piece:
    """A part of a document: the code of a block or a span, the target of a link, the source of an image."""

    document: Path
    line: int
    text: str
    label: str = ""
    """The language of a block, the alternative text of an image, the text of a heading or a link."""

    @property
    def place(self) -> str:
        """The file and the line, as editors open them."""
        path = self.document.relative_to(ROOT) if self.document.is_relative_to(ROOT) else self.document
        return f"{path}:{self.line}"


@dataclass(frozen=True)
class Contents:
    """The pieces of one document, in their order."""

    blocks: tuple[Piece, ...]
    spans: tuple[Piece, ...]
    links: tuple[Piece, ...]
    images: tuple[Piece, ...]
    headings: tuple[Piece, ...]


def documents() -> Iterator[Path]:
    """Every document of the repository, but for those in folders that are made or begin with a dot."""
    for folder, below, files in os.walk(ROOT):
        below[:] = sorted(name for name in below if not name.startswith(".") and name not in _NO_DOCUMENTS)
        yield from (
            path for name in sorted(files) if name.endswith(".md") and (path := Path(folder, name)) != _INCLUDED
        )


DOCUMENTS: Final = tuple(documents())


def named(document: Path) -> str:
    """The path of a document from the root of the repository."""
    return str(document.relative_to(ROOT))


@cache
def contents(document: Path) -> Contents:
    """Parse a document as git hosts do."""
    return contents_of(document, document.read_text(encoding="utf-8"))


def contents_of(document: Path, text: str) -> Contents:
    """Parse a text as if it were that of the document."""
    found: dict[str, list[Piece]] = {name: [] for name in Contents.__dataclass_fields__}
    before: Token | None = None
    for token in _PARSER.parse(text):
        line = token.map[0] + 1 if token.map else 0
        if token.type in ("fence", "code_block"):
            found["blocks"].append(Piece(document, line, token.content, token.info.strip()))
        elif token.type == "html_block":
            found["images"].extend(_images(document, line, token.content))
        elif token.type == "inline":
            if before is not None and before.type == "heading_open":
                found["headings"].append(Piece(document, line, _without_marks(token), before.tag))
            for name, piece in _inline(document, line, token.children or []):
                found[name].append(piece)
        before = token
    return Contents(**{name: tuple(pieces) for name, pieces in found.items()})


def blocks_under(document: Path, heading: str, label: str) -> list[str]:
    """The blocks with that label between a heading and the next one; raises ValueError if there is no such heading."""
    headings = contents(document).headings
    number = [each.text for each in headings].index(heading)
    end = headings[number + 1].line if number + 1 < len(headings) else sys.maxsize
    return [
        block.text
        for block in contents(document).blocks
        if block.label == label and headings[number].line < block.line < end
    ]


def anchors(document: Path) -> set[str]:
    """The anchors that a git host gives the headings: the second of two equal ones ends in -1, and so on."""
    seen: dict[str, int] = {}
    result = set()
    for heading in contents(document).headings:
        anchor = re.sub(r"[^\w\- ]", "", heading.text.lower()).replace(" ", "-")
        result.add(f"{anchor}-{seen[anchor]}" if anchor in seen else anchor)
        seen[anchor] = seen.get(anchor, 0) + 1
    return result


def _without_marks(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [] if child.type in ("text", "code_inline"))


def _inline(document: Path, line: int, children: list[Token]) -> Iterator[tuple[str, Piece]]:
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            line += 1
        elif child.type == "code_inline":
            yield "spans", Piece(document, line, child.content)
        elif child.type == "link_open":
            yield "links", Piece(document, line, str(child.attrs["href"]))
        elif child.type == "image":
            yield "images", Piece(document, line, str(child.attrs["src"]), child.content)
        elif child.type == "html_inline":
            yield from (("images", image) for image in _images(document, line, child.content))


def _images(document: Path, line: int, html: str) -> Iterator[Piece]:
    for tag in re.findall(r"<img\b[^>]*>", html):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        yield Piece(document, line, attributes.get("src", ""), attributes.get("alt", ""))

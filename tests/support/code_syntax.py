"""Whether a text is of a language that is neither run nor imported here: HCL, JavaScript, TypeScript.

>>> syntax_errors("hcl", 'output "url" { value = local.url }')
[]
>>> syntax_errors("typescript", "const a: string = b(;")
['line 1: const a: string = b(;']
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import tree_sitter_hcl
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser


def syntax_errors(language: str, text: str) -> list[str]:
    """The lines that are not of the language, with their numbers."""
    lines = text.splitlines()
    rows = sorted({node.start_point.row for node in _errors(_parser(language).parse(text.encode()).root_node)})
    return [f"line {row + 1}: {lines[row] if row < len(lines) else ''}" for row in rows]


@cache
def _parser(language: str) -> Parser:
    # JavaScript is TypeScript without types.
    grammar = tree_sitter_hcl.language() if language == "hcl" else tree_sitter_typescript.language_typescript()
    return Parser(Language(grammar))


def _errors(node: Node) -> Iterator[Node]:
    if node.is_error or node.is_missing:
        yield node
    elif node.has_error:
        for child in node.children:
            yield from _errors(child)

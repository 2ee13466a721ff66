"""The commands of a text for bash: each with its line, its words without quotes, and the variables set for it.

>>> [command.words for command in commands('curl -H "A: $KEY" "$BASE/Users" | jq -r .id')]
[['curl', '-H', 'A: $KEY', '$BASE/Users'], ['jq', '-r', '.id']]
>>> [(command.line, command.words) for command in commands("for id in $(aws s3 ls)\\ndo\\n  echo 'a b' $id\\ndone")]
[(1, ['aws', 's3', 'ls']), (3, ['echo', 'a b', '$id'])]
>>> commands("make run &&")
Traceback (most recent call last):
    ...
ValueError: line 1 is no command of bash: 'make run &&'
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import tree_sitter_bash
from tree_sitter import Language, Node, Parser


@dataclass(frozen=True)
class Command:
    """A simple command. What the shell would insert is there as it is written: `$KEY`, or `$(...)` for an output."""

    line: int
    words: list[str]
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def program(self) -> str:
        """The first word; empty where variables are set and nothing is run."""
        return self.words[0] if self.words else ""


def commands(text: str) -> list[Command]:
    """The commands in their order, those in `$(...)` before the one that uses them; raises ValueError.

    Bash reads a few texts that the grammar does not, which the message names all the same.
    """
    tree = _parser().parse(text.encode())
    if tree.root_node.has_error:
        line = next(_errors(tree.root_node)).start_point.row
        raise ValueError(f"line {line + 1} is no command of bash: {text.splitlines()[line]!r}")
    return list(_commands(tree.root_node))


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bash.language()))


def _errors(node: Node) -> Iterator[Node]:
    if node.is_error or node.is_missing:
        yield node
    for child in node.children:
        yield from _errors(child)


def _commands(node: Node) -> Iterator[Command]:
    for child in node.named_children:
        yield from _commands(child)
    line = node.start_point.row + 1
    if node.type in ("command", "declaration_command"):
        given = [child for child in node.named_children if child.type == "variable_assignment"]
        words = [child for child in node.children if child.type not in ("variable_assignment", *_AROUND)]
        yield Command(line, [_value(word) for word in words], dict(map(_assignment, given)))
    elif node.type == "variable_assignment" and node.parent and node.parent.type not in _WITH_ASSIGNMENTS:
        yield Command(line, [], dict([_assignment(node)]))


_WITH_ASSIGNMENTS = ("command", "declaration_command")
_AROUND = ("comment", "file_redirect", "herestring_redirect", "heredoc_redirect")


def _assignment(node: Node) -> tuple[str, str]:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    assert name is not None
    return _source(name), _value(value) if value else ""


def _source(node: Node) -> str:
    return (node.text or b"").decode()


def _value(node: Node) -> str:
    """The text of a word as the program gets it."""
    match node.type:
        case "raw_string":
            return _source(node)[1:-1]
        case "string":
            return _between(node)
        case "concatenation" | "command_name":
            return "".join(map(_value, node.children))
        case "command_substitution":
            return "$(...)"
        case "word":
            return re.sub(r"\\(.)", r"\1", _source(node))
        case _:
            return _source(node)


def _between(string: Node) -> str:
    """The content of a text in double quotes, with the spaces between its parts."""
    source = (string.text or b"").decode().encode()
    start, result, at = string.start_byte, b"", 1
    for child in string.named_children:
        result += source[at : child.start_byte - start]
        result += _value(child).encode() if child.type != "string_content" else child.text or b""
        at = child.end_byte - start
    return re.sub(r'\\(["\\$`])', r"\1", (result + source[at:-1]).decode())

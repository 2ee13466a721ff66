"""The texts next to the fields of a class: the string after each, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from reference.paths import ROOT


class DocumentedField(NamedTuple):
    """A field of a class: its annotation and the text after it, each as in the source, the text in one line."""

    name: str
    annotation: str
    text: str


def module_text(name: str) -> str:
    """The text of a module, by its file below src."""
    return (ROOT / "src" / name).read_text(encoding="utf-8")


def fields_in(text: str, class_name: str) -> dict[str, DocumentedField]:
    """The fields of a class in a module's text, and its properties, in their order; without a text it is empty.

    >>> fields_in('class A:\\n    b: int = 0\\n    "How many."', "A")["b"]
    DocumentedField(name='b', annotation='int', text='How many.')
    """
    [found] = [one for one in ast.parse(text).body if isinstance(one, ast.ClassDef) and one.name == class_name]
    return {each.name: each for each in _fields(found)}


def _fields(found: ast.ClassDef) -> Iterator[DocumentedField]:
    for position, node in enumerate(found.body):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)):
                following = found.body[position + 1 : position + 2]
                yield DocumentedField(name, ast.unparse(node.annotation), _text(following))
            case ast.FunctionDef(name=name, returns=ast.expr() as returns) if node.decorator_list:
                yield DocumentedField(name, ast.unparse(returns), _text(node.body[:1]))


def _text(nodes: list[ast.stmt]) -> str:
    match nodes:
        case [ast.Expr(value=ast.Constant(value=str() as text))]:
            return " ".join(text.split())
    return ""


def members_of_dict(text: str, function: str) -> dict[str, ast.expr]:
    """The members of the first dictionary with fixed names in a function or method of a module's text."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            for each in ast.walk(node):
                if isinstance(each, ast.Dict) and each.keys and all(isinstance(key, ast.Constant) for key in each.keys):
                    return {
                        ast.literal_eval(key): value for key, value in zip(each.keys, each.values, strict=True) if key
                    }
    raise LookupError(f"{function} has no such dictionary")

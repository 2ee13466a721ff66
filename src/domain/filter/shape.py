"""Whether a text has the form of a PATCH path (RFC 7644 section 3.5.2), whatever its names mean.

For paths of schemas that this service does not have: the parser proper needs the attributes that the names stand for.
"""

from __future__ import annotations

import re
from typing import Final

from domain.filter.literals import Unfit, unquote
from domain.filter.parser import TOKEN
from domain.filter.syntax import Operator
from domain.limits import MAX_FILTER_CHARACTERS, MAX_FILTER_COMPARISONS, MAX_FILTER_DEPTH
from domain.text import is_text

_NAME: Final = r"(?:[A-Za-z]|\$)[\w-]*+"
_ATTRIBUTE: Final = re.compile(rf"(?:urn:(?:[\w.%+-]++:)++)?{_NAME}(?:\.{_NAME})?", re.ASCII | re.IGNORECASE)
_SUB_ATTRIBUTE: Final = re.compile(rf"\.{_NAME}", re.ASCII)
_OPERATORS: Final = frozenset(operator.value for operator in Operator)
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?", re.ASCII)
_CONSTANTS: Final = frozenset({"true", "false", "null"})


class _Malformed(Exception):
    """The text does not have the form."""


def is_well_formed_path(text: str) -> bool:
    """Return True if the text follows the grammar of a path and the bounds of one.

    >>> [is_well_formed_path(text) for text in ('urn:a:b[c eq "d"].e', "urn:a:b[", "urn:a:b.", "urn:a:b]c")]
    [True, False, False, False]
    """
    if len(text) > MAX_FILTER_CHARACTERS or not is_text(text):
        return False
    try:
        _Shape(text).path()
    except _Malformed:
        return False
    return True


class _Shape:
    """Recursive descent over the tokens."""

    __slots__ = ("index", "terms", "tokens")

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = [*TOKEN.findall(text), ""]
        self.index = 0
        self.terms = 0

    def path(self) -> None:
        """`attribute` or `attribute[filter]`, then `.sub` after brackets."""
        self.word(_ATTRIBUTE)
        if self.tokens[self.index] == "[":
            self.enclosed("]", 0)
            if self.tokens[self.index]:
                self.word(_SUB_ATTRIBUTE)
        self.literal("")

    def filter(self, depth: int) -> None:
        """Terms joined by `and` and `or`."""
        self.term(depth)
        while self.tokens[self.index].lower() in ("and", "or"):
            self.index += 1
            self.term(depth)

    def term(self, depth: int) -> None:
        """`(filter)`, `not (filter)`, `attribute pr` or `attribute operator value`."""
        is_negated = self.tokens[self.index].lower() == "not" and self.tokens[self.index + 1] == "("
        self.index += is_negated
        if self.tokens[self.index] == "(":
            self.enclosed(")", depth)
            return
        self.terms += 1
        self.word(_ATTRIBUTE)
        operator = self.next().lower()
        if operator != "pr":
            self.value(operator)
        if self.terms > MAX_FILTER_COMPARISONS:
            raise _Malformed

    def enclosed(self, closing: str, depth: int) -> None:
        """A filter between the current bracket and the closing one."""
        if depth == MAX_FILTER_DEPTH:
            raise _Malformed
        self.index += 1
        self.filter(depth + 1)
        self.literal(closing)

    def value(self, operator: str) -> None:
        """A JSON literal."""
        word = self.next()
        if operator not in _OPERATORS:
            raise _Malformed
        if word.startswith('"'):
            try:
                unquote(word)
            except Unfit:
                raise _Malformed from None
        elif word not in _CONSTANTS and _NUMBER.fullmatch(word) is None:
            raise _Malformed

    def next(self) -> str:
        """The current word; the end is none."""
        word = self.tokens[self.index]
        if not word:
            raise _Malformed
        self.index += 1
        return word

    def word(self, form: re.Pattern[str]) -> None:
        """A word of that form."""
        if form.fullmatch(self.next()) is None:
            raise _Malformed

    def literal(self, expected: str) -> None:
        """This very token; "" is the end."""
        if self.tokens[self.index] != expected:
            raise _Malformed
        self.index += bool(expected)

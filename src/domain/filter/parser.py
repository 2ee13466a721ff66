"""From text to filters and PATCH paths (RFC 7644 sections 3.4.2.2 and 3.5.2, errata 4670, 4690, 7122 and 7322).

One pass over the text makes tokens, one pass over the tokens makes the filter: time is linear in a bounded length,
the nesting is bounded, and the only regular expression has possessive quantifiers, so it cannot backtrack.
White space between tokens is free. Two deviations from the RFC's grammar are accepted, as they are unambiguous:
`not(…)` without a space, and Entra's `emails[type eq "work"].value eq "x"` for
`emails[type eq "work" and value eq "x"]`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn

from domain.errors import BadRequest, InvalidFilter, InvalidPath
from domain.filter.literals import STRICT, Leniency, Unfit, read_literal
from domain.filter.quotes import with_json_quotes
from domain.filter.spelling import nearest
from domain.filter.syntax import (
    OPERATORS_OF,
    And,
    Comparison,
    Filter,
    Not,
    Operator,
    Or,
    Present,
    ValuePath,
    compared,
)
from domain.limits import MAX_FILTER_CHARACTERS, MAX_FILTER_COMPARISONS, MAX_FILTER_DEPTH
from domain.resources.attributes import Attribute, ResourceType, Returned
from domain.resources.paths import AttributePath, of_an_extension, resolve, with_colon
from domain.text import FEW_MARKS, MARKS_PROBLEM, has_too_many_marks, is_text

# A string; an unclosed string, to the end; a word; a bracket.
TOKEN: Final = re.compile(r'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+"|"[\s\S]*+|[^ \t\r\n()\[\]"]++|[()\[\]]')
_OPERATORS: Final = {operator.value: operator for operator in Operator}
_END: Final = ""
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class PatchPath:
    """The `path` of a PATCH operation (RFC 7644 section 3.5.2).

    `emails.value`, `name.givenName`, `<URN>:department`: `path` has all the steps.
    `emails[type eq "work"].value`: `path` is emails, `value_filter` chooses among its values, `sub_attribute` is
    value. A sub-attribute after brackets only; brackets after a multi-valued complex attribute only.
    """

    path: AttributePath
    value_filter: Filter | None = None
    sub_attribute: Attribute | None = None

    def __str__(self) -> str:
        brackets = "" if self.value_filter is None else f"[{self.value_filter}]"
        return f"{self.path}{brackets}" + ("" if self.sub_attribute is None else f".{self.sub_attribute.name}")


def parse(text: str, resource_type: ResourceType, leniency: Leniency = STRICT) -> Filter:
    """Parse a filter; raises InvalidFilter, whose detail has the position and what was expected there.

    >>> from domain.resources.user_schema import USER
    >>> str(parse('userName EQ "ada" and not(active eq false)', USER))
    'userName eq "ada" and not (active eq false)'
    """
    parser = _Parser(text, resource_type, "filter", InvalidFilter, leniency)
    parsed = parser.disjunction(0)
    parser.end('"and", "or" or the end of the filter')
    return parsed


def parse_patch_path(text: str, resource_type: ResourceType, leniency: Leniency = STRICT) -> PatchPath:
    """Parse a PATCH path; raises InvalidPath, whose detail has the position and what was expected."""
    parser = _Parser(text, resource_type, "path", InvalidPath, leniency)
    path = parser.patch_path()
    parser.end("the end of the path")
    return path


def parse_element(text: str, container: Attribute, resource_type: ResourceType, leniency: Leniency = STRICT) -> Filter:
    """Parse the filter between the brackets of a path, over one value of `container`; raises InvalidPath."""
    parser = _Parser(text, resource_type, "path", InvalidPath, leniency)
    parser.container = container
    parsed = parser.disjunction(0)
    parser.end('"and", "or" or the end of the brackets')
    return parsed


class _Parser:
    """Recursive descent over the tokens. `container` is the attribute whose value the surrounding brackets look at."""

    __slots__ = ("container", "error", "index", "leniency", "resource_type", "subject", "terms", "text", "tokens")

    def __init__(
        self, text: str, resource_type: ResourceType, subject: str, error: type[BadRequest], leniency: Leniency
    ) -> None:
        if len(text) > MAX_FILTER_CHARACTERS:
            raise error(
                f"The {subject} has {len(text)} characters; it may have at most {MAX_FILTER_CHARACTERS}.",
                attribute=subject,
                expected=f"at most {MAX_FILTER_CHARACTERS} characters",
            )
        if not is_text(text):
            raise error(f"The {subject} is not valid Unicode text.", attribute=subject, expected="valid Unicode text")
        if has_too_many_marks(text):
            raise error(f"The {subject} {MARKS_PROBLEM}.", attribute=subject, expected=FEW_MARKS)
        if leniency.foreign_quotes and (quoted := with_json_quotes(text)) is not text:
            leniency.used("foreign_quotes")
            text = quoted
        self.text = text
        self.resource_type = resource_type
        self.subject = subject
        self.error = error
        self.leniency = leniency
        self.tokens: list[str] = TOKEN.findall(text)
        self.tokens.append(_END)
        self.index = 0
        self.terms = 0
        self.container: Attribute | None = None

    def disjunction(self, depth: int) -> Filter:
        """`filter or filter ...`: the loosest binding."""
        first = self.conjunction(depth)
        if self.tokens[self.index].lower() != "or":
            return first
        operands = [first]
        while self.tokens[self.index].lower() == "or":
            self.index += 1
            operands.append(self.conjunction(depth))
        return Or(tuple(operands))

    def conjunction(self, depth: int) -> Filter:
        """`filter and filter ...`."""
        first = self.term(depth)
        if self.tokens[self.index].lower() != "and":
            return first
        operands = [first]
        while self.tokens[self.index].lower() == "and":
            self.index += 1
            operands.append(self.term(depth))
        return And(tuple(operands))

    def term(self, depth: int) -> Filter:
        """`(filter)`, `not (filter)` or an expression about one attribute."""
        word = self.tokens[self.index]
        if word == "(":
            return self.enclosed(depth, ")")
        if word.lower() == "not":
            self.index += 1
            self.require("(", '"(" after not')
            return Not(self.enclosed(depth, ")"))
        path = self.attribute('an attribute, "not" or "("')
        if self.tokens[self.index] == "[":
            return self.value_path(path, depth)
        return self.expression(path)

    def enclosed(self, depth: int, closing: str) -> Filter:
        """A filter between the current bracket and the closing one."""
        if depth == MAX_FILTER_DEPTH:
            self.refuse(
                f"brackets nested more than {MAX_FILTER_DEPTH} deep",
                f"at most {MAX_FILTER_DEPTH} nested brackets",
            )
        self.index += 1
        inner = self.disjunction(depth + 1)
        self.require(closing, f'"and", "or" or "{closing}"')
        self.index += 1
        return inner

    def value_path(self, path: AttributePath, depth: int) -> ValuePath:
        """`path[filter]`, or Entra's `path[filter].sub operator value`, which is the same with one `and` more."""
        inner = self.value_filter(path, depth)
        sub = self.sub_attribute(path.attribute)
        if sub is None:
            return ValuePath(path, inner)
        expression = self.expression(AttributePath((sub,)))
        return ValuePath(path, And((*inner.operands, expression) if isinstance(inner, And) else (inner, expression)))

    def value_filter(self, path: AttributePath, depth: int) -> Filter:
        """`[filter]` after a path."""
        if self.container is not None:
            self.refuse("square brackets cannot contain square brackets; expected an operator", "an operator")
        attribute = path.attribute
        if not (attribute.is_complex and attribute.multi_valued):
            self.refuse(
                f"square brackets may only follow a multi-valued complex attribute, and {path} is not one",
                "square brackets after a multi-valued complex attribute only",
            )
        self.container = attribute
        inner = self.enclosed(depth, "]")
        self.container = None
        return inner

    def sub_attribute(self, container: Attribute) -> Attribute | None:
        """The `.sub` after brackets, if there is one."""
        word = self.tokens[self.index]
        if not word.startswith("."):
            return None
        sub = container.sub_attribute(word[1:])
        if sub is None:
            self.refuse(
                f"{_shown(word[1:])} is not a sub-attribute of {container.name}{nearest(word[1:], container)}",
                f"a sub-attribute of {container.name}",
            )
        self.index += 1
        return sub

    def expression(self, path: AttributePath) -> Comparison | Present:
        """`operator value` or `pr` after a path."""
        self.terms += 1
        if self.terms > MAX_FILTER_COMPARISONS:
            self.refuse(
                f"more than {MAX_FILTER_COMPARISONS} comparisons in one {self.subject}",
                f"at most {MAX_FILTER_COMPARISONS} comparisons",
            )
        name = self.tokens[self.index].lower()
        if name == "pr":
            self.index += 1
            return Present(path)
        operator = _OPERATORS.get(name)
        if operator is None:
            self.fail(f"an operator ({', '.join(_OPERATORS)}, pr)")
        self.index += 1
        return Comparison(path, operator, self.value(path, operator))

    def value(self, path: AttributePath, operator: Operator) -> str | bool | float | None:
        """The literal of a comparison, of the attribute's type."""
        word = self.tokens[self.index]
        if word == "null":
            if operator not in (Operator.EQ, Operator.NE):
                expected = "eq or ne with null, or another value"
                self.refuse(f"{operator} cannot compare with null; expected {expected}", expected)
            self.index += 1
            return None
        attribute = compared(path.attribute)
        if attribute is None:
            parts = ", ".join(sub.name for sub in path.attribute.sub_attributes)
            self.index -= 2
            expected = f"one of its sub-attributes ({parts}), or pr"
            self.refuse(f"{path} has no value to compare; expected {expected}", expected)
        if operator not in OPERATORS_OF[attribute.type]:
            self.index -= 1
            allowed = ", ".join(each for each in Operator if each in OPERATORS_OF[attribute.type])
            expected = f"{allowed} or pr"
            self.refuse(f"{operator} cannot compare {path}, which is a {attribute.type}; expected {expected}", expected)
        try:
            value = read_literal(word, attribute, self.leniency)
        except Unfit as error:
            self.fail(str(error))
        self.index += 1
        return value

    def attribute(self, expected: str) -> AttributePath:
        """The attribute that the current word names: of the resource, or within brackets of the value."""
        word = self.tokens[self.index]
        if word == _END or word[0] in '()[]"':
            self.fail(expected)
        path: AttributePath | None
        if self.container is not None:
            sub = self.container.sub_attribute(word)
            path = None if sub is None else AttributePath((sub,))
        else:
            path = resolve(word, self.resource_type) or self.lenient(word)
        if path is None:
            container = self.container or self.resource_type.root
            owner = f"a {container.name}" if self.container is None else f"a value of {container.name}"
            self.refuse(
                f"{_shown(word)} is not an attribute of {owner}{nearest(word, container)}", f"an attribute of {owner}"
            )
        if path.attribute.returned is Returned.NEVER and self.error is InvalidFilter:
            self.refuse(
                f"{path} is never returned and cannot be searched for; expected another attribute", "another attribute"
            )
        self.index += 1
        return path

    def lenient(self, word: str) -> AttributePath | None:
        """An extension's attribute without its URN, or with a dot after its URN, if `leniency` accepts it."""
        if self.leniency.dotted_urns and (spelled := with_colon(word, self.resource_type)) is not None:
            self.leniency.used("dotted_urns")
            return resolve(spelled, self.resource_type)
        if not self.leniency.unqualified_extensions:
            return None
        path = of_an_extension(word, self.resource_type)
        if path is not None:
            self.leniency.used("unqualified_extensions")
        return path

    def patch_path(self) -> PatchPath:
        """`attribute`, `attribute.sub`, `attribute[filter]` or `attribute[filter].sub`."""
        path = self.attribute("an attribute")
        if self.tokens[self.index] != "[":
            return PatchPath(path)
        inner = self.value_filter(path, 0)
        return PatchPath(path, inner, self.sub_attribute(path.attribute))

    def require(self, word: str, expected: str) -> None:
        """Fail unless the current token is `word`."""
        if self.tokens[self.index] != word:
            self.fail(expected)

    def end(self, expected: str) -> None:
        """Fail unless all tokens are read."""
        self.require(_END, expected)

    def fail(self, expected: str) -> NoReturn:
        """Refuse the current token, because another was expected."""
        word = self.tokens[self.index]
        found = _shown(word) if word else f"the end of the {self.subject}"
        self.refuse(f"expected {expected}, found {found}", expected)

    def refuse(self, problem: str, expected: str) -> NoReturn:
        """Refuse the text for a problem at the current token, where `expected` is; positions count from 1."""
        starts = [match.start() for match in TOKEN.finditer(self.text)]
        position = starts[self.index] if self.index < len(starts) else len(self.text)
        raise self.error(
            f"The {self.subject} is invalid at character {position + 1}: {problem}.",
            attribute=self.subject,
            expected=expected,
        )


def _shown(word: str) -> str:
    """Return a token for a person to read: in quotes, and cut when it is long."""
    if len(word) > _SHOWN:
        word = f"{word[:_SHOWN]}..."
    return word if word.startswith('"') else f'"{word}"'

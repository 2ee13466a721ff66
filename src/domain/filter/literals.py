"""The right side of a comparison: a JSON literal (RFC 7644 figure 1, `compValue`) of the attribute's type."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from domain.filter.quotes import misses_a_quote
from domain.filter.syntax import Value
from domain.resources.attributes import Attribute, Type
from domain.resources.date_times import instant
from domain.text import is_text


@dataclass(frozen=True, slots=True)
class Leniency:
    """Accepted deviations from the RFC's grammar; `on_use` is called with the name of each flag that a text needed.

    `unqualified_extensions`: `manager eq "x"` for an extension's attribute without its URN.
    `bare_words`: `externalId eq rkeller`, a string without quotes.
    `dotted_urns`: `<URN>.manager eq "x"`, a dot for the colon after a URN.
    `foreign_quotes`: `externalId eq 'rkeller'`, a string in quotes that are not JSON's.
    `string_booleans`: `active eq "True"`.
    """

    unqualified_extensions: bool = False
    bare_words: bool = False
    dotted_urns: bool = False
    foreign_quotes: bool = False
    string_booleans: bool = False
    on_use: Callable[[str], object] | None = field(default=None, compare=False)

    def used(self, flag: str) -> None:
        """Report that `flag` was needed."""
        if self.on_use is not None:
            self.on_use(flag)


STRICT: Final = Leniency()


class Unfit(ValueError):
    """A literal is malformed or not of the attribute's type; the message says what was expected."""


def read_literal(word: str, attribute: Attribute, leniency: Leniency) -> Value:
    """Return the value of a literal, not null, for comparison with a simple attribute; raises `Unfit`."""
    match attribute.type:
        case Type.BOOLEAN:
            return _boolean(word, attribute, leniency)
        case Type.INTEGER | Type.DECIMAL:
            return _number(word, attribute)
    if word[:1] == '"':
        text = unquote(word)
    elif leniency.bare_words and word and word not in "()[]" and not _misses_a_quote(word, attribute):
        if word[0] == "{":
            raise Unfit(f"a value in double quotes, not an object, because {attribute.name} is a {attribute.type}")
        leniency.used("bare_words")
        text = word
    else:
        raise Unfit(f"a value in double quotes, because {attribute.name} is a {attribute.type}")
    if attribute.type is Type.DATE_TIME and instant(text) is None:
        raise Unfit(f'a time, for example "2030-01-31T12:00:00Z", because {attribute.name} is a dateTime')
    return text


def _misses_a_quote(word: str, attribute: Attribute) -> bool:
    # A label such as `work` (RFC 7643 section 2.4) is no person's name, which may begin or end with an apostrophe.
    return misses_a_quote(word, is_label=attribute.name == "type")


def unquote(word: str) -> str:
    """Return the text of a JSON string; raises `Unfit`."""
    if "\\" not in word and word.isprintable() and len(word) > 1 and word[-1] == '"':
        return word[1:-1]
    try:
        text = str(json.loads(word))
    except ValueError:
        text = None
    if text is None or not is_text(text):
        raise Unfit("a JSON string that ends with a double quote and has valid JSON escapes")
    return text


def _boolean(word: str, attribute: Attribute, leniency: Leniency) -> bool:
    if word in ("true", "false"):
        return word == "true"
    folded = word.strip('"').lower()
    if leniency.string_booleans and folded in ("true", "false"):
        leniency.used("string_booleans")
        return folded == "true"
    raise Unfit(f"true or false without quotes, because {attribute.name} is a boolean")


def _number(word: str, attribute: Attribute) -> int | float:
    try:
        value = json.loads(word)
    except ValueError:
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -math.inf < value < math.inf:
        raise Unfit(f"a number, because {attribute.name} is a {attribute.type}")
    return value

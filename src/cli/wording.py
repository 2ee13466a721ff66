"""How things are said to a person at a terminal."""

from __future__ import annotations

import re
from typing import Final

from rich.markup import escape

# What moves the cursor, changes colours, rings, or turns the direction of reading; line ends and tabs may stay.
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def counted(number: int, noun: str) -> str:
    """`1 user`, `2 users`; the noun is one that takes an s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def harmless(text: str) -> str:
    """The text without what a terminal would obey: names and details come from outside."""
    return _CONTROL.sub("\ufffd", text)


def harmless_json(text: str) -> str:
    """The same JSON, of which a terminal obeys nothing: what it would obey is written as JSON's escapes."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def plain(text: str) -> str:
    """The text for a table or line of rich, whatever it is: neither the terminal obeys it, nor rich."""
    return escape(harmless(text))

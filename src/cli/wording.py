"""Texts for a person at a terminal."""

from __future__ import annotations

import re
from typing import Final

from rich.markup import escape

# Control characters and changes of the reading direction; line ends and tabs may stay.
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def counted(number: int, noun: str) -> str:
    """The number with its noun, whose plural takes an s.

    >>> counted(1, "user"), counted(2, "user")
    ('1 user', '2 users')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def harmless(text: str) -> str:
    """The text with control characters replaced: names and details come from outside."""
    return _CONTROL.sub("\ufffd", text)


def harmless_json(text: str) -> str:
    """The same JSON with control characters as JSON escapes."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def plain(text: str) -> str:
    """The text for a table or line of rich, with control characters replaced and rich's markup escaped."""
    return escape(harmless(text))

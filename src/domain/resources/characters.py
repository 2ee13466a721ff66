"""The characters that a userName or an address may have: all that can be seen, so that two that look alike are one.

Refused are those that RFC 8264 section 9 calls controls, ignorable and unassigned, and those of private use. A joiner
stays where its script needs it (RFC 5892 appendix A). Letters of two scripts may still look alike.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category

_KINDS: Final = {
    "Cc": "a control character",
    "Cf": "an invisible formatting character",
    "Cn": "an unassigned code point",
    "Co": "a private-use character",
    "Cs": "an unpaired surrogate",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}

_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters, marks and a symbol that nothing is drawn for: Default_Ignorable_Code_Point of Unicode, and the blank of
Braille."""

_JOINERS: Final = "\u200c\u200d"
_JOINER_BEFORE_VIRAMA: Final = re.compile("[\u09b0\u09f0]\u200d\u09cd|\u0cb0\u200d\u0ccd")
"""The letter ra of Bengali, Assamese and Kannada that keeps its shape before the next one (The Unicode Standard,
chapter 12): the one place before a virama where a joiner makes another word."""

_NEIGHBOURS: Final = 64
"""Characters on either side that decide about a joiner: between it and the letters it joins, marks may stand."""


def refused_character(text: str) -> str | None:
    """Return the first character that is refused, as `U+202E, a formatting character ...`; None for most text."""
    if text.isprintable() and (text.isascii() or not _UNSEEN.search(text)):
        return None
    for position, character in enumerate(text):
        if reason := _reason(text, position):
            return f"U+{ord(character):04X}, {reason}"
    return None


def _reason(text: str, position: int) -> str | None:
    character = text[position]
    if character in _JOINERS:
        return None if _is_needed(text, position) else "a joiner that the script does not need"
    if _UNSEEN.match(character):
        return "an invisible character"
    return _KINDS.get(category(character))


def _is_needed(text: str, position: int) -> bool:
    """Return True if a joiner stands where its script needs it."""
    import idna  # here, as few names have a joiner and it takes a while

    if _JOINER_BEFORE_VIRAMA.match(text, max(0, position - 1)):
        return True
    start = max(0, position - _NEIGHBOURS)
    try:
        return idna.valid_contextj(text[start : position + _NEIGHBOURS], position - start)
    except ValueError:  # a neighbour without a name, which is refused itself or no letter
        return False

"""Text that comes from outside: whether it can be kept."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from domain.limits import MAX_COMBINING_MARKS

MARKS_PROBLEM: Final = f"has more than {MAX_COMBINING_MARKS} combining marks in a row"


def is_text(text: str) -> bool:
    """Whether `text` is free of unpaired surrogates, which could be neither looked up nor sent back."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def has_too_many_marks(text: str) -> bool:
    """Whether more than `MAX_COMBINING_MARKS` marks follow each other: to be asked before anything normalises `text`.

    `unicodedata.normalize` sorts each run of marks, which takes the square of the run's length. A run that is too long
    holds one of every so many characters, so no others are looked at until one of those is a mark.

    >>> has_too_many_marks("e" + 30 * chr(0x301)), has_too_many_marks("e" + 31 * chr(0x301))
    (False, True)
    """
    if len(text) <= MAX_COMBINING_MARKS or text.isascii():
        return False
    end = -1
    for position in range(MAX_COMBINING_MARKS, len(text), MAX_COMBINING_MARKS + 1):
        if position <= end or not _is_mark(text[position]):
            continue
        start, end = position, position
        while start and _is_mark(text[start - 1]):
            start -= 1
        while end + 1 < len(text) and _is_mark(text[end + 1]):
            end += 1
        if end - start >= MAX_COMBINING_MARKS:
            return True
    return False


@lru_cache(maxsize=512)
def _is_mark(character: str) -> bool:
    """Whether normalising may move the character: its decomposition begins with a mark of another class than 0.

    Not its own class: U+0F73 and the half-width U+FF9E are of class 0 and decompose into marks.
    """
    return unicodedata.combining(unicodedata.normalize("NFKD", character)[0]) != 0

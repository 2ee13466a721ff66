"""Checks of text from outside: can it be stored?"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from unicodedata import combining, normalize

from domain.limits import MAX_COMBINING_MARKS

MARKS_PROBLEM: Final = f"has more than {MAX_COMBINING_MARKS} combining marks in a row"
FEW_MARKS: Final = f"text with at most {MAX_COMBINING_MARKS} combining marks in a row"

_NEAR_MARKS: Final = re.compile(
    "[\u0300-\u109f\u1350-\u135f\u1700-\u1dff\u20d0-\u20ff\u2ce0-\u2dff\u3020-\u309f\ua660-\uabff\ufb1e"
    "\ufe20-\ufe2f\uff9e\uff9f\U00010100-\U000103ff\U00010a00-\U00011dff\U00016af0-\U00016fff"
    "\U0001bc90-\U0001bc9f\U0001d100-\U0001d2ff\U0001e000-\U0001e9ff]+"
)
"""Runs of characters from the blocks that have all marks of Unicode, among letters of the same scripts."""


def is_text(text: str) -> bool:
    """Return True if `text` has no unpaired surrogates, which could be neither looked up nor sent back."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def has_too_many_marks(text: str) -> bool:
    """Return True for more than `MAX_COMBINING_MARKS` marks in a row; call it before `text` is normalised.

    `unicodedata.normalize` sorts each run of marks, which takes the square of the run's length. A run that is too long
    has one of every so many characters, so others are looked at only if one of those may be a mark. The answer for
    a character is cached: a whole document of marks is checked at every write.

    >>> has_too_many_marks("e" + 30 * chr(0x301)), has_too_many_marks("e" + 31 * chr(0x301))
    (False, True)
    """
    if len(text) <= MAX_COMBINING_MARKS or text.isascii():
        return False
    if not _NEAR_MARKS.search(text[MAX_COMBINING_MARKS :: MAX_COMBINING_MARKS + 1]):
        return False
    return any(len(run) > MAX_COMBINING_MARKS and _has_long_run(run) for run in _NEAR_MARKS.findall(text))


def _has_long_run(text: str) -> bool:
    """Return True if too many marks among the characters of those blocks follow each other."""
    marks = "".join(sorted(filter(_is_mark, set(text))))
    return marks != "" and any(len(run) > MAX_COMBINING_MARKS for run in re.findall(f"[{re.escape(marks)}]+", text))


@lru_cache(maxsize=20_000)
def _is_mark(character: str) -> bool:
    """Return True if normalising may move the character: its decomposition begins with a mark of a class above 0.

    Not its own class: U+0F73 and the half-width U+FF9E are of class 0 and decompose into marks.
    """
    return combining(normalize("NFKD", character)[0]) != 0

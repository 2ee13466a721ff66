"""Quotes that are not JSON's, such as those that word processors write: which words they are around.

An apostrophe at the beginning of a word or within one is a part of it: `'tHooft`, `O'Brien`.
"""

from __future__ import annotations

import json
import re
from typing import Final

_APOSTROPHES: Final = "'\u2018\u2019\u201a\u201b\u02bc\u2032"
_OTHERS: Final = "`\u00b4\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u2039\u203a\uff02\u300c\u300d\u300e\u300f"
_QUOTE: Final = rf"[{_APOSTROPHES}{_OTHERS}]"
_END: Final = r"(?=[\s)\]]|\Z)"
# A JSON string, to the end if it is not closed; or quotes that begin a word, and what comes up to the first that end a
# word. Another quote that begins a word ends the search, so that no character is looked at twice.
_QUOTED: Final = re.compile(
    r'"(?:[^"\\]|\\.)*+(?:"|\Z|\\)'
    rf"|(?<![^\s(\[])(?:{_QUOTE}{{2,}}+{_END}"
    rf'|(?P<open>{_QUOTE})(?P=open){{0,2}}+(?P<text>(?:(?![\s(\[]{_QUOTE})[^"])*?)'
    rf"(?P<close>{_QUOTE})(?P=close){{0,2}}+{_END})"
)


def with_json_quotes(text: str) -> str:
    r"""Return the text with JSON strings in place of words in other quotes; the same object when there are none.

    >>> with_json_quotes("emails[type eq 'work'] and nickName eq O'Brien")
    'emails[type eq "work"] and nickName eq O\'Brien'
    """
    changed = _QUOTED.sub(_with_json_quotes, text)
    return text if changed == text else changed


def _with_json_quotes(match: re.Match[str]) -> str:
    if match[0].startswith('"'):
        return match[0]
    return json.dumps((match["text"] or "").replace("\\'", "'"), ensure_ascii=False)


def misses_a_quote(word: str, *, is_label: bool) -> bool:
    """Return True if the quotes of a word are neither apostrophes nor a pair: `“work`, `'a'b`; `'work` in a label."""
    if word[0] in _OTHERS or word[-1] in _OTHERS:
        return True
    bare = word.strip(_APOSTROPHES)
    if len(bare) == len(word):
        return False
    inner = not bare or (word[0] in _APOSTROPHES and any(quote in bare for quote in _APOSTROPHES))
    return inner or is_label

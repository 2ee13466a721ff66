"""A client's text within the detail of an error, and within a command that the detail suggests.

Details are read in consoles and terminals, and their commands are copied into a shell. So a text is cut, what a
terminal or the eye would obey is shown escaped, and a value becomes one word of a POSIX shell or is left out.
"""

from __future__ import annotations

import shlex

from domain.limits import MAX_QUOTED


def visible(text: str) -> str:
    r"""The text with everything escaped that does not print: control, format and bidi characters, halves of a pair.

    >>> print(visible("ada\n\u202eexe"))
    ada\n\u202eexe
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def cut(text: str) -> str:
    """The text, or the first `MAX_QUOTED` characters of it and how many it has."""
    if len(text) <= MAX_QUOTED:
        return visible(text)
    return f"{visible(text[:MAX_QUOTED])}... (cut, {len(text)} characters)"


def quoted(text: str) -> str:
    """The text in double quotes, its own ones escaped, so that it is plain where it ends."""
    shown = visible(text[:MAX_QUOTED]).replace('"', '\\"')
    return f'"{shown}"' if len(text) <= MAX_QUOTED else f'"{shown}"... (cut, {len(text)} characters)'


def argument(option: str, value: str, instead: str) -> str:
    """`--option=value` for a POSIX shell, or with `instead` for a value that is better not pasted.

    One word, so that a value that begins with a dash is no option. A shell's line editor obeys what does not print,
    quoted or not, and a long word is pasted unread.
    """
    fits = 0 < len(value) <= MAX_QUOTED and value.isprintable()
    return f"{option}={shlex.quote(value) if fits else instead}"

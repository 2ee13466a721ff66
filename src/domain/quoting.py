"""A client's text within the detail of an error, and within a command that the detail suggests.

Details are read in consoles and terminals, and their commands are copied into a shell. So a text is cut, control
characters are escaped, and a value becomes one word of a POSIX shell or is left out.
"""

from __future__ import annotations

import shlex

from domain.limits import MAX_QUOTED


def visible(text: str) -> str:
    r"""Return the text with unprintable characters escaped: control, format, bidi characters, unpaired surrogates.

    >>> print(visible("ada\n\u202eexe"))
    ada\n\u202eexe
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def cut(text: str) -> str:
    """Return the text, or its first `MAX_QUOTED` characters and its length."""
    if len(text) <= MAX_QUOTED:
        return visible(text)
    return f"{visible(text[:MAX_QUOTED])}... (cut, {len(text)} characters)"


def quoted(text: str) -> str:
    """Return the text in double quotes, its own escaped, so that its end is clear.

    >>> quoted("ada")
    '"ada"'
    """
    shown = visible(text[:MAX_QUOTED]).replace('"', '\\"')
    return f'"{shown}"' if len(text) <= MAX_QUOTED else f'"{shown}"... (cut, {len(text)} characters)'


def argument(option: str, value: str, instead: str) -> str:
    """Return `--option=value` for a POSIX shell, with `instead` in place of a value that should not be pasted.

    It is one word, so that a value that begins with a dash is no option. A shell's line editor acts on unprintable
    characters, quoted or not, and people do not read a long word before they paste it.
    """
    fits = 0 < len(value) <= MAX_QUOTED and value.isprintable()
    return f"{option}={shlex.quote(value) if fits else instead}"

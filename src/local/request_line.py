"""The line of a request in the terminal of `make run`, without personal data."""

from __future__ import annotations

from typing import Final

from local.exchanges import Exchange

_DIM, _PLAIN = "\033[2m", "\033[0m"
_PATH_CHARACTERS: Final = 200


def request_line(exchange: Exchange, *, dim: bool = False) -> str:
    """Method, path, status, reason and duration; what to do about it is on its own line, dim if wanted.

    Never the query or a body: both contain addresses of people.
    """
    reason = f" {exchange.reason}" if exchange.reason else ""
    asked = f"{_printable(exchange.method)} {_printable(exchange.path)}"
    line = f"{asked} {exchange.status}{reason} {exchange.duration_ms:.0f} ms"
    if not exchange.remedy:
        return line
    remedy = f"  {exchange.remedy}"
    return f"{line}\n{_DIM}{remedy}{_PLAIN}" if dim else f"{line}\n{remedy}"


def _printable(text: str) -> str:
    """The text for a terminal, without control characters and cut to a line."""
    return "".join(character if character.isprintable() else "?" for character in text)[:_PATH_CHARACTERS]

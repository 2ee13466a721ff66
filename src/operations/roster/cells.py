"""What the cells of a table say: yes or no, a number, an address."""

from __future__ import annotations

import re
from typing import Any

from domain.json_text import NotJson, RefusedJson, decode
from operations.roster.names import FALSE, TRUE


class InvalidCells(Exception):
    """The cells of a row are not a user. `reason` is a fixed word, the message is for the operator."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def truth(cell: str, attribute: str) -> bool:
    """Whether a cell means yes; raises InvalidCells for one that means neither yes nor no."""
    word = cell.strip().casefold()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise InvalidCells("invalid-value", f'{attribute}: "{shortened(cell)}" is neither yes nor no; write true or false.')


def number(cell: str, attribute: str, *, whole: bool) -> Any:
    """The number in a cell, as JSON has it; raises InvalidCells."""
    try:
        value = decode(cell)
    except (NotJson, RefusedJson):
        value = None
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        wanted = "a whole number, for example 25" if whole else "a number, for example 2.5"
        raise InvalidCells("invalid-value", f'{attribute}: "{shortened(cell)}" is not {wanted}.')
    return value


def is_one_address(cell: str) -> bool:
    """Return True for one plain address; the service accepts more, but a name or two addresses are mistakes here."""
    local, at, domain = cell.partition("@")
    return bool(local and at and domain) and "@" not in domain and not re.search(r"[\s,;<>]", cell)


def shortened(text: str) -> str:
    """The text as a message quotes it: 60 characters at most."""
    return text if len(text) <= 60 else text[:57] + "..."

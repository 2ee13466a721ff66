"""Cells that a spreadsheet would run, as it reads a CSV file: marked when written, unmarked when read.

The texts of users come from outside (OWASP, CSV Injection). The mark is an apostrophe, by which spreadsheets know a
text. What looks like a marked text already gets another one, so that reading, which takes one off, restores it.
"""

from __future__ import annotations

import re
from typing import Final

# The signs, also behind white space; their full-width and small forms, which become the signs on the way into a cell;
# and the white space that ends a cell or a row when it is pasted.
_FORMULA: Final = re.compile(r"'*\s*[\t\r\n=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]")
_MARK: Final = "'"


def guarded(text: str) -> str:
    """The cell of a table that holds this text."""
    return _MARK + text if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """The text that a cell holds, if `guarded` wrote it."""
    return cell[1:] if cell.startswith(_MARK) and _FORMULA.match(cell) else cell

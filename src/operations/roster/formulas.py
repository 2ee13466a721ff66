"""Protection against CSV cells that a spreadsheet would run: marked when written, unmarked when read.

The texts of users are untrusted input (OWASP, CSV Injection). The mark is an apostrophe, which spreadsheets put before
a text. A text that already looks marked gets another mark, so that reading, which removes one, restores it.
"""

from __future__ import annotations

import re
from typing import Final

# The signs, also after white space; their full-width and small forms, which some spreadsheets convert to the signs;
# and the white space that ends a cell or a row when it is pasted.
_FORMULA: Final = re.compile(r"'*\s*[\t\r\n=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]")
_MARK: Final = "'"


def guarded(text: str) -> str:
    """Return the cell for a text.

    >>> guarded("=1+1")
    "'=1+1"
    """
    return _MARK + text if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """Return the text of a cell that `guarded` wrote."""
    return cell[1:] if cell.startswith(_MARK) and _FORMULA.match(cell) else cell

"""The number of examples of a property: few in `make test`, many in `make test THOROUGH=1`."""

from __future__ import annotations

import os
from typing import Final

THOROUGH: Final = bool(os.environ.get("THOROUGH"))


def examples(few: int, *, thorough: int) -> int:
    """Return the number of examples of this run."""
    return thorough if THOROUGH else few

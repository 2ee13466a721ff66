"""`?attributes=userName&attributes=title`: the names of both."""

from __future__ import annotations

from typing import Final

from domain import parameters
from domain.tolerances.record import Tolerance

TOLERANCE: Final = Tolerance(
    name=parameters.REPEATED,
    source="Many HTTP clients write a list this way",
    in_parameters=True,
)

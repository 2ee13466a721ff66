"""`?startindex=3`, `"Filter"` in a `.search`: the name of a query's parameter in another case."""

from __future__ import annotations

from typing import Final

from domain import parameters
from domain.tolerances.record import Tolerance

TOLERANCE: Final = Tolerance(
    name=parameters.CASE,
    source="AzureAD/SCIMReferenceCode, its collection for inbound SCIM",
    in_parameters=True,
)

"""`emails[type eq 'work']`, `userName eq “rosa”`: a string in quotes that are not JSON's."""

from __future__ import annotations

from typing import Final

from domain.tolerances.record import Tolerance

TOLERANCE: Final = Tolerance(
    name="foreign-quotes",
    source="Typographic quotes in Microsoft's attribute table: MicrosoftDocs/azure-docs issue 69245; "
    "wso2/charon issue 168",
    leniency="foreign_quotes",
)

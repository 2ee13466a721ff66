"""`?attributes=emails[type eq "work"]`, `manager`, `<URN>.manager`: what is meant by a name in such a list."""

from __future__ import annotations

from typing import Final

from domain import parameters
from domain.tolerances.record import Tolerance

TOLERANCE: Final = Tolerance(
    name=parameters.NAMES,
    source="AzureAD/SCIMReferenceCode PostmanCollection; imulab/go-scim issue 64",
    in_parameters=True,
)

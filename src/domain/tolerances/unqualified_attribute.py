"""`manager eq "1"`, or the path `manager`: an attribute of the Enterprise User extension without its URN."""

from __future__ import annotations

from typing import Final

from domain.tolerances.record import Tolerance

TOLERANCE: Final = Tolerance(
    name="unqualified-attribute",
    source="Entra ID's reference check and its sample of a manager: learn.microsoft.com, "
    "use-scim-to-provision-users-and-groups",
    leniency="unqualified_extensions",
)

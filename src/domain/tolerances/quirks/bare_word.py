"""`externalId eq jyoung`: a string without its quotes."""

from __future__ import annotations

from typing import Final

from domain.tolerances.record import Tolerance

TOLERANCE: Final = Tolerance(
    name="bare-word",
    source="Entra ID's sample: learn.microsoft.com, use-scim-to-provision-users-and-groups",
    leniency="bare_words",
)

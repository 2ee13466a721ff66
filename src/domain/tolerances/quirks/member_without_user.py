"""A member whose id no user has: it is left out, and the others join.

Identity providers add a member before they create the user, or after they deleted it; the whole list would fail.
"""

from __future__ import annotations

from typing import Final

from domain.tolerances.record import Tolerance

TOLERANCE: Final = Tolerance(
    name="member-without-user",
    source="Okta's group push: fleetdm/fleet issue 52600",
    leaves_out=lambda attribute: True,
)

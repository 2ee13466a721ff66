"""`<URN>.department`: a dot where RFC 7644 section 3.10 has a colon, after the URN of a schema of this service."""

from __future__ import annotations

from typing import Final

from domain.resources.paths import with_colon
from domain.tolerances.record import Tolerance

TOLERANCE: Final = Tolerance(
    name="dot-after-urn",
    source="Grouper and ConnId's SCIM connector, for extension attributes; wso2/product-is issue 12813",
    spelling=with_colon,
    leniency="dotted_urns",
)

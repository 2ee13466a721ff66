"""`<URN>.department`: a dot where RFC 7644 section 3.10 has a colon, after the URN of a schema of this service."""

from __future__ import annotations

from typing import Final

from domain.tolerances.record import Tolerance
from domain.user_schema import CORE_URN, USER

_URNS: Final = (CORE_URN, *(extension.id for extension in USER.extensions))


def _spelling(name: str) -> str | None:
    folded = name.lower()
    for urn in _URNS:
        if folded.startswith(urn.lower() + "."):
            return f"{urn}:{name[len(urn) + 1 :]}"
    return None


TOLERANCE: Final = Tolerance(
    name="dot-after-urn",
    source="Grouper and ConnId's SCIM connector, for extension attributes; wso2/product-is issue 12813",
    spelling=_spelling,
)

"""`userName eq "rosa%40example.com"` after the query was decoded: a value that was encoded twice."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from domain.tolerances.record import Tolerance


def _lookup(value: str) -> str | None:
    decoded = unquote(value)
    return None if decoded == value else decoded


TOLERANCE: Final = Tolerance(
    name="twice-encoded-value",
    source="Microsoft's SCIM Validator: Microsoft Q&A 2238842",
    lookup=_lookup,
)

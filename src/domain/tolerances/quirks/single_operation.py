"""`"Operations": {...}`: one operation where the RFC has an array of them."""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.tolerances.record import Tolerance


def _message(body: Json) -> Json | None:
    operations = body.get("Operations")
    return body | {"Operations": [operations]} if isinstance(operations, dict) else None


TOLERANCE: Final = Tolerance(
    name="single-operation",
    source="Clients that serialise a list of one item as the item; seen in hand-made connectors",
    message=_message,
)

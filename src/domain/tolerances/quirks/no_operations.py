"""`"Operations": []`: a PATCH that asks for nothing, and is answered with the user as it is."""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.tolerances.record import Tolerance


def _message(body: Json) -> Json | None:
    # An add of nothing, as the RFC's message has one operation at least.
    return body | {"Operations": [{"op": "add", "value": {}}]} if body.get("Operations") == [] else None


TOLERANCE: Final = Tolerance(
    name="no-operations",
    source="Microsoft's SCIM Validator: scimmyjs/scimmy issues 59 and 90",
    message=_message,
)

"""A PATCH, a search or a bulk request without the URN of its message in `schemas`, or with another one."""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.messages import is_message
from domain.tolerances.record import Tolerance


def _envelope(body: Json, urn: str) -> Json | None:
    return None if is_message(body, urn) else body | {"schemas": [urn]}


TOLERANCE: Final = Tolerance(
    name="missing-message-schema",
    source="thomaspoignant/scim-patch issue 207, ssoready/ssoready issue 206, wso2/product-is issue 3826",
    envelope=_envelope,
)

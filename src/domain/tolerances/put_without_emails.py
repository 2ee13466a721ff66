"""A PUT whose `emails` is null, missing or empty keeps the stored addresses.

JumpCloud sends `"emails": null` in its updates. An address is how a user is recognised, and unique: a message that does
not mean to change it must not lose it, nor free it for another user. PATCH can remove addresses.
"""

from __future__ import annotations

from typing import Final

from domain.stored_user import Json
from domain.tolerances.record import Tolerance


def _replacement(body: Json, stored: Json) -> Json | None:
    if body.get("emails") or not stored.get("emails"):
        return None
    return body | {"emails": stored["emails"]}


TOLERANCE: Final = Tolerance(
    name="put-without-emails",
    source="JumpCloud: Paul-E/scim-v2-rust cdf46ea, src/test_data/jumpcloud_put_user_minimal.json",
    replacement=_replacement,
)
